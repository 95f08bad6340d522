"""Nothing surprising is believed once: who vanishes before its lease ends is asked again before
anybody is told.

    the answer shows                        doubted before?   what becomes of it
    --------------------------------------  ----------------  --------------------------------------
    a registration gone while its lease     no                DOUBTED: not taken in, asked again
    runs, as it was seen or as the PBX      yes               BELIEVED: gone from two answers
    says now; or, where many are gone, one
    that ended unseen; without an heir,
    not by our doing
    anything else                           yes               REFUTED: it was there all the time, or
                                                              went on under another entry
    anything else                           no                BELIEVED: nothing surprising

That a lease has ended surprises nobody who had seen that it was not refreshed; that nobody looked
for a while makes nothing less surprising. Where no second answer comes, the doubt stays, over
restarts too; what is told of it then is the monitor's business.

So many of an answer's extensions, and such a share of those registered, that vanish together are a
mass: phones do not leave like that. If they are gone from the second answer too, it was the
registrar, or the whole account.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from regwatch.core.model import (
    Answer,
    ChangeKind,
    ExtensionId,
    Registration,
    Timestamp,
    Watched,
)
from regwatch.core.phones.diff import (
    LEASE_SLACK,
    Change,
    lease_has_ended,
    said_to_have_ended,
)

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


def judge(
    changes: tuple[Change, ...], doubt: Doubt | None, answer: Answer, *, are_many: bool = False
) -> Standing:
    """See the table above; `changes`: what the answer shows; `are_many`: so are gone with it."""
    are_many = are_many or doubt is not None
    if not any(_is_surprising(change, answer, are_many) for change in changes):
        return Standing.BELIEVED if doubt is None else Standing.REFUTED
    is_first = doubt is None or answer.answered_at <= doubt.at
    return Standing.DOUBTED if is_first else Standing.BELIEVED


def _is_surprising(change: Change, answer: Answer, are_many: bool) -> bool:
    """Whether a registration is gone though its lease ran on, or with many while nobody looked."""
    if change.kind is ChangeKind.ENDED_UNSEEN:
        return are_many
    return (
        change.kind is ChangeKind.UNREGISTERED
        and change.before is not None
        and _runs_on(change.before, answer)
    )


def _runs_on(registration: Registration, answer: Answer) -> bool:
    """By when it was seen last, or by what the PBX says of it now."""
    said_at, now = said_to_have_ended(registration, answer), answer.answered_at
    if not lease_has_ended(registration, now):
        return True
    return said_at is not None and said_at > now + LEASE_SLACK


class Weighed(Struct, frozen=True):
    """What is to be thought of an answer about many."""

    is_mass: bool = False
    """Many vanish with it at once, before their leases ended."""
    are_many: bool = False
    """Many are gone, whether or not their leases have ended."""
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
    held, gone, early, unweighed = 0, 0, 0, dict[ExtensionId, Exception]()
    again = [answers[i].registered for i in answers if i in doubts and doubts[i].is_mass]
    for i in answers:
        if i not in watched or not watched[i].registrations or i in doubts:
            continue
        try:
            is_early = not answers[i].registered and _is_early(watched[i], answers[i])
        except Exception as error:  # noqa: BLE001 - a guard: the others are weighed
            unweighed[i] = error
            continue
        held += 1
        gone += not answers[i].registered
        early += is_early
    return Weighed(
        # Whose lease has ended could not vanish before.
        is_mass=_is_mass(early, of=held - (gone - early)),
        are_many=_is_mass(gone, of=held),
        confirms_mass=_is_mass(again.count(False), of=len(again)),
        unweighed=unweighed,
    )


def _is_mass(count: int, *, of: int) -> bool:
    return count >= AT_LEAST and count >= SHARE * of


def _is_early(watched: Watched, answer: Answer) -> bool:
    """Whether all its leases went on."""
    return all(_runs_on(registration, answer) for registration in watched.registrations)
