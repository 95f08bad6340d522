"""When nobody looked: the PBX did not answer, or we did not run. What is first seen after that did
not happen any less surprisingly: a lease that ended meanwhile would else have been seen to be
renewed, or not.
"""

from collections import deque

from msgspec import Struct

from regwatch.core.model import Timestamp

SHORTEST_SECONDS = 10.0
"""No refresh goes unseen in less that would have been looked for."""
MOST_KEPT = 8
"""The latest ones. Whoever was not answered since earlier ones is unknown by then."""


class Gap(Struct, frozen=True, gc=False):
    """Between two answers."""

    since: Timestamp
    until: Timestamp


class Gaps:
    """The gaps of one account."""

    def __init__(self) -> None:
        self._answered_at: Timestamp | None = None
        self._is_open = False
        self._gaps: deque[Gap] = deque(maxlen=MOST_KEPT)

    def restored(self, answered_at: Timestamp | None) -> None:
        """One was answered then, before a restart of ours."""
        if answered_at is not None and answered_at > (self._answered_at or answered_at - 1):
            self._answered_at = answered_at
        self._is_open = True

    def interrupted(self) -> None:
        """A request brought nothing, or nobody looked."""
        self._is_open = True

    def answered(self, *, now: Timestamp) -> None:
        """The PBX answered."""
        since = self._answered_at
        if self._is_open and since is not None and now - since >= SHORTEST_SECONDS:
            self._gaps.append(Gap(since, now))
        self._answered_at, self._is_open = now, False

    def looked_until(self, answered_at: Timestamp | None, *, now: Timestamp) -> Timestamp:
        """Until when it was seen what became of one that was answered then for the last time; now,
        if nothing kept us from it.
        """
        for gap in self._gaps:
            if answered_at is None or answered_at < gap.until:
                return min(now, gap.since)
        return now

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        if self._answered_at is not None:
            self._answered_at = Timestamp(self._answered_at + by)
        moved = (Gap(Timestamp(g.since + by), Timestamp(g.until + by)) for g in self._gaps)
        self._gaps = deque(moved, maxlen=MOST_KEPT)
