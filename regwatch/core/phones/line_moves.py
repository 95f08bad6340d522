"""Phones of one place that go to one new address: the line moved, and that is one thing to tell.

Phones do not notice that their line has another address: each shows it when it registers next, the
last within an hour. Who comes home later, as a softphone does in the morning, goes there as well.

    before it others went from there to there    what is told
    -------------------------------------------  ---------------------------------
    not within a day                             its own move
    within an hour of it, one after the other    it, together with that of the first
    longer ago                                   nothing: it was told
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.clock_steps import move_all
from regwatch.core.model import ExtensionId, Timestamp

TOGETHER_SECONDS = 3600.0
KNOWN_SECONDS = 86_400.0
MOST = 1000
"""Moves remembered: the oldest are forgotten, and at worst told again."""


class LineMove(Struct, frozen=True, gc=False):
    """Who goes from one place to another: the evidence."""

    first: ExtensionId
    """Who was seen there first: its incident speaks for all."""
    latest_at: Timestamp
    phones: int = 1
    is_over: bool = False
    """Whether the last one came so late that nothing new is told."""


class LineMoves:
    """Those of one account, of the last day."""

    def __init__(self) -> None:
        self._moves: dict[tuple[str, str], LineMove] = {}  # the latest last

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        yield from move_all(self._moves, LineMove, by)

    def went(
        self, extension_id: ExtensionId, before: str, after: str, *, now: Timestamp
    ) -> LineMove:
        """An extension went from one public address to another; see the table above."""
        self._forget(now)
        known = self._moves.pop((before, after), None)
        if known is None:
            move = LineMove(extension_id, now)
        else:
            is_late = now - known.latest_at > TOGETHER_SECONDS
            is_over, phones = known.is_over or is_late, known.phones + 1
            move = replace(known, latest_at=now, phones=phones, is_over=is_over)
        self._moves[before, after] = move
        return move

    def _forget(self, now: Timestamp) -> None:
        while self._moves:
            oldest = next(iter(self._moves))
            if len(self._moves) < MOST and now - self._moves[oldest].latest_at <= KNOWN_SECONDS:
                return
            del self._moves[oldest]
