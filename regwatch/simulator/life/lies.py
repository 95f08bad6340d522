"""What the API says of all this that is not so, and when it says nothing: faults for a while."""

from collections.abc import Iterator, Mapping
from random import Random

from regwatch.simulator.life.ground import DAY, HOUR, MINUTE, Ground
from regwatch.simulator.life.happenings import Act, Happening, Step, Want
from regwatch.simulator.rates import Kind

GLITCH_SECONDS = (4.0, 20.0)
"""About one answer."""
MASS_SECONDS = (6.0, 65.0, 600.0)
"""One answer, a sweep, a node that starts."""
MASS: tuple[Mapping[str, object], ...] = (
    {"all_unregistered": True},
    {"unregistered_share": 0.5},
    {"empty_entries": True},
    {"flags_contradict": 1.0},
)
FROZEN = (10 * MINUTE, 60 * MINUTE)
CACHE_AGE = (30.0, 900.0)
CACHED = (1 * HOUR, 6 * HOUR)
SHRUNK = (20 * MINUTE, 2 * HOUR)
DOWN = (1 * MINUTE, 10 * MINUTE)


def glitches(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """Of one extension."""
    for number in range(ground.times(Kind.GLITCH, random, ground.wired)):
        who = ground.id_of(random.choice(ground.wired))
        name = random.choice(("left_out_ids", "unregistered_ids"))
        length = random.uniform(*GLITCH_SECONDS)
        faults = {name: str(who)}
        yield _lie(Kind.GLITCH, Want.NOTHING, faults, random, day, number, length, (who,))


def mass_glitches(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """Of all or half."""
    for number in range(ground.times_at_all(Kind.MASS_GLITCH, random)):
        faults, length = random.choice(MASS), random.choice(MASS_SECONDS)
        yield _lie(Kind.MASS_GLITCH, Want.ACCOUNT, faults, random, day, number, length)


def frozen(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """A replica that stands still, or a cache."""
    for number in range(ground.times_at_all(Kind.FROZEN, random)):
        if random.random() < 0.5:
            faults: Mapping[str, object] = {"frozen_answers": True}
            length = random.uniform(*FROZEN)
        else:
            faults = {"cached_answers": round(random.uniform(*CACHE_AGE))}
            length = random.uniform(*CACHED)
        yield _lie(Kind.FROZEN, Want.API, faults, random, day, number, length)


def lists_shrunk(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """Many are missing from the list; at times all."""
    for number in range(ground.times_at_all(Kind.LIST_SHRUNK, random)):
        faults = {"list_missing": random.choice((0.3, 0.5, 1.0))}
        length = random.uniform(*SHRUNK)
        yield _lie(Kind.LIST_SHRUNK, Want.LIST, faults, random, day, number, length)


def api_down(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """No answer but an error."""
    for number in range(ground.times_at_all(Kind.API_DOWN, random)):
        length = random.uniform(*DOWN)
        yield _lie(Kind.API_DOWN, Want.API, {"http_503": 1.0}, random, day, number, length)


def _lie(
    kind: Kind,
    want: Want,
    faults: Mapping[str, object],
    random: Random,
    day: int,
    number: int,
    length: float,
    whom: tuple[int, ...] = (),
) -> Happening:
    at = day * DAY + random.random() * DAY
    return Happening(
        number=f"{kind.value}/{day}/{number}",
        at=at,
        kind=kind,
        want=want,
        whom=whom,
        until=at + length,
        faults=dict(faults),
        steps=(Step(at, Act.FAULTS), Step(at + length, Act.HEAL)),
    )
