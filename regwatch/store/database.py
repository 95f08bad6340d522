"""One database file: how it is opened, read and written. One daemon at a time, and never in the way
of watching.

A file that cannot be read is moved aside, loudly, and a new one is begun: the phones are watched
even if their past is lost.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Row, Select, delete, event
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from regwatch.clock import Clock
from regwatch.store.errors import (
    StoreCorruptError,
    StoreInUseError,
    StoreUnavailableError,
    StoreUrlError,
    translated,
)
from regwatch.store.rows import decoded, upsert_rows
from regwatch.store.schema import memos, migrate
from regwatch.store.writer import Work, Writer

BUSY_SECONDS = 3.0
"""How long SQLite waits for another process, such as a backup, to let go of the file: less than
the writer's patience, so that it is known why it takes so long."""

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
        stand_in_because: str = "",
    ) -> None:
        """`path`: of its file; None: it is in memory. `stand_in_because`: why the one that was
        asked for could not be opened; empty: this is it.
        """
        self.engine = engine
        self.writer = Writer(self._transact, _probe, stand_in_because=stand_in_because)
        self.path = path
        self._lock = lock
        self._place = None if path is None else Place(path)
        if self._place is not None:
            event.listen(engine.sync_engine, "do_connect", self._place.guard)
        # There is but one connection to what is in memory: nobody reads in another's transaction.
        self._in_turn: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if path is None else nullcontext()
        )

    @property
    def problem(self) -> str:
        """Why what is written does not survive; empty: it does."""
        return self.writer.problem

    async def read(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """The rows; raises `StoreError`."""
        with translated():
            async with self._in_turn, self.engine.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
                return rows

    async def values(self, query: Select[Any], kind: type[T]) -> Sequence[T]:
        """What stands in the one column asked for; what cannot be read any more is left out."""
        found = (decoded(stored, kind) for (stored,) in await self.read(query))
        return [value for value in found if value is not None]

    async def write(self, work: Work, *, is_urgent: bool = False) -> None:
        """Do it in one transaction, whole or not at all; raises `StoreError`, at once while the
        database is away.
        """
        await self.writer.write(work, is_urgent=is_urgent)

    async def record(self, work: Work, then: Callable[[], None]) -> bool:
        """Do it now or, if the database is away, when it is back; whether it is done. `then` is
        called in either case; raises `StoreRefusedError` if it never can be.
        """
        return await self.writer.record(work, then)

    async def _transact(self, works: Sequence[Work]) -> None:
        with translated():
            if self._place is not None:
                self._place.check()
            async with self._in_turn, self.engine.begin() as connection:
                for work in works:
                    await work(connection)

    async def check_writable(self) -> None:
        """Write, and take it back; raises `StoreError` if it is locked, full or not writable."""
        await self.writer.try_now(_probe)

    def replace(self, other: "Database") -> None:
        """Be that one from now on; whoever holds this one need not know."""
        other.writer.listeners = self.writer.listeners
        vars(self).update(vars(other))

    async def close(self) -> None:
        """Store what is left, close it and let others in; safe to call twice."""
        await self.writer.close()
        await self.engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


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
        return Database(await _open(parsed, path, clock), lock, path=path)
    except BaseException:
        if lock is not None:
            os.close(lock)
        raise


async def open_stand_in(problem: str, *, clock: Clock) -> Database:
    """One in memory, in place of one that cannot be opened, and why it cannot."""
    url = make_url("sqlite+aiosqlite://")
    return Database(await _open(url, None, clock), None, stand_in_because=problem)


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
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise StoreUnavailableError(f"cannot write to {path.parent}: {reason}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StoreInUseError(f"{path} is in use by another regwatch") from error
    return lock


async def _open(url: URL, path: Path | None, clock: Clock) -> AsyncEngine:
    try:
        return await _connect(url)
    except StoreCorruptError as error:
        if path is None:
            raise
        aside = _move_aside(path, clock)
        log.error("database_corrupt", path=str(path), moved_to=str(aside), error=str(error))
        return await _connect(url)


def _move_aside(path: Path, clock: Clock) -> Path:
    aside = path.with_name(f"{path.name}.corrupt-{clock():.0f}")
    with translated():
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    return aside


async def _connect(url: URL) -> AsyncEngine:
    engine = create_async_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    try:
        with translated():
            async with engine.begin() as connection:
                # Python's driver begins a transaction before rows change, not before tables do:
                # killed half way, a migration would leave what the next start stumbles over.
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
                await connection.run_sync(migrate)
                check = await connection.exec_driver_sql("PRAGMA quick_check(1)")
                if (verdict := check.scalar()) != "ok":
                    raise StoreCorruptError(str(verdict))
    except BaseException:
        await engine.dispose()
        raise
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    """WAL, so that readers never wait. FULL, so that a commit survives a power cut: incidents and
    messages share their transactions with the extensions, and 1.1 to 1.6 times the cost of NORMAL
    for those is little at one commit a poll.
    """
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
