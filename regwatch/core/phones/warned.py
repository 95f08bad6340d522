"""What became of those whose refresh was called overdue: how far such warnings can be trusted.

| its registration, after the warning | the warning |
|---|---|
| ran out without a refresh | came true |
| was refreshed, under whatever entry, or it said good-bye | was taken back: it lived |
| was deleted by us, or is as it was | is no matter, or still open |
"""

from bisect import insort
from collections.abc import Iterable

from msgspec import Struct

from regwatch.core.clock_steps import moved
from regwatch.core.model import ChangeKind, Timestamp

LAST = 20
"""Of so many warnings it is told how many came true."""
LAST_OF_ONE = 4
"""Of one extension: so many are stored with it."""
CAME_TRUE = frozenset({ChangeKind.EXPIRED, ChangeKind.ENDED_UNSEEN})


class Warned(Struct, frozen=True, gc=False, order=True):
    """How a warning ended."""

    at: Timestamp
    """When that was seen."""
    came_true: bool


class Outcomes(Struct, frozen=True, gc=False):
    """What became of the last warnings, up to `LAST` of them."""

    came_true: int = 0
    taken_back: int = 0


class TrackRecord:
    """The last warnings of one account."""

    def __init__(self) -> None:
        self._last: list[Warned] = []

    @property
    def outcomes(self) -> Outcomes:
        """How many of them came true, and how many did not."""
        true = sum(each.came_true for each in self._last)
        return Outcomes(true, len(self._last) - true)

    @property
    def words(self) -> str:
        """As a person is told; empty before the first one ended."""
        if not self._last:
            return ""
        number, true = len(self._last), self.outcomes.came_true
        if number == 1:
            return f"The last such warning {'came true' if true else 'was taken back'}."
        return f"Of the last {number} such warnings {true} came true."

    def add(self, ended: Iterable[Warned]) -> None:
        """These have ended, now or before a restart of ours: in whatever order they are told."""
        for each in ended:
            insort(self._last, each)
        del self._last[:-LAST]

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        self._last = [moved(each, by) for each in self._last]
