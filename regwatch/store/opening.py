"""How a database file is opened: examined before anything of it is changed, brought to the current
schema, checked; and set aside if it is damaged.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from regwatch.clock import Clock
from regwatch.store.errors import StoreCorruptError, translated
from regwatch.store.examination import check_pages, check_shape, drop_unfit, examine
from regwatch.store.files import Aside, make_private, set_aside
from regwatch.store.salvage import salvage
from regwatch.store.schema import migrate
from regwatch.store.unreadable import Unreadable

BUSY_SECONDS = 3.0
"""How long SQLite waits for another process, such as a backup, to let go of the file: less than
the writer's patience, so that it is known why it takes so long."""
REWRITTEN_BYTES = 32_000_000
"""At the start, in less than a second."""
INCREMENTAL = 2
WAL_PAGES = 1000
"""After so many of them the log is taken over into the file."""
WAL_BYTES = 64_000_000
"""What is left of a log that grew longer than usual, once it is taken over."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Loss:
    """A database that was damaged."""

    aside: Aside
    kept: Mapping[str, int] = field(default_factory=dict)
    """Rows of it that are in the new one, by table."""
    is_running: bool = False
    """Whether it was found while running: what is known in memory is stored again, too."""


async def open_file(
    url: URL, path: Path | None, unreadable: Unreadable, *, clock: Clock
) -> tuple[AsyncEngine, Loss | None]:
    """Open or make it; raises `StoreError`. With it, what became of a damaged one."""
    if path is None:
        return await connected(url, unreadable), None
    try:
        with translated():
            await asyncio.to_thread(make_private, path)
            await asyncio.to_thread(examine, path, timeout_seconds=BUSY_SECONDS)
        return await connected(url, unreadable), None
    except StoreCorruptError as error:
        return await anew(path, str(error), unreadable, clock=clock)


async def anew(
    path: Path, reason: str, unreadable: Unreadable, *, clock: Clock, is_running: bool = False
) -> tuple[AsyncEngine, Loss]:
    """Set the file aside and begin another with what can be read of it; raises `StoreError`."""
    with translated():
        aside = await asyncio.to_thread(set_aside, path, reason, at=clock())
        await asyncio.to_thread(make_private, path)
    log.error("database_corrupt", path=str(path), moved_to=str(aside.path), error=reason)
    engine = await connected(URL.create("sqlite+aiosqlite", database=str(path)), unreadable)
    kept = await asyncio.to_thread(salvage, aside.path, path)
    with translated():
        async with engine.begin() as connection:
            unreadable.note_dropped(await connection.run_sync(drop_unfit))
    log.warning("database_begun_anew", path=str(path), **kept)
    return engine, Loss(aside, kept, is_running=is_running)


async def connected(url: URL, unreadable: Unreadable) -> AsyncEngine:
    """Ready to be worked with; raises `StoreError`."""
    engine = create_async_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine.sync_engine, "connect", _set_up)
    try:
        with translated():
            async with engine.begin() as connection:
                # Python's driver begins a transaction before rows change, not before tables do:
                # killed half way, a migration would leave what the next start stumbles over.
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
                await connection.run_sync(migrate)
                await connection.run_sync(check_shape)
                await connection.run_sync(check_pages)
                unreadable.note_dropped(await connection.run_sync(drop_unfit))
    except BaseException:
        await engine.dispose()
        raise
    await _let_it_shrink(engine)
    return engine


async def _let_it_shrink(engine: AsyncEngine) -> None:
    """A file that was made before freed pages were given back is written anew once, if it is small;
    a large one goes on using them itself, and a person may do it.
    """
    free = engine.execution_options(isolation_level="AUTOCOMMIT")
    try:
        async with free.connect() as connection:
            if await _pragma(connection, "auto_vacuum") == INCREMENTAL:
                return
            pages, size = (
                await _pragma(connection, "page_count"),
                await _pragma(connection, "page_size"),
            )
            if pages * size > REWRITTEN_BYTES:
                log.info("database_does_not_shrink", bytes=pages * size)
                return
            await connection.exec_driver_sql("PRAGMA auto_vacuum=INCREMENTAL")
            await connection.exec_driver_sql("VACUUM")
    except SQLAlchemyError as error:  # no room for a second one, or a reader: the next start tries
        log.info("database_not_rewritten", error=str(error.__cause__ or error))


async def _pragma(connection: AsyncConnection, name: str) -> int:
    return int((await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one())


def _set_up(connection: Any, _record: object) -> None:
    """WAL, so that readers never wait. FULL, so that a commit survives a power cut: incidents and
    messages share their transactions with the extensions, and 1.1 to 1.6 times the cost of NORMAL
    for those is little at one commit a poll.
    """
    # One broken character costs its own row, not all that is read with it.
    connection.driver_connection.text_factory = lambda text: text.decode(errors="replace")
    cursor = connection.cursor()
    cursor.execute("PRAGMA page_count")
    if cursor.fetchone() == (0,):
        # Of a file, before it has tables: freed pages are given back, in pieces. Of one that has
        # some it would be a write, with each connection.
        cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"wal_autocheckpoint={WAL_PAGES}",
        f"journal_size_limit={WAL_BYTES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
