"""Keeping an account's state over restarts: what changed is stored, soon or at once.

An incident is stored before anybody is told of it: nobody can be told of one that a crash could
make us forget. If the store fails, everything waits here and is tried again with the next save;
what it will never take is given up, loudly and alone.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec
import structlog

from regwatch.batching import batched
from regwatch.clock import Clock, SteadyClock
from regwatch.core.history import Happening, of_outcome
from regwatch.core.model import (
    AccountName,
    ChangeKind,
    ExtensionId,
    ExtensionState,
    Incident,
    Timestamp,
    Watched,
)
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome
from regwatch.core.phones.answer_times import AnswerTime, brought_up
from regwatch.core.phones.diff import Change
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Memory
from regwatch.store.errors import StoreError
from regwatch.watcher.answer_times import AnswerTimes
from regwatch.watcher.unsaved import Unsaved, save_what_can_be

PIECE = 500
MOST_HAPPENINGS = 100_000
"""Kept for the history while nothing can be stored; the oldest are let go."""
FLUSH_SECONDS = 5.0
"""How long what changed without being a change of registrations may wait to be stored."""

log = structlog.get_logger(__name__)


class Stored(Protocol):
    """What is stored of an account."""

    @property
    def watched(self) -> Sequence[tuple[Watched, bytes]]:
        """Each extension, with what the monitor remembers of it."""

    @property
    def times(self) -> Mapping[ExtensionId, AnswerTime]:
        """Of those that were answered later than they were saved."""


class StateStore(Protocol):
    """Where an account's state survives a restart."""

    async def load(self, account: AccountName) -> Stored:
        """All that was stored; raises `StoreError`."""

    async def save(
        self,
        account: AccountName,
        *,
        watched: Iterable[tuple[Watched, bytes]],
        removed: Collection[ExtensionId] = (),
        incidents: Sequence[Incident] = (),
        happenings: Sequence[Happening] = (),
    ) -> None:
        """Store all of it or nothing; raises `StoreError`."""

    async def save_times(self, account: AccountName, times: Sequence[Sequence[AnswerTime]]) -> None:
        """Store when extensions were answered, in place of all such times before; raises
        `StoreError`.
        """


