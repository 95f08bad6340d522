"""One database file: how it is opened, read and written. One daemon at a time, and never in the way
of watching.

A file that cannot be read is moved aside, loudly, and a new one is begun: the phones are watched
even if their past is lost.
"""

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Row, Select, delete, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from regwatch.clock import Clock
from regwatch.store.errors import StoreCorruptError, StoreUnavailableError, translated
from regwatch.store.schema import migrate, schema_version
from regwatch.store.unreadable import Unreadable

BUSY_SECONDS = 5.0
"""How long SQLite waits for another process, such as a backup, to let go of the file."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Database:
    """An open database and the lock that keeps others out."""

    def __init__(self, engine: AsyncEngine, lock: int | None) -> None:
        self.engine = engine
        self._lock = lock
        self._writing = asyncio.Lock()
        self.unreadable = Unreadable()

    async def read(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """The rows; raises `StoreError`."""
        with translated():
            async with self.engine.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
                return rows

    async def values(self, query: Select[Any], kind: type[T]) -> Sequence[T]:
        """What stands in the one column asked for; what cannot be read any more is left out."""
        rows = await self.read(query)
        return self.unreadable.all_but(kind, (row[0] for row in rows))

    async def write(self, work: Callable[[AsyncConnection], Awaitable[None]]) -> None:
        """Do it in one transaction, whole or not at all; raises `StoreError`."""
        with translated():
            # One writer at a time: SQLite knows no more, and waiting here is fairer than there.
            async with self._writing, self.engine.begin() as connection:
                await work(connection)

    async def check_writable(self) -> None:
        """Write, and take it back; raises `StoreError` if another process keeps it locked."""
        nothing = delete(schema_version).where(schema_version.c.version.is_(None))
        with translated():
            async with self._writing, self.engine.connect() as connection:
                await connection.execute(nothing)
                await connection.rollback()

    async def close(self) -> None:
        """Close it and let others in; safe to call twice."""
        await self.engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


async def open_database(url: str, *, clock: Clock) -> Database:
    """Open, check and migrate; raises `StoreError`."""
    parsed = _parse(url)
    path = Path(parsed.database) if parsed.database not in (None, "", ":memory:") else None
    lock = _lock(path) if path else None
    try:
        return Database(await _open(parsed, path, clock), lock)
    except BaseException:
        if lock is not None:
            os.close(lock)
        raise


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreUnavailableError("the storage URL cannot be read") from error
    if parsed.get_backend_name() != "sqlite":
        name = parsed.get_backend_name()
        raise StoreUnavailableError(f"{name} storage is not available in this version")
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
        raise StoreUnavailableError(f"{path} is in use by another regwatch") from error
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
