"""One database file: how it is opened, read and written. One daemon at a time, and never in the way
of watching.

A file that is damaged is set aside, loudly, and a new one is begun with what can be read of it:
the phones are watched even if their past is lost. So it is if damage shows while running.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Row, Select, delete, event
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from regwatch.clock import Clock, wall_clock
from regwatch.store.errors import (
    StoreCorruptError,
    StoreInUseError,
    StoreUnavailableError,
    StoreUrlError,
    translated,
)
from regwatch.store.files import PRIVATE
from regwatch.store.opening import INCREMENTAL, Loss, anew, connected, open_file
from regwatch.store.rows import upsert_rows
from regwatch.store.schema import memos, schema_version
from regwatch.store.unreadable import Unreadable
from regwatch.store.writer import Work, Writer

PROBE_BYTES = 64_000
"""Of room there must be again before a database that was away is taken for back."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Database:
    """An open database and the lock that keeps others out."""

    def __init__(
        self,
        engine: AsyncEngine,
        lock: int | None,
        *,
        path: Path | None = None,
        loss: Loss | None = None,
        unreadable: Unreadable | None = None,
        clock: Clock = wall_clock,
        stand_in_because: str = "",
    ) -> None:
        """`path`: of its file; None: it is in memory. `loss`: what became of the one that lay there
        before. `stand_in_because`: why the one that was asked for could not be opened; empty: this
        is it.
        """
        self.engine = engine
        self.writer = Writer(self._transact, _probe, stand_in_because=stand_in_because)
        self.path = path
        self._lock = lock
        self.unreadable = Unreadable() if unreadable is None else unreadable
        self.losses: list[Loss] = [] if loss is None else [loss]
        """Files that were set aside; the last of them lay here before."""
        self.damage = ""
        """What was found wrong with the file while running, and is not put right; or nothing."""
        self._is_restocking = False
        self.restock: Work = change_nothing
        """Stores what is known in memory in a file that was begun anew."""
        self.on_anew: Callable[[], None] = lambda: None
        """Called when one was."""
        self._clock = clock
        self._place = self._guarded()
        # There is but one connection to what is in memory: nobody reads in another's transaction.
        self._in_turn: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if path is None else nullcontext()
        )

    @property
    def problem(self) -> str:
        """Why what is written does not survive; empty: it does."""
        return self.writer.problem

    async def read(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """The rows; raises `StoreError`. If the file is damaged, those that a new one has."""
        try:
            return await self._read(query)
        except StoreCorruptError:
            await self.write(change_nothing, is_urgent=True)
            return await self._read(query)

    async def _read(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with self._noting_damage(), translated():
            async with self._in_turn, self.engine.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
                return rows

    async def values(self, query: Select[Any], kind: type[T]) -> Sequence[T]:
        """What stands in the one column asked for; what cannot be read any more is left out."""
        rows = await self.read(query)
        return self.unreadable.all_but(kind, (row[0] for row in rows))

    async def write(self, work: Work, *, is_urgent: bool = False) -> None:
        """Do it in one transaction, whole or not at all; raises `StoreError`, at once while the
        database is away.
        """
        await self.writer.write(work, is_urgent=is_urgent)

    async def write_alone(self, work: Work) -> None:
        """The same, however long it takes, where nobody else works with it; raises `StoreError`."""
        await self._transact([work])

    async def record(
        self, work: Work, then: Callable[[], None], *, over: Callable[[], None] = lambda: None
    ) -> bool:
        """Do it now or, if the database is away, when it is back; whether it is done. `then` is
        called in either case, and `over` when nothing is left to be done about it; raises
        `StoreRefusedError` if it never can be.
        """
        return await self.writer.record(work, then, over=over)

    async def _transact(self, works: Sequence[Work]) -> None:
        if self.damage:
            await self._begin_anew()
        try:
            await self._try(works)
        except StoreCorruptError:
            await self._begin_anew()
            await self._try(works)

    async def _try(self, works: Sequence[Work]) -> None:
        with self._noting_damage(), translated():
            if self._place is not None:
                self._place.check()
            async with self._in_turn, self.engine.begin() as connection:
                if self._is_restocking:
                    await self.restock(connection)
                for work in works:
                    await work(connection)
        self._is_restocking = False

    async def free_pages(self) -> int:
        """Of the file, those that could be given back; 0 for a file that gives nothing back."""
        with self._noting_damage(), translated():
            async with self._in_turn, self.engine.connect() as connection:
                how = (await connection.exec_driver_sql("PRAGMA auto_vacuum")).scalar_one()
                free = (await connection.exec_driver_sql("PRAGMA freelist_count")).scalar_one()
                return int(free) if how == INCREMENTAL else 0

    @contextmanager
    def _noting_damage(self) -> Iterator[None]:
        try:
            yield
        except StoreCorruptError as error:
            if not self.damage:
                log.error("database_damaged", path=str(self.path), error=str(error))
            self.damage = str(error)
            raise

    async def _begin_anew(self) -> None:
        """Set the file aside and go on with a new one; raises `StoreError`, and then nothing
        changed but that it is damaged still.
        """
        if self.path is None:
            raise StoreCorruptError(self.damage)
        await self.engine.dispose()
        self.engine, loss = await anew(
            self.path, self.damage, self.unreadable, clock=self._clock, is_running=True
        )
        self.losses.append(loss)
        self.damage, self._place = "", self._guarded()
        self._is_restocking = True  # with the first write that succeeds
        self.on_anew()

    def _guarded(self) -> "Place | None":
        """Where the file is now; nothing else is connected to."""
        place = None if self.path is None else Place(self.path)
        if place is not None:
            event.listen(self.engine.sync_engine, "do_connect", place.guard)
        return place

    async def check_writable(self) -> None:
        """Write, and take it back; raises `StoreError` if it is locked, full or not writable."""
        await self.writer.try_now(_probe)

    async def check_there(self) -> None:
        """Be about to write, and write nothing; raises `StoreError` if it is gone, locked or not
        writable. Whether there is room is only seen by writing.
        """
        await self.write(change_nothing)

    def replace(self, other: "Database") -> None:
        """Be that one from now on; whoever holds this one need not know."""
        other.writer.listeners = self.writer.listeners
        kept = {"restock": self.restock, "on_anew": self.on_anew}
        vars(self).update(vars(other) | kept)
        self.writer.work_for(self._transact)

    async def close(self) -> None:
        """Store what is left, close it and let others in; safe to call twice."""
        await self.writer.close()
        await self.engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


async def change_nothing(connection: AsyncConnection) -> None:
    """As a write does; but for that."""
    await connection.execute(delete(schema_version).where(schema_version.c.version.is_(None)))


async def _probe(connection: AsyncConnection) -> None:
    """Needs room for a while: a full disk may take a row, and not the next one."""
    row = {"receiver": "", "group_key": "", "written_at": 0.0, "text": " " * PROBE_BYTES}
    await upsert_rows(connection, memos, [row])
    await connection.execute(delete(memos).where(memos.c.receiver == "", memos.c.group_key == ""))


class Place:
    """Where the file was when it was opened: what is written to a file that was moved or deleted
    is lost, though nothing fails.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = _identity(path)

    def guard(self, dialect: Dialect, *_: object) -> None:
        """Before a connection is opened: SQLite would make an empty file where there is none."""
        if _identity(self._path) is None:
            raise dialect.loaded_dbapi.OperationalError(f"{self._path} is gone")

    def check(self) -> None:
        """Raises `StoreUnavailableError` if the file is not there any more."""
        now = _identity(self._path)
        if now is None:
            raise StoreUnavailableError(f"{self._path} is gone")
        if now != self._identity:
            raise StoreUnavailableError(f"another file lies in place of {self._path}")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


async def open_database(url: str, *, clock: Clock) -> Database:
    """Open, check and migrate; raises `StoreError`."""
    parsed = _parse(url)
    path = Path(parsed.database) if parsed.database not in (None, "", ":memory:") else None
    lock = _lock(path) if path else None
    try:
        unreadable = Unreadable()
        engine, loss = await open_file(parsed, path, unreadable, clock=clock)
        return Database(engine, lock, path=path, loss=loss, unreadable=unreadable, clock=clock)
    except BaseException:
        if lock is not None:
            os.close(lock)
        raise


async def open_stand_in(problem: str, *, clock: Clock) -> Database:
    """One in memory, in place of one that cannot be opened, and why it cannot."""
    url = make_url("sqlite+aiosqlite://")
    engine = await connected(url, Unreadable())
    return Database(engine, None, stand_in_because=problem, clock=clock)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreUrlError("the storage URL cannot be read") from error
    if parsed.get_backend_name() != "sqlite":
        name = parsed.get_backend_name()
        raise StoreUrlError(f"{name} storage is not available in this version")
    return parsed.set(drivername="sqlite+aiosqlite")


def _lock(path: Path) -> int:
    """Hold `NAME.lock` for as long as the process lives: the kernel lets go of it at any death."""
    lock_path = path.with_name(path.name + ".lock")
    try:
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise StoreUnavailableError(f"cannot write to {path.parent}: {reason}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StoreInUseError(f"{path} is in use by another regwatch") from error
    return lock
