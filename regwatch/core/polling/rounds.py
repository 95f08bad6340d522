"""How many sweeps' worth of requests went by since somebody was asked.

A time says little of that: where others use the quota at random, the pace changes from one minute
to the next. By requests it is known at any pace how often everybody could have been asked.
"""

from collections import deque

from regwatch.core.model import LONG_AGO, Instant

MOST_SWEEPS = 3
"""Sweeps' worth of requests for which an extension may be passed over."""
SPARE = 2
"""Requests before that in which the overdue are asked: there may be appointments that go first."""


class Rounds:
    """When the last requests were made, as many as are looked back upon."""

    def __init__(self) -> None:
        self._made_at: deque[Instant] = deque()

    def made(self, batches: int, *, now: Instant) -> None:
        """A request was made; `batches`: how many a sweep takes."""
        self._made_at.append(now)
        while len(self._made_at) > _most(batches):
            self._made_at.popleft()

    def overdue_before(self, batches: int) -> Instant:
        """Who was asked before that was passed over too often; long ago while that is not known."""
        made_at, most = self._made_at, _most(batches)
        return made_at[-most] if len(made_at) >= most else Instant(LONG_AGO)


def _most(batches: int) -> int:
    return max(1, MOST_SWEEPS * batches - SPARE)
