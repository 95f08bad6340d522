"""What the demo shows: acts, each announced before it begins; pure.

What is announced is what is done, and what comes of it as far as it is certain.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

LEASE_SECONDS = 60
"""As short as leases get in the field: a silent death shows within a minute."""
SITES = ("riga", "vilnius")
"""The two offices of the demo, in the order of the simulator's sites."""


@dataclass(frozen=True, slots=True)
class Phone:
    """Something happens to one phone: the so-and-so-many-th of those that an act takes."""

    action: str


@dataclass(frozen=True, slots=True)
class Site:
    """An office loses its line, or gets it back."""

    index: int
    dark: bool


@dataclass(frozen=True, slots=True)
class Faults:
    """The PBX answers like this from now on; nothing: as it should."""

    which: Mapping[str, object]


Doing: TypeAlias = Phone | Site | Faults | None
"""None: nothing but words."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing, so many seconds after its act began."""

    at: float
    words: str
    doing: Doing = None


@dataclass(frozen=True, slots=True)
class Act:
    """One after the other."""

    title: str
    steps: Sequence[Step]
    seconds: float
    """Until the next one, with time for the end of what it began."""


ACTS = (
    Act(
        "A good-bye",
        (
            Step(1, "a phone un-REGISTERs: nobody need be woken by that", Phone("unregister")),
            Step(12, "it comes back", Phone("revive")),
        ),
        24,
    ),
    Act(
        "A reboot",
        (
            Step(1, "a phone reboots, and its old entry lingers: no message", Phone("reboot")),
            Step(14, "nothing was told, was it?"),
        ),
        18,
    ),
    Act(
        "The PBX's API is down",
        (
            Step(1, "it answers 503: regwatch cannot see, and says so", Faults({"http_503": 1.0})),
            Step(20, "it answers again: no phone was taken for lost", Faults({})),
        ),
        34,
    ),
    Act(
        "The PBX lies",
        (
            Step(1, "it says that nobody is registered", Faults({"all_unregistered": True})),
            Step(14, "it tells the truth again: nobody was told of forty losses", Faults({})),
        ),
        30,
    ),
    Act(
        "A silent death",
        (
            Step(1, "a phone dies: the PBX lists it until its lease ends", Phone("die")),
            Step(20, "waiting: where the phone's habit is known, it is overdue before it is lost"),
            Step(40, "waiting: its lease of a minute ends soon"),
            Step(62, "waiting: by now it is lost"),
            Step(74, "somebody powers it on again", Phone("revive")),
        ),
        94,
    ),
    Act(
        f"{SITES[1]} loses its line",
        (
            Step(1, f"twenty phones of {SITES[1]} are cut off at once", Site(1, dark=True)),
            Step(20, "waiting: leases end one by one, within a minute"),
            Step(40, "waiting: the place is one message, and no more of its phones"),
            Step(60, "waiting: who falls silent now belongs to it"),
            Step(80, f"the line of {SITES[1]} is back, its phones come within a minute",
                 Site(1, dark=False)),
            Step(100, "waiting: they come back one by one"),
            Step(120, "waiting: the end says who is still out"),
        ),
        150,
    ),
)  # fmt: skip


def phone_of(act: int, round_number: int, phones: Sequence[int]) -> int:
    """Which phone an act takes: another one in each round, and none of the office that goes dark
    last, which is the second half.
    """
    office = phones[: max(1, len(phones) // 2)]
    return office[(act + round_number * len(ACTS)) % len(office)]


def longest_silence(acts: Sequence[Act] = ACTS) -> float:
    """Seconds for which nothing is said."""
    return max(b - a for a, b in _gaps(acts))


def _gaps(acts: Sequence[Act]) -> Iterator[tuple[float, float]]:
    begun = last = 0.0
    for act in acts:
        for step in act.steps:
            yield last, begun + step.at
            last = begun + step.at
        begun += act.seconds
    yield last, begun
