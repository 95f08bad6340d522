"""Extensions with more registrations than any number of devices explains: not all are compared.

Each that is new is compared with each that ended, which costs the square of their number. Those
held already are kept: that others are left out ends nothing.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from regwatch.core.model import Answer, Registration, Watched

MOST_REGISTRATIONS = 100
"""Of one extension. Registrars allow ten or so. No more of its devices are missed at once."""


def is_crowded(answer: Answer) -> bool:
    """Whether there are more of them than are compared."""
    return max(len(answer.registrations), len(answer.former)) > MOST_REGISTRATIONS


def thinned(answer: Answer, watched: Watched) -> Answer:
    """The answer with no more registrations than are compared: those known first."""
    held = watched.registrations
    return replace(
        answer,
        registrations=_known_first(answer.registrations, held),
        former=_known_first(answer.former, held),
    )


def _known_first(
    found: Sequence[Registration], held: Sequence[Registration]
) -> tuple[Registration, ...]:
    known = {registration.id for registration in held}
    return tuple(sorted(found, key=lambda r: r.id not in known)[:MOST_REGISTRATIONS])
