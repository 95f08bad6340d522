"""What machines do while nothing is wrong: boot, update, change addresses, stand in two places."""

import re
from collections.abc import Iterator
from random import Random

from regwatch.simulator.furnishing import DESKS, model_of
from regwatch.simulator.life.ground import DAY, HOUR, MINUTE, PHONES, Ground
from regwatch.simulator.life.happenings import FIRST, Act, Happening, Step, Want
from regwatch.simulator.rates import Kind
from regwatch.simulator.seats import is_nightly

BOOT_SECONDS = (50.0, 110.0)
UPGRADE_SECONDS = (150.0, 240.0)
NEW_PORT_SHARE, GOODBYE_SHARE = 0.5, 0.3
"""Of reboots: those under a new port, those that un-REGISTER first."""
ROUND = (1 * HOUR, 3 * HOUR)
"""When provisioning lets phones update, and for how long they take turns."""
NIGHTLY = (3 * HOUR, 1.5 * HOUR)
RENUMBER_SECONDS = (5.0, 110.0)
"""Until a phone sees that its line has another address, and registers again."""
TWINS = (1 * HOUR, 6 * HOUR)
WORDS = re.compile(r"(\d+)(\D*)$")


def reboots(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """One phone each, for a minute or two."""
    for number in range(ground.times(Kind.REBOOT, random, ground.wired)):
        who = ground.id_of(random.choice(ground.wired))
        at = day * DAY + random.random() * DAY
        says_goodbye = random.random() < GOODBYE_SHARE
        is_fresh = random.random() < NEW_PORT_SHARE
        until = at + random.uniform(*BOOT_SECONDS)
        steps = (
            Step(at, Act.GOODBYE if says_goodbye else Act.OFF, who),
            Step(until, Act.REBOOT if is_fresh else Act.ON, who),
        )
        want = Want.SIGN_OFF if says_goodbye else Want.NOTHING
        yield _one(Kind.REBOOT, want, who, day, number, at, until, steps)


def rebinds(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """The NAT before a phone forgets it."""
    for number in range(ground.times(Kind.REBIND, random, ground.wired)):
        who, at = ground.id_of(random.choice(ground.wired)), day * DAY + random.random() * DAY
        steps = (Step(at, Act.REBIND, who),)
        yield _one(Kind.REBIND, Want.NOTHING, who, day, number, at, None, steps)


def two_nodes(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """One contact under two ids, until one of them goes."""
    for number in range(ground.times(Kind.TWO_NODES, random, ground.wired)):
        who, at = ground.id_of(random.choice(ground.wired)), day * DAY + random.random() * DAY
        until, word = at + random.uniform(*TWINS), random.choice(("removed", ""))
        steps = (Step(at, Act.TWIN, who), Step(until, Act.UNTWIN, who, FIRST, word))
        yield _one(Kind.TWO_NODES, Want.NOTHING, who, day, number, at, until, steps)


def _one(
    kind: Kind,
    want: Want,
    who: int,
    day: int,
    number: int,
    at: float,
    until: float | None,
    steps: tuple[Step, ...],
) -> Happening:
    return Happening(
        number=f"{kind.value}/{day}/{number}",
        at=at,
        kind=kind,
        want=want,
        whom=(who,),
        until=until,
        steps=steps,
    )


def firmware(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """A round over a customer's phones of one model, one by one in the night."""
    for number in range(ground.times(Kind.FIRMWARE, random, ground.wired)):
        model, steps = random.choice(DESKS), []
        agent, start = newer(model, day + number), random.choice(ground.wired).number
        for seat in ground.seats[start // PHONES * PHONES :][:PHONES]:
            if seat.is_wired and model_of(seat, ground.seed) == model:
                who, at = ground.id_of(seat), day * DAY + ROUND[0] + random.random() * ROUND[1]
                back_at = at + random.uniform(*UPGRADE_SECONDS)
                steps.append(Step(at, Act.OFF, who))
                steps.append(Step(back_at, Act.UPGRADE, who, FIRST, agent))
        yield Happening(
            number=f"{Kind.FIRMWARE.value}/{day}/{number}",
            at=day * DAY + ROUND[0],
            kind=Kind.FIRMWARE,
            want=Want.NOTHING,
            whom=tuple(dict.fromkeys(step.extension_id for step in steps)),
            until=day * DAY + sum(ROUND),
            steps=tuple(steps),
        )


def newer(model: str, by: int) -> str:
    """The same model with a later firmware: the last number of the name has grown."""
    return WORDS.sub(lambda found: f"{int(found[1]) + by}{found[2]}", model)


def new_addresses(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """Some lines get another address each night; all their phones register again at once."""
    if Kind.NEW_ADDRESS not in ground.rates.kinds:
        return
    for line, seats in ground.lines.items():
        at = day * DAY + NIGHTLY[0] + random.random() * NIGHTLY[1]
        if not is_nightly(ground.rates, ground.settings.seed, line):
            continue
        steps = [Step(at, Act.NEW_LINE, line, FIRST, str(day % 10_000))]
        steps += [
            Step(at + random.uniform(*RENUMBER_SECONDS), Act.RENUMBER, *device)
            for device in ground.devices(seats)
        ]
        yield Happening(
            number=f"{Kind.NEW_ADDRESS.value}/{day}/{line}",
            at=at,
            kind=Kind.NEW_ADDRESS,
            want=Want.ADDRESS,
            whom=tuple(ground.id_of(seat) for seat in seats),
            place=f"line {line}",
            until=at + 2 * MINUTE,
            steps=tuple(steps),
        )


def restarts(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """The registrar forgets everything."""
    for number in range(ground.times_at_all(Kind.RESTART, random)):
        at = day * DAY + random.random() * DAY
        yield Happening(
            number=f"{Kind.RESTART.value}/{day}/{number}",
            at=at,
            kind=Kind.RESTART,
            want=Want.RESTART,
            steps=(Step(at, Act.RESTART),),
        )
