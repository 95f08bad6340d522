"""Keeping an account's state over restarts: what changed is stored, soon or at once.

An incident is stored before anybody is told of it, unless the store is away: nobody can be told of
one that a crash could make us forget. What waits for the store, and in which order it is stored, is
`ledger`'s to say.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec
import structlog

from regwatch.batching import batched
from regwatch.clock import Clock, SteadyClock
from regwatch.core.bugs import Where
from regwatch.core.clock_steps import back_to, moved
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
from regwatch.core.phones.recollection import recalled
from regwatch.guard import Bugs
from regwatch.store.errors import StoreError
from regwatch.watcher.answer_times import AnswerTimes
from regwatch.watcher.ledger import Ledger
from regwatch.watcher.setbacks import LISTED_IN_A_LOG_LINE
from regwatch.watcher.unsaved import Unsaved

PIECE = 500
FLUSH_SECONDS = 5.0
"""How long what changed without being a change of registrations may wait to be stored. Also how
often a store that was away is asked again."""

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
        bugs: Bugs | None = None,
    ) -> None:
        self._monitor = monitor
        self._store = store
        self._clock = clock
        self._steady = steady
        self._bugs = Bugs(clock=clock) if bugs is None else bugs
        self._flushed_at = steady()
        self._times = AnswerTimes(monitor.roster, now=steady())
        self._ledger = Ledger(
            monitor.account,
            self._save,
            on_incidents=on_incidents,
            bugs=self._bugs,
            where=Where.STATE,
        )
        self._log = log.bind(account=monitor.account)

    async def restore(self) -> int:
        """Give the monitor what was stored; returns how many extensions that were."""
        stored = await self._store.load(self._monitor.account)
        now, failed = self._clock(), dict[ExtensionId, Exception]()
        by = back_to(now, _times_of(stored))
        for piece in batched(stored.watched, PIECE):
            for watched, memory in piece:
                try:
                    time = stored.times.get(watched.extension.id)
                    known, remembered = brought_up(watched, decode_memory(memory), time)
                    self._monitor.restore(moved(known, by), moved(remembered, by), now=now)
                except Exception as error:  # noqa: BLE001 - a guard: the others are watched
                    failed[watched.extension.id] = error
            await asyncio.sleep(0)
        self._recall(now)
        if failed:
            self._tell_unrestored(failed)
        return len(stored.watched) - len(failed)

    def _recall(self, now: Timestamp) -> None:
        """Those of whom nothing is left but the incident that says that they are lost."""
        known = self._monitor.roster.by_id
        for incident in tuple(self._monitor.incidents):
            found = recalled(incident)
            if found is not None and found[0].extension.id not in known:
                self._log.warning("extension_recalled", extension_id=found[0].extension.id)
                self._monitor.restore(*found, now=now)

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
        self._note(outcome)
        is_time = self._steady() - self._flushed_at >= FLUSH_SECONDS
        is_news = any(map(_cannot_wait, outcome.changes)) and not self._ledger.is_failing
        if is_news or outcome.steps or is_time:
            await self.flush()

    def _note(self, outcome: Outcome) -> None:
        monitor, now = self._monitor, self._clock()
        touched = [*outcome.touched, *self._with_incidents(outcome)]
        self._times.note(outcome)
        self._ledger.note(
            touched=touched,
            changed=touched if outcome.changes or outcome.steps else (),
            removed=outcome.removed,
            incidents=outcome.incidents,
            happenings=of_outcome(monitor.account, outcome, watched=monitor.roster.by_id, now=now),
        )

    def _with_incidents(self, outcome: Outcome) -> Iterator[ExtensionId]:
        """Whoever an incident is about is stored with it: what is remembered of the one, such as
        that a phone is calm again, is to fit the other.
        """
        by_id, removed = self._monitor.roster.by_id, set(outcome.removed)
        for incident in outcome.incidents:
            extension_id = incident.facts.extension_id
            if extension_id is not None and extension_id in by_id and extension_id not in removed:
                yield extension_id

    async def flush(self, *, is_last: bool = False) -> None:
        """Store what is not stored yet, then tell of the incidents in it. Times of answers are
        stored when it is time to, and if it is the last flush.
        """
        now = self._flushed_at = self._steady()
        are_times_due = is_last or self._times.is_due(now=now)
        if are_times_due:
            self._ledger.note(touched=await self._times.rows(is_last=is_last))
        await self._ledger.flush()
        if are_times_due and not self._ledger.is_failing:
            await self._ledger.between_saves(self._save_times)

    async def _save_times(self, unsaved: Collection[ExtensionId]) -> None:
        pieces = await self._times.pieces(without=unsaved)
        try:
            await self._store.save_times(self._monitor.account, pieces)
        except StoreError as error:  # the next flush tries it again
            self._log.debug("times_not_stored", error=str(error))
        else:
            self._times.stored(now=self._steady())

    def forget_saves(self) -> None:
        """What was stored is gone: all that is known is to be stored again."""
        monitor = self._monitor
        self._ledger.note(touched=monitor.roster.active_ids(), incidents=monitor.incidents)

    async def close(self) -> None:
        """Store what can be stored yet, and say what could not be."""
        await self.flush(is_last=True)
        self._ledger.say_what_is_left()

    async def caught_up(self) -> None:
        """Wait, if the store is too slow for what is found."""
        await self._ledger.caught_up()

    async def _save(self, part: Unsaved) -> None:
        await self._store.save(
            self._monitor.account,
            watched=Rows(self._rows, part.touched),
            removed=part.removed,
            incidents=part.incidents,
            happenings=part.happenings,
        )

    def _rows(self, ids: Iterable[ExtensionId]) -> Iterator[tuple[Watched, bytes]]:
        """Made as the store takes them: it does so in pieces. Who changed since then is stored with
        the next save, after the incidents that this brought.
        """
        by_id = self._monitor.roster.by_id
        for extension_id in ids:
            watched = by_id.get(extension_id)
            if self._ledger.is_touched(extension_id):
                continue
            if watched is not None and watched.state is not ExtensionState.REMOVED:
                yield watched, encode_memory(self._monitor.memory(extension_id))


def _times_of(stored: Stored) -> Iterator[Timestamp | None]:
    yield from (watched.answered_at for watched, _ in stored.watched)
    yield from (each.answered_at for each in stored.times.values())


def _cannot_wait(change: Change) -> bool:
    """Refreshes come with nearly every answer, and are stored with its time."""
    return change.kind is not ChangeKind.REFRESHED


class Rows:
    """Made whenever they are asked for: a save may be tried more than once."""

    def __init__(
        self,
        rows: Callable[[Iterable[ExtensionId]], Iterator[tuple[Watched, bytes]]],
        ids: Collection[ExtensionId],
    ) -> None:
        self._rows = rows
        self._ids = ids

    def __iter__(self) -> Iterator[tuple[Watched, bytes]]:
        return self._rows(self._ids)


def encode_memory(memory: Memory) -> bytes:
    """Empty for most extensions: nothing is remembered of them."""
    return b"" if memory is NOTHING_REMEMBERED else msgspec.msgpack.encode(memory)


def decode_memory(stored: bytes) -> Memory:
    """What was remembered; nothing, if another version wrote something unreadable."""
    if not stored:
        return NOTHING_REMEMBERED
    try:
        return msgspec.msgpack.decode(stored, type=Memory)
    # Besides its own errors msgspec raises UnicodeDecodeError.
    except (ValueError, RecursionError):
        return NOTHING_REMEMBERED