class Keeper:
    """What of one monitor is not stored yet."""

    def __init__(
        self,
        monitor: Monitor,
        store: StateStore,
        *,
        clock: Clock,
        steady: SteadyClock,
        on_incidents: Callable[[Sequence[Incident]], None],
        on_bug: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_bug` hears of each thing that can never be stored."""
        self._monitor = monitor
        self._store = store
        self._clock = clock
        self._steady = steady
        self._on_incidents = on_incidents
        self._on_bug = on_bug
        self._saving = asyncio.Lock()
        self._flushed_at = steady()
        self._times = AnswerTimes(monitor.roster, now=steady())
        self._touched: dict[ExtensionId, None] = {}
        self._removed: dict[ExtensionId, None] = {}
        self._incidents: dict[str, Incident] = {}
        self._happenings: list[Happening] = []
        self._is_failing = False
        self._log = log.bind(account=monitor.account)

    async def restore(self) -> int:
        """Give the monitor what was stored; returns how many extensions that were."""
        stored = await self._store.load(self._monitor.account)
        now = self._clock()
        for piece in batched(stored.watched, PIECE):
            for watched, memory in piece:
                time = stored.times.get(watched.extension.id)
                self._restore(watched, memory, time, now)
            await asyncio.sleep(0)
        return len(stored.watched)

    def _restore(
        self, watched: Watched, memory: bytes, time: AnswerTime | None, now: Timestamp
    ) -> None:
        try:
            known, remembered = brought_up(watched, decode_memory(memory), time)
            self._monitor.restore(known, remembered, now=now)
        except Exception:  # noqa: BLE001 - a guard: the others are watched all the same
            self._log.exception("extension_not_restored", extension_id=watched.extension.id)

    async def keep(self, outcome: Outcome) -> None:
        """Take over what a step brought; stored at once if it matters, else within
        `FLUSH_SECONDS`.
        """
        self._times.note(outcome)
        self._touched.update(dict.fromkeys(outcome.touched))
        self._removed.update(dict.fromkeys(outcome.removed))
        self._incidents.update((incident.id, incident) for incident in outcome.incidents)
        now = self._clock()
        monitor = self._monitor
        self._happenings.extend(
            of_outcome(monitor.account, outcome, watched=monitor.roster.by_id, now=now)
        )
        is_time = self._steady() - self._flushed_at >= FLUSH_SECONDS
        if outcome.steps or is_time or any(map(_cannot_wait, outcome.changes)):
            await self.flush()

    async def flush(self, *, is_last: bool = False) -> None:
        """Store what is not stored yet, then tell of the incidents in it. Times of answers are
        stored when it is time to, and if it is the last flush.
        """
        async with self._saving:
            self._flushed_at = self._steady()
            are_times_due = is_last or self._times.is_due(now=self._steady())
            if are_times_due:
                self._touched.update(dict.fromkeys(await self._times.rows(is_last=is_last)))
            is_stored = await self._flush_pending()
            if are_times_due and is_stored:
                await self._flush_times()

    async def _flush_pending(self) -> bool:
        """Whether nothing is left."""
        unsaved = self._taken_out()
        if unsaved.is_empty:
            return True
        try:
            saved = await save_what_can_be(unsaved, self._save, self._give_up)
        except asyncio.CancelledError:  # a stop in the midst of it: stored on the way out
            self._put_back(unsaved)
            raise
        for part in reversed(saved.left):
            self._put_back(part)
        if saved.error is not None:
            self._note_failure(saved.error)
        else:
            self._note_success()
        if saved.incidents:
            self._on_incidents(tuple(saved.incidents))
        return saved.error is None

    async def _flush_times(self) -> None:
        pieces = await self._times.pieces(without=self._touched)
        try:
            await self._store.save_times(self._monitor.account, pieces)
        except StoreError as error:
            self._note_failure(error)
        else:
            self._note_success()
            self._times.stored(now=self._steady())

    def _taken_out(self) -> Unsaved:
        unsaved = Unsaved(
            tuple(self._touched),
            tuple(self._removed),
            tuple(self._incidents.values()),
            self._happenings,
        )
        self._touched, self._removed, self._incidents = {}, {}, {}
        self._happenings = []
        return unsaved

    def _put_back(self, part: Unsaved) -> None:
        """What came meanwhile is newer."""
        self._touched = dict.fromkeys(part.touched) | self._touched
        self._removed = dict.fromkeys(part.removed) | self._removed
        self._incidents = {each.id: each for each in part.incidents} | self._incidents
        self._happenings = [*part.happenings, *self._happenings][-MOST_HAPPENINGS:]

    async def _save(self, part: Unsaved) -> None:
        await self._store.save(
            self._monitor.account,
            watched=self._rows(part.touched),
            removed=part.removed,
            incidents=part.incidents,
            happenings=part.happenings,
        )

    def _give_up(self, part: Unsaved, error: StoreError) -> None:
        self._log.error("state_lost", lost=str(part), error=str(error))
        self._on_bug()

    def _rows(self, ids: Iterable[ExtensionId]) -> Iterator[tuple[Watched, bytes]]:
        """Made as the store takes them: it does so in pieces."""
        by_id = self._monitor.roster.by_id
        for extension_id in ids:
            watched = by_id.get(extension_id)
            if watched is not None and watched.state is not ExtensionState.REMOVED:
                yield watched, encode_memory(self._monitor.memory(extension_id))

    def _note_failure(self, error: StoreError) -> None:
        if not self._is_failing:
            self._log.error("state_not_stored", error=str(error))
        self._is_failing = True

    def _note_success(self) -> None:
        if self._is_failing:
            self._log.info("state_stored_again")
        self._is_failing = False


def _cannot_wait(change: Change) -> bool:
    """Refreshes come with nearly every answer, and are stored with its time."""
    return change.kind is not ChangeKind.REFRESHED


def encode_memory(memory: Memory) -> bytes:
    """Empty for most extensions: nothing is remembered of them."""
    return b"" if memory is NOTHING_REMEMBERED else msgspec.msgpack.encode(memory)


def decode_memory(stored: bytes) -> Memory:
    """What was remembered; nothing, if another version wrote something unreadable."""
    if not stored:
        return NOTHING_REMEMBERED
    try:
        return msgspec.msgpack.decode(stored, type=Memory)
    except msgspec.MsgspecError:
        return NOTHING_REMEMBERED
