"""Nothing surprising is believed once: who vanishes before its lease ends is asked again before
anybody is told.

    the answer shows                        doubted before?   what becomes of it
    --------------------------------------  ----------------  --------------------------------------
    a registration gone while its lease     no                DOUBTED: not taken in, asked again
    runs, or ran when somebody last looked
    any registration gone                   yes               BELIEVED: gone from two answers
    anything else                           yes               REFUTED: it was there all the time, or
                                                              went on under another entry
    anything else                           no                BELIEVED: nothing surprising

Gone is what has no heir, and was not ended by our doing. That a lease has ended surprises nobody,
unless nobody could look for its refresh (`gaps`). Where no second answer comes, the doubt stays,
over restarts too; what is told of it then is the monitor's business.

So many of an answer's extensions, and such a share of those registered, that vanish together are a
mass: phones do not leave like that, and before each is told it is looked at what it is
(`vanished`). Whose lease ended while nobody looked says nothing of that beside others, whose leases
run on; where there are none of these, it counts as one of them.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from regwatch.core.model import Answer, ChangeKind, ExtensionId, Timestamp, Watched
from regwatch.core.phones.diff import Change, lease_has_ended
from regwatch.core.phones.gaps import Gaps

AT_LEAST, SHARE = 3, 0.15
"""A mass: so many, and at least this share of those that an answer could show. Half of what is a
large part of an account: one answer is a small sample of it.
"""
LEAST_IN_ALL = 5
"""Of so many at least, if the others of the account do alike; likewise."""
GONE = frozenset({ChangeKind.UNREGISTERED, ChangeKind.ENDED_UNSEEN, ChangeKind.EXPIRED})
SURPRISES = frozenset({ChangeKind.UNREGISTERED, ChangeKind.ENDED_UNSEEN})


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
    changes: Sequence[Change], doubt: Doubt | None, *, looked: Timestamp, now: Timestamp
) -> Standing:
    """See the table above. `changes`: what the answer of now shows; `looked`: until when somebody
    could look for a refresh, now as a rule.
    """
    if doubt is None:
        is_doubted = any(is_surprising(change, looked) for change in changes)
        return Standing.DOUBTED if is_doubted else Standing.BELIEVED
    if not any(change.kind in GONE for change in changes):
        return Standing.REFUTED
    return Standing.DOUBTED if now <= doubt.at else Standing.BELIEVED


def is_surprising(change: Change, looked: Timestamp) -> bool:
    """Whether a registration is gone though its lease ran on when somebody looked last."""
    if change.before is None or change.kind not in SURPRISES:
        return False
    return not lease_has_ended(change.before, looked)


class Weighed(Struct, frozen=True):
    """What is to be thought of an answer about many."""

    is_mass: bool = False
    """Many vanish with it at once."""
    confirms_mass: bool = False
    """Of those that had vanished together, many are gone still."""
    unweighed: Mapping[ExtensionId, Exception] = {}
    """Those in whose answers a bug was met, and which one."""


class _Count(Struct):
    """Of extensions."""

    held: int = 0
    """Those that an answer could show."""
    gone: int = 0


def weigh(
    answers: Mapping[ExtensionId, Answer],
    watched: Mapping[ExtensionId, Watched],
    doubts: Mapping[ExtensionId, Doubt],
    gaps: Gaps,
    *,
    account: int,
    now: Timestamp,
) -> Weighed:
    """Whether many vanish with it at once, or are gone still, by what was known before. `account`:
    how many of the whole account are registered.
    """
    again = [answers[i].registered for i in answers if i in doubts and doubts[i].is_mass]
    confirms = _is_mass(again.count(False), of=len(again))
    new = [i for i in answers if i in watched and watched[i].registrations and i not in doubts]
    if sum(1 for i in new if not answers[i].registered) < AT_LEAST:  # nearly always
        return Weighed(confirms_mass=confirms)
    running, unseen, unweighed = _Count(), _Count(), dict[ExtensionId, Exception]()
    for i in new:
        try:
            count = _count_of(watched[i], running, unseen, gaps, now)
        except Exception as error:  # noqa: BLE001 - a guard: the others are weighed
            unweighed[i] = error
            continue
        count.held += 1
        count.gone += not answers[i].registered
    return Weighed(_are_mass(running, unseen, account), confirms, unweighed)


def _count_of(
    watched: Watched, running: _Count, unseen: _Count, gaps: Gaps, now: Timestamp
) -> _Count:
    """Where it counts; in one of its own, if it is no surprise that it is gone."""
    if _runs(watched, now):
        return running
    looked = gaps.looked_until(watched.answered_at, now=now)
    return unseen if looked < now and _runs(watched, looked) else _Count()


def _runs(watched: Watched, now: Timestamp) -> bool:
    """Whether all its leases went on then."""
    return not any(lease_has_ended(r, now) for r in watched.registrations)


def _are_mass(running: _Count, unseen: _Count, account: int) -> bool:
    gone, held = running.gone, running.held
    if held < AT_LEAST:
        gone, held = gone + unseen.gone, held + unseen.held
    return _is_mass(gone, of=held) and gone * max(account, held) >= LEAST_IN_ALL * held


def _is_mass(count: int, *, of: int) -> bool:
    return count >= AT_LEAST and count >= SHARE * of
