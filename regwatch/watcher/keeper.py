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
from regwatch.core.bugs import CANNOT_BE_STORED, Where
from regwatch.core.history import Happening, of_outcome
from regwatch.core.model import (
    AccountName,
    ExtensionId,
    ExtensionState,
    Incident,
    Timestamp,
    Watched,
)
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Memory
from regwatch.guard import Bugs
from regwatch.store.errors import StoreError
from regwatch.watcher.setbacks import LISTED_IN_A_LOG_LINE
from regwatch.watcher.unsaved import Unsaved, save_what_can_be

PIECE = 500
MOST_HAPPENINGS = 100_000
"""Kept for the history while nothing can be stored; the oldest are let go."""
FLUSH_SECONDS = 5.0
"""How often answers that changed nothing are stored: a crash loses so much of "last seen"."""

log = structlog.get_logger(__name__)


class Stored(Protocol):
    """What is stored of an account."""

    @property
    def watched(self) -> Sequence[tuple[Watched, bytes]]:
        """Each extension, with what the monitor remembers of it."""


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
        bugs: Bugs | None = None,
    ) -> None:
        self._monitor = monitor
        self._store = store
        self._clock = clock
        self._steady = steady
        self._on_incidents = on_incidents
        self._bugs = Bugs(clock=clock) if bugs is None else bugs
        self._saving = asyncio.Lock()
        self._flushed_at = steady()
        self._touched: dict[ExtensionId, None] = {}
        self._removed: dict[ExtensionId, None] = {}
        self._incidents: dict[str, Incident] = {}
        self._happenings: list[Happening] = []
        self._is_failing = False
        self._log = log.bind(account=monitor.account)

    async def restore(self) -> int:
        """Give the monitor what was stored; returns how many extensions that were."""
        stored = await self._store.load(self._monitor.account)
        now, failed = self._clock(), dict[ExtensionId, Exception]()
        for piece in batched(stored.watched, PIECE):
            for watched, memory in piece:
                self._restore(watched, memory, failed, now)
            await asyncio.sleep(0)
        if failed:
            self._tell_unrestored(failed)
        return len(stored.watched) - len(failed)

    def _restore(
        self, watched: Watched, memory: bytes, failed: dict[ExtensionId, Exception], now: Timestamp
    ) -> None:
        try:
            self._monitor.restore(watched, decode_memory(memory), now=now)
        except Exception as error:  # noqa: BLE001 - a guard: the others are watched all the same
            failed[watched.extension.id] = error

    def _tell_unrestored(self, failed: Mapping[ExtensionId, Exception]) -> None:
        for extension_id, error in failed.items():
            self._bugs.note(Where.RESTORE, f"{self._monitor.account}/{extension_id}", error)
        trace = self._bugs.trace(next(iter(failed.values())))
        listed = list(failed)[:LISTED_IN_A_LOG_LINE]
        count = len(failed)
        self._log.error("extensions_not_restored", count=count, extension_ids=listed, **trace)

    async def keep(self, outcome: Outcome) -> None:
        """Take over what a step brought; stored at once if it matters, else within
        `FLUSH_SECONDS`.
        """
        self._touched.update(dict.fromkeys(outcome.touched))
        self._removed.update(dict.fromkeys(outcome.removed))
        self._incidents.update((incident.id, incident) for incident in outcome.incidents)
        now = self._clock()
        monitor = self._monitor
        self._happenings.extend(
            of_outcome(monitor.account, outcome, watched=monitor.roster.by_id, now=now)
        )
        is_time = self._steady() - self._flushed_at >= FLUSH_SECONDS
        if outcome.changes or outcome.steps or is_time:
            await self.flush()

    async def flush(self) -> None:
        """Store what is not stored yet, then tell of the incidents in it."""
        async with self._saving:
            self._flushed_at = self._steady()
            unsaved = self._taken_out()
            if unsaved.is_empty:
                return
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

    def _give_up(self, part: Unsaved, error: Exception) -> None:
        self._log.error("state_lost", lost=str(part), error=str(error))
        self._bugs.lost(Where.STATE, f"{self._monitor.account}: {part}", CANNOT_BE_STORED)

    def _rows(self, ids: Iterable[ExtensionId]) -> Iterator[tuple[Watched, bytes]]:
        """Made as the store takes them: it does so in pieces."""
        by_id = self._monitor.roster.by_id
        for extension_id in ids:
            watched = by_id.get(extension_id)
            if watched is not None and watched.state is not ExtensionState.REMOVED:
                yield watched, encode_memory(self._monitor.memory(extension_id))

    def _note_failure(self, error: Exception) -> None:
        if not isinstance(error, StoreError):
            account = self._monitor.account
            self._bugs.met("state_not_stored", Where.STATE, account, error, account=account)
        elif not self._is_failing:
            self._log.error("state_not_stored", error=str(error))
        self._is_failing = True

    def _note_success(self) -> None:
        if self._is_failing:
            self._log.info("state_stored_again")
        self._is_failing = False


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
