"""When an outage of a place may have begun: each missed refresh is tried as its begin, by one walk
back through what its phones showed.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from regwatch.core.model import LONG_AGO, Timestamp
from regwatch.core.phones.outages import (
    MOMENT_SECONDS,
    Evidence,
    OutagePolicy,
    Verdict,
    judge,
    votes,
)


class Signs(Struct, frozen=True, gc=False):
    """What one phone showed last."""

    heard_at: Timestamp
    missed_at: Timestamp | None
    """When the refresh was due that it missed; None: it is not silent."""
    is_unseen: bool = False


class Shown(Struct, frozen=True, gc=False):
    """What a place shows."""

    signs: Sequence[Signs]
    """Of its phones, or of some that stand for all."""
    departed: Collection[Timestamp]
    """When those that left with a good-bye were last heard."""
    since: Timestamp
    """Later than that are all begins to be tried."""
    of: int
    """How many phones it has."""


class Supposed(Struct, frozen=True, gc=False):
    """The begin for which most speaks, and what is to be thought of it."""

    verdict: Verdict
    evidence: Evidence


def supposed(shown: Shown, policy: OutagePolicy) -> Supposed | None:
    """Try each missed refresh as the begin. Of those by which the place is out, or by which only
    the votes are wanting, the one with the greatest lead; None: by none.
    """
    found: Supposed | None = None
    for evidence in _begins(shown, policy):
        verdict = judge(evidence, policy)
        if verdict is Verdict.NOTHING:
            continue
        if found is None or _is_better(verdict, evidence, found, policy):
            found = Supposed(verdict, evidence)
    return found


def _is_better(verdict: Verdict, evidence: Evidence, than: Supposed, policy: OutagePolicy) -> bool:
    """Where two are equal the earlier begin, which is tried later: it has more members."""
    if verdict is not than.verdict:
        return verdict is Verdict.OUT
    return evidence.lead(policy) >= than.evidence.lead(policy)


def _begins(shown: Shown, policy: OutagePolicy) -> Iterator[Evidence]:
    tally = _Tally(shown)
    events = sorted(_events(shown), key=lambda event: event[0], reverse=True)
    for at, same in groupby(events, key=lambda event: event[0]):
        now = sorted(same, key=lambda event: event[1])
        missed = [event for event in now if event[1] == MISSED]
        for _, _, number in missed:
            tally.missed(number, at)
        for _, _, number in now[len(missed) :]:  # heard just then: neither before nor after
            tally.leaves(number)
        if missed and tally.members >= policy.at_least:
            yield tally.evidence(at)
        for _, _, number in now[len(missed) :]:
            tally.heard_of(number, at)


MISSED, HEARD = 0, 1
Event = tuple[Timestamp, int, int]
"""When, what, and the number of the phone; a negative one of who departed."""
DEPARTED = -1


def _events(shown: Shown) -> Iterator[Event]:
    since = shown.since
    for number, signs in enumerate(shown.signs):
        if signs.heard_at > since:
            yield signs.heard_at, HEARD, number
        if signs.missed_at is not None and signs.missed_at > since:
            yield signs.missed_at, MISSED, number
    yield from ((at, HEARD, DEPARTED) for at in shown.departed if at > since)


class _Tally:
    """The evidence, kept up as the supposed begin goes back in time."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._silent = sum(signs.missed_at is not None for signs in shown.signs)
        self._moment_of: dict[int, int] = {}
        """Of each member: in which moment its refresh was due."""
        self._moments: list[list[int]] = []
        """Members and heard of each moment, the latest first."""
        self._moment_began = Timestamp(LONG_AGO)
        self._latest_at: Timestamp | None = None
        self._heard = self._departed = self._unseen = self._silent_since = 0
        self._for = self._against = 0.0

    @property
    def members(self) -> int:
        return len(self._moment_of)

    def missed(self, number: int, at: Timestamp) -> None:
        """It is a member from here back to when it was heard."""
        self._latest_at = at if self._latest_at is None else self._latest_at
        self._moment_of[number] = moment = self._moment(at)
        self._unseen += self._shown.signs[number].is_unseen
        self._silent_since += 1
        self._count(moment, 1, 0)

    def leaves(self, number: int) -> None:
        """It is no member from here back."""
        moment = self._moment_of.pop(number, None)
        if moment is not None:
            self._unseen -= self._shown.signs[number].is_unseen
            self._count(moment, -1, 0)

    def heard_of(self, number: int, at: Timestamp) -> None:
        """It is one that was heard, from here back."""
        self._heard += 1
        self._departed += number == DEPARTED
        self._count(self._moment(at), 0, 1)

    def evidence(self, began_at: Timestamp) -> Evidence:
        here = len(self._shown.signs) - (self._silent - self._silent_since)
        return Evidence(
            began_at=began_at,
            latest_at=self._latest_at or began_at,
            members=self.members,
            heard=self._heard,
            not_due=max(0, here - self.members - (self._heard - self._departed)),
            departed=self._departed,
            unseen=self._unseen,
            of=self._shown.of,
            votes_for=self._for,
            votes_against=self._against,
        )

    def _moment(self, at: Timestamp) -> int:
        if not self._moments or self._moment_began - at >= MOMENT_SECONDS:
            self._moment_began = at
            self._moments.append([0, 0])
        return len(self._moments) - 1

    def _count(self, moment: int, members: int, heard: int) -> None:
        counts = self._moments[moment]
        before = votes(*counts)
        counts[0] += members
        counts[1] += heard
        after = votes(*counts)
        self._for += after[0] - before[0]
        self._against += after[1] - before[1]
