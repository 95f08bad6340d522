"""What may happen at a place, to which of its phones, and whether that is an outage of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from bench.places.world import Phone, World

SPREAD = 900.0
"""Seconds within which it happens, at another time at each place."""
LASTS = 4500.0
"""Seconds: long enough for the longest lease to run out."""
EVENING = 1800.0
"""Within which people go home."""
IN_STEP = 2.0
"""Seconds within which the phones of one switch come up again."""
SHARES = (0.1, 0.2, 0.4)


@dataclass(frozen=True)
class Happened:
    """At one place."""

    begins_at: float
    dark: Sequence[Phone]
    """Those that fall silent and stay so; empty, if all come back by themselves."""
    lasts: float = 0.0
    """Seconds until the last of them does."""


Play = Callable[[World, Sequence[Phone], float, Random], Happened]


@dataclass(frozen=True)
class Scene:
    """One row of the table."""

    name: str
    play: Play
    is_outage: bool
    """Whether it is one of the place: to be found, and not false if it is told."""
    sizes: Sequence[int] = (10, 40, 200)
    limit: float | None = None
    """Of an outage: the least share to be found; else the largest share that may be told."""
    is_long: bool = False
    """Whether it goes on for half a day."""


def dark(share: float) -> Play:
    """So many of its phones lose their network at once."""

    def play(world: World, phones: Sequence[Phone], now: float, random: Random) -> Happened:
        at = now + random.uniform(0, SPREAD)
        hit = random.sample(list(phones), round(share * len(phones)))
        world.plan(at, "die", hit)
        return Happened(at, hit)

    return play


def reboot(world: World, phones: Sequence[Phone], now: float, random: Random) -> Happened:
    """Power is gone for some minutes."""
    at, seconds = now + random.uniform(0, SPREAD), random.uniform(120, 300)
    world.plan(at, "die", phones)
    for phone in phones:
        world.plan(at + seconds + random.uniform(0, 60), "revive", [phone])
    return Happened(at, ())


def in_step(number: float, *, is_one_model: bool, is_base: bool = False) -> Play:
    """A switch dies with so many phones (or such a share of them), which refresh in step since it
    came up. `is_base`: a DECT base, whose phones refresh in the very second.
    """

    def play(world: World, phones: Sequence[Phone], now: float, random: Random) -> Happened:
        count = max(1, round(number * len(phones))) if number < 1 else int(number)
        hit = random.sample(list(phones), min(count, len(phones)))
        first, up_at = hit[0], now + random.uniform(0, SPREAD)
        for phone in hit:
            phone.jitter = 0.0
            if is_one_model:
                phone.lease, phone.period = first.lease, first.period
                phone.device = first.device
            spread = 0.5 if is_base else IN_STEP
            world.plan(up_at + random.uniform(0, spread), "reboot", [phone])
        at = up_at + random.uniform(0.5, 3.0) * first.lease
        world.plan(at, "die", hit)
        return Happened(at, hit)

    return play


def evening(action: str) -> Play:
    """Half of the people go home, one by one."""

    def play(world: World, phones: Sequence[Phone], now: float, random: Random) -> Happened:
        hit = random.sample(list(phones), round(0.5 * len(phones)))
        for phone in hit:
            world.plan(now + random.uniform(0, EVENING), action, [phone])
        return Happened(now, hit if action == "die" else (), EVENING)

    return play


def singly(world: World, phones: Sequence[Phone], now: float, random: Random) -> Happened:
    """One phone dies every two hours or so."""
    hit, at = list[Phone](), now
    for phone in random.sample(list(phones), len(phones)):
        at += random.expovariate(1 / 7200)
        if at > now + 12 * 3600 or len(hit) >= len(phones) / 3:
            break
        hit.append(phone)
        world.plan(at, "die", [phone])
    return Happened(now, hit)


SCENES = (
    Scene("all phones dark", dark(1.0), is_outage=True, limit=1.0),
    Scene("90 % dark", dark(0.9), is_outage=True),
    Scene("70 % dark", dark(0.7), is_outage=True),
    Scene("50 % dark", dark(0.5), is_outage=True),
    Scene("reboot of 2-5 min", reboot, is_outage=True),
    *(
        Scene(
            f"switch with {share:.0%} of the phones{' of one model' if is_one_model else ''}",
            in_step(share, is_one_model=is_one_model),
            is_outage=False,
            limit={0.1: 0.0, 0.2: 0.03}.get(share),
        )
        for share in SHARES
        for is_one_model in (False, True)
    ),
    Scene("DECT base of a fifth", in_step(0.2, is_one_model=True, is_base=True), is_outage=False),
    Scene("closing time, un-REGISTER", evening("unregister"), is_outage=False, limit=0.0),
    Scene("closing time, cut off", evening("die"), is_outage=False),
    Scene("single losses", singly, is_outage=False, limit=0.0, is_long=True),
    *(
        Scene(
            f"{number} of {size} in step",
            in_step(number, is_one_model=True),
            is_outage=False,
            sizes=(size,),
            limit=limit,
        )
        for number, size, limit in ((3, 200, 0.0), (4, 100, 0.0), (6, 20, 0.03))
    ),
)
