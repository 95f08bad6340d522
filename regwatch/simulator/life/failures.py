"""Who is gone without a word, alone or with all of a switch, a base, a line."""

from collections.abc import Iterator, Sequence
from random import Random

from regwatch.simulator.life.ground import DAY, HOUR, MINUTE, Ground
from regwatch.simulator.life.happenings import SECOND, Act, Happening, Step, Want
from regwatch.simulator.rates import Kind
from regwatch.simulator.seats import Make, Seat

DEAD = (0.5 * HOUR, 12 * HOUR)
"""Until somebody finds the plug."""
REBOOT = (2 * MINUTE, 5 * MINUTE)
"""Of a switch or a router."""
REPAIR = (20 * MINUTE, 4 * HOUR)
BOOT_SECONDS = (40.0, 75.0)
"""Of a phone that has power again: those of one model start nearly together."""
RETRY_SECONDS = (0.0, 60.0)
"""Of a phone whose network is back."""
SHORT_SHARE = 0.4
"""Of a place's outages, the short ones."""
PART = (0.5, 0.9)
"""Of a place, what is lost of it."""


def silent_deaths(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """One phone each."""
    for number in range(ground.times(Kind.SILENT_DEATH, random, ground.wired)):
        seat = random.choice(ground.wired)
        devices = ground.devices([seat])[:1]
        want = Want.DEVICE if seat.has_second else Want.LOSS
        yield _dark(Kind.SILENT_DEATH, want, devices, random, day, number, _length(random, DEAD))


def device_deaths(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """The second device of an extension, the first lives on."""
    for number in range(ground.times(Kind.DEVICE_DEATH, random, ground.doubled)):
        devices = [(ground.id_of(random.choice(ground.doubled)), SECOND)]
        length = _length(random, DEAD)
        yield _dark(Kind.DEVICE_DEATH, Want.DEVICE, devices, random, day, number, length)


def switches(ground: Ground, random: Random, day: int, kind: Kind) -> Iterator[Happening]:
    """All phones of one switch, or of one DECT base."""
    is_base = kind is Kind.BASE_DEATH
    hosts = [host for host, seats in ground.hosts.items() if _is_base(seats) is is_base]
    for number in range(ground.times(kind, random, hosts)):
        host = random.choice(hosts)
        devices = [each for each in ground.devices(ground.hosts[host]) if each[1] != SECOND]
        length = random.uniform(*REBOOT) if kind is Kind.SWITCH_REBOOT else _length(random, REPAIR)
        yield _dark(kind, Want.LOSS, devices, random, day, number, length, place=host)


def _is_base(seats: Sequence[Seat]) -> bool:
    return seats[0].make is Make.DECT


def places(ground: Ground, random: Random, day: int, kind: Kind) -> Iterator[Happening]:
    """A whole line, or a part of it."""
    for number in range(ground.times(kind, random, ground.lines)):
        line = random.choice(list(ground.lines))
        devices = ground.devices(ground.lines[line])
        if kind is Kind.PART_LOST:
            devices = random.sample(devices, round(random.uniform(*PART) * len(devices)))
        is_short = random.random() < SHORT_SHARE
        length = random.uniform(*REBOOT) if is_short else _length(random, REPAIR)
        place = f"line {line}"
        yield _dark(kind, Want.PLACE, devices, random, day, number, length, place=place)


def _length(random: Random, bounds: tuple[float, float]) -> float:
    """Short ones are more frequent."""
    shortest, longest = bounds
    return float(shortest * (longest / shortest) ** random.random())


def _dark(
    kind: Kind,
    want: Want,
    devices: Sequence[tuple[int, int]],
    random: Random,
    day: int,
    number: int,
    length: float,
    *,
    place: str = "",
) -> Happening:
    """All of them at one moment, until each returns at one of its own."""
    at = day * DAY + random.random() * DAY
    has_power = kind is Kind.LINE_CUT
    back = RETRY_SECONDS if has_power else BOOT_SECONDS
    steps = [Step(at, Act.OFF, *device) for device in devices]
    steps += [Step(at + length + random.uniform(*back), Act.ON, *device) for device in devices]
    return Happening(
        number=f"{kind.value}/{day}/{number}",
        at=at,
        kind=kind,
        want=want,
        whom=tuple(dict.fromkeys(extension_id for extension_id, _ in devices)),
        place=place,
        until=at + length,
        steps=tuple(steps),
    )
