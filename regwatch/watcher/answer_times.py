"""When the times of an account's answers are stored, and what of it is stored with them.

Every phone's answer changes them, so they wait: for some minutes, or for the stop. With some of
them come the rows of those of whose habits something was learned; and in turn, once an hour, the
rows of those that refreshed as ever. Many at once: a row alone costs a page of the database.
"""

import asyncio
from collections.abc import Collection, Sequence

from regwatch.batching import batched, in_order
from regwatch.core.model import ExtensionId, ExtensionState, Instant
from regwatch.core.outcome import Outcome
from regwatch.core.phones.answer_times import AnswerTime, time_of
from regwatch.core.phones.roster import Roster

TIMES_SECONDS = 180.0
"""How often: after a crash, what is known of a phone that is well is so old at most."""
PIECE = 4000
"""Extensions in one stored value. Packed in about five milliseconds."""
TURNS = 20
"""Times that they are stored, until everybody that refreshes had a turn: once an hour."""
TURNS_TO_LEARN = 5
"""The same, until what was learned is stored: what a crash forgets of it makes nobody look ill."""


class AnswerTimes:
    """Those of one account."""

    def __init__(self, roster: Roster, *, now: Instant) -> None:
        self._roster = roster
        self._due_at = Instant(now + TIMES_SECONDS)
        self._learned: dict[ExtensionId, None] = {}
        self._refreshed: dict[ExtensionId, None] = {}
        self._turn = 0

    def note(self, outcome: Outcome) -> None:
        """Take over what a step brought; what it touched is stored soon, with all there is."""
        self._learned.update(dict.fromkeys(outcome.learned))
        self._refreshed.update(dict.fromkeys(outcome.refreshed))

    def is_due(self, *, now: Instant) -> bool:
        """Whether it is time to store them."""
        return now >= self._due_at

    async def rows(self, *, is_last: bool = False) -> Sequence[ExtensionId]:
        """Whose rows are to be stored with the times, in order of their ids: they share pages then.
        They have had their turn.
        """
        ids = await self._ids()
        self._turn = (self._turn + 1) % TURNS
        found: dict[ExtensionId, None] = {}
        if is_last or self._turn % TURNS_TO_LEARN == 0:
            found, self._learned = self._learned, found
        size = -(-len(ids) // TURNS)
        its_turn = ids[self._turn * size : (self._turn + 1) * size]
        found |= {each: None for each in its_turn if self._refreshed.pop(each, 0) is None}
        return [each for each in ids if each in found]

    async def pieces(self, without: Collection[ExtensionId]) -> Sequence[Sequence[AnswerTime]]:
        """The times to store; none of those who changed otherwise and are not stored yet."""
        found: list[Sequence[AnswerTime]] = []
        for ids in batched(await self._ids(), PIECE):
            found.append([t for each in ids if each not in without and (t := self._time(each))])
            await asyncio.sleep(0)
        return [piece for piece in found if piece]

    def stored(self, *, now: Instant) -> None:
        """They are."""
        self._due_at = Instant(now + TIMES_SECONDS)

    async def _ids(self) -> Sequence[ExtensionId]:
        return await in_order(tuple(self._roster.by_id), key=int)

    def _time(self, extension_id: ExtensionId) -> AnswerTime | None:
        watched = self._roster.by_id.get(extension_id)
        if watched is None or watched.state is ExtensionState.REMOVED:
            return None
        return time_of(watched)
