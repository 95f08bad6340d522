"""Nothing surprising is believed once: who vanishes before its lease ends is asked again before
anybody is told.

    the answer shows                        doubted before?   what becomes of it
    --------------------------------------  ----------------  --------------------------------------
    a registration gone while its lease     no                DOUBTED: not taken in, asked again
    runs, without an heir, not by our doing yes               BELIEVED: gone from two answers
    anything else                           yes               REFUTED: it was there all the time, or
                                                              went on under another entry
    anything else                           no                BELIEVED: nothing surprising

That a lease has ended surprises nobody. Where no second answer comes, the doubt stays, over
restarts too; what is told of it then is the monitor's business.

So many of an answer's extensions, and such a share of those registered, that vanish together are a
mass: phones do not leave like that. If they are gone from the second answer too, it was the
registrar, or the whole account.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from regwatch.core.model import Answer, ChangeKind, ExtensionId, Timestamp, Watched
from regwatch.core.phones.diff import Change, lease_has_ended

AT_LEAST, SHARE = 3, 0.3
"""A mass: so many, and at least this share of those that an answer could show."""


class Doubt(Struct, frozen=True, gc=False):
    """An answer that is not believed yet."""

    answer: Answer
    is_mass: bool = False
    """Whether many vanished with it."""

    @property
    def at(self) -> Timestamp:
        """When it was missing first."""
        return self.answer.answered_at


class Standing(StrEnum):
    """What is to be made of an answer."""

    DOUBTED = "doubted"
    BELIEVED = "believed"
    REFUTED = "refuted"


def judge(changes: tuple[Change, ...], doubt: Doubt | None, *, now: Timestamp) -> Standing:
    """See the table above; `changes`: what the answer of now shows."""
    if not any(is_surprising(change, now) for change in changes):
        return Standing.BELIEVED if doubt is None else Standing.REFUTED
    return Standing.DOUBTED if doubt is None or now <= doubt.at else Standing.BELIEVED


def is_surprising(change: Change, now: Timestamp) -> bool:
    """Whether a registration is gone though its lease ran on."""
    return (
        change.kind is ChangeKind.UNREGISTERED
        and change.before is not None
        and not lease_has_ended(change.before, now)
    )


class Weighed(Struct, frozen=True):
    """What is to be thought of an answer about many."""

    is_mass: bool = False
    """Many vanish with it at once."""
    confirms_mass: bool = False
    """Of those that had vanished together, many are gone still."""
    unweighed: Mapping[ExtensionId, Exception] = {}
    """Those in whose answers a bug was met, and which one."""


def weigh(
    answers: Mapping[ExtensionId, Answer],
    watched: Mapping[ExtensionId, Watched],
    doubts: Mapping[ExtensionId, Doubt],
) -> Weighed:
    """Whether many vanish with it at once, or are gone still, by what was known before."""
    held, early, unweighed = 0, 0, dict[ExtensionId, Exception]()
    again = [answers[i].registered for i in answers if i in doubts and doubts[i].is_mass]
    for i in answers:
        if i not in watched or not watched[i].registrations or i in doubts:
            continue
        try:
            is_early = not answers[i].registered and _is_early(watched[i], answers[i].answered_at)
        except Exception as error:  # noqa: BLE001 - a guard: the others are weighed
            unweighed[i] = error
            continue
        held += 1
        early += is_early
    return Weighed(_is_mass(early, of=held), _is_mass(again.count(False), of=len(again)), unweighed)


def _is_mass(count: int, *, of: int) -> bool:
    return count >= AT_LEAST and count >= SHARE * of


def _is_early(watched: Watched, now: Timestamp) -> bool:
    """Whether all its leases went on."""
    return not any(lease_has_ended(r, now) for r in watched.registrations)
