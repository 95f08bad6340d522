"""Nothing surprising is believed once: who vanishes before its lease ends is asked again before
anybody is told.

    the answer shows                        doubted before?   what becomes of it
    --------------------------------------  ----------------  --------------------------------------
    a registration gone, without an heir,   yes               BELIEVED: gone from two answers
    not by our doing; and
      its lease runs, as it was seen or as  no                DOUBTED: not taken in, asked again
      the PBX says now
      many are gone, and nobody saw that    no                DOUBTED
      it was not refreshed
      many are gone before their leases     no                DOUBTED
      ended
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

GONE = frozenset({ChangeKind.UNREGISTERED, ChangeKind.ENDED_UNSEEN, ChangeKind.EXPIRED})
"""How a registration ends of which nothing goes on, but by our doing."""
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


def judge(
    changes: tuple[Change, ...], doubt: Doubt | None, answer: Answer, weighed: Weighed
) -> Standing:
    """See the table above; `changes`: what the answer shows; `weighed`: what all of it does."""
    if doubt is not None:
        is_gone = any(change.kind in GONE for change in changes)
        second = Standing.BELIEVED if is_gone else Standing.REFUTED
        return second if answer.answered_at > doubt.at else Standing.DOUBTED
    is_surprise = any(_is_surprising(change, answer, weighed) for change in changes)
    return Standing.DOUBTED if is_surprise else Standing.BELIEVED


def _is_surprising(change: Change, answer: Answer, weighed: Weighed) -> bool:
    """Whether a registration is gone though its lease ran on, or with many others."""
    if change.kind not in GONE or change.before is None:
        return False
    if weighed.is_mass or (weighed.are_many and change.kind is not ChangeKind.EXPIRED):
        return True
    return change.kind is ChangeKind.UNREGISTERED and _runs_on(change.before, answer)


def _runs_on(registration: Registration, answer: Answer) -> bool:
    """By when it was seen last, or by what the PBX says of it now."""
    said_at, now = said_to_have_ended(registration, answer), answer.answered_at
    if not lease_has_ended(registration, now):
        return True
    return said_at is not None and said_at > now + LEASE_SLACK


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
