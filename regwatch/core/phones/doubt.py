"""Nothing surprising is believed once: who vanishes before its lease ends is asked again before
anybody is told.

    the answer shows                        doubted before?   what becomes of it
    --------------------------------------  ----------------  --------------------------------------
    a registration gone, without an heir,   yes               BELIEVED: gone from two answers
    not by our doing; and
      its lease runs, as it was seen or as  no                DOUBTED: not taken in, asked again
      the PBX says now
      many are gone, or nobody could look,  no                DOUBTED
      and nobody saw that it was not
      refreshed
      many are gone before their leases     no                DOUBTED
      ended
    anything else                           yes               REFUTED: it was there all the time, or
                                                              went on under another entry
    anything else                           no                BELIEVED: nothing surprising

That a lease has ended surprises nobody who had seen that it was not refreshed; that nobody looked
for a while makes nothing less surprising. Where no second answer comes, the doubt stays, over
restarts too; what is told of it then is the monitor's business.

So many of an answer's extensions, and such a share of those registered, that vanish together are a
mass: phones do not leave like that. If they are gone from the second answer too, it is looked at
what it is (`vanished`) before any of them is told.
"""

from collections.abc import Mapping, Sequence
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
"""Many: so many, and at least this share of those that an answer could show."""
MASS_SHARE = 0.15
"""A mass: half of what is a large part of an account, since one answer is a small sample of it."""
MASS_IN_ALL = 5
"""Of so many at least, if the others of the account do alike; half as well."""


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
    changes: Sequence[Change],
    doubt: Doubt | None,
    answer: Answer,
    weighed: Weighed,
    *,
    looked: Timestamp | None = None,
) -> Standing:
    """See the table above. `changes`: what the answer shows of one; `weighed`: what it shows of
    all; `looked`: until when somebody could look for a refresh, None: until now.
    """
    if doubt is not None:
        if not any(change.kind in GONE for change in changes):
            return Standing.REFUTED
        return Standing.DOUBTED if answer.answered_at <= doubt.at else Standing.BELIEVED
    is_doubted = any(_is_surprising(change, answer, weighed, looked) for change in changes)
    return Standing.DOUBTED if is_doubted else Standing.BELIEVED


def _is_surprising(
    change: Change, answer: Answer, weighed: Weighed, looked: Timestamp | None
) -> bool:
    """Whether a registration is gone though its lease ran on, with many, or while nobody looked."""
    if change.kind not in GONE or change.before is None:
        return False
    if weighed.is_mass or (weighed.are_many and change.kind is not ChangeKind.EXPIRED):
        return True
    if change.kind is ChangeKind.ENDED_UNSEEN:
        return looked is not None and not lease_has_ended(change.before, looked)
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
    *,
    registered: int = 0,
) -> Weighed:
    """Whether many vanish with it at once, or are gone still, by what was known before;
    `registered`: how many of the whole account were.
    """
    again = [answers[i].registered for i in answers if i in doubts and doubts[i].is_mass]
    confirms = _are_many(again.count(False), of=len(again))
    held = [i for i in answers if i in watched and watched[i].registrations and i not in doubts]
    gone = [i for i in held if not answers[i].registered]
    if len(gone) < AT_LEAST:  # nearly always
        return Weighed(confirms_mass=confirms)
    early, unweighed = 0, dict[ExtensionId, Exception]()
    for i in gone:
        try:
            early += _is_early(watched[i], answers[i])
        except Exception as error:  # noqa: BLE001 - a guard: the others are weighed
            unweighed[i] = error
    here = len(held) - len(gone)
    return Weighed(
        # Whose lease has ended could not vanish before.
        is_mass=_is_mass(early, of=here + early, registered=registered),
        are_many=_are_many(len(gone) - len(unweighed), of=len(held) - len(unweighed)),
        confirms_mass=confirms,
        unweighed=unweighed,
    )


def _are_many(count: int, *, of: int) -> bool:
    return count >= AT_LEAST and count >= SHARE * of


def _is_mass(count: int, *, of: int, registered: int) -> bool:
    in_all = count * max(1.0, registered / max(1, of))
    return count >= AT_LEAST and count >= MASS_SHARE * of and in_all >= MASS_IN_ALL


def _is_early(watched: Watched, answer: Answer) -> bool:
    """Whether all its leases went on."""
    return all(_runs_on(registration, answer) for registration in watched.registrations)
