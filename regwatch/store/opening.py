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
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from regwatch.clock import Clock
from regwatch.store.errors import StoreCorruptError, translated
from regwatch.store.examination import check_pages, check_shape, drop_unfit, examine
from regwatch.store.files import Aside, make_private, set_aside
from regwatch.store.salvage import salvage
from regwatch.store.schema import migrate

BUSY_SECONDS = 4.0
"""How long SQLite waits for another process, such as a backup, to let go of the file: less than
the writer's patience, so that it is known why it takes so long."""
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


async def open_file(url: URL, path: Path | None, clock: Clock) -> tuple[AsyncEngine, Loss | None]:
    """Open or make it; raises `StoreError`. With it, what became of a damaged one."""
    if path is None:
        return await connected(url), None
    try:
        with translated():
            await asyncio.to_thread(make_private, path)
            await asyncio.to_thread(examine, path, timeout_seconds=BUSY_SECONDS)
        return await connected(url), None
    except StoreCorruptError as error:
        return await anew(path, str(error), clock)


async def anew(
    path: Path, reason: str, clock: Clock, *, is_running: bool = False
) -> tuple[AsyncEngine, Loss]:
    """Set the file aside and begin another with what can be read of it; raises `StoreError`."""
    with translated():
        aside = await asyncio.to_thread(set_aside, path, reason, at=clock())
        await asyncio.to_thread(make_private, path)
    log.error("database_corrupt", path=str(path), moved_to=str(aside.path), error=reason)
    engine = await connected(URL.create("sqlite+aiosqlite", database=str(path)))
    kept = await asyncio.to_thread(salvage, aside.path, path)
    with translated():
        async with engine.begin() as connection:
            await connection.run_sync(drop_unfit)
    log.warning("database_begun_anew", path=str(path), **kept)
    return engine, Loss(aside, kept, is_running=is_running)


async def connected(url: URL) -> AsyncEngine:
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
                dropped = await connection.run_sync(drop_unfit)
    except BaseException:
        await engine.dispose()
        raise
    if dropped:
        log.error("stored_rows_unfit", count=dropped)
    return engine


def _set_up(connection: Any, _record: object) -> None:
    """WAL, so that readers never wait. FULL, so that a commit survives a power cut: incidents and
    messages share their transactions with the extensions, and 1.1 to 1.6 times the cost of NORMAL
    for those is little at one commit a poll.
    """
    # One broken character costs its own row, not all that is read with it.
    connection.driver_connection.text_factory = lambda text: text.decode(errors="replace")
    cursor = connection.cursor()
    # Of the file, and so before it has tables: freed pages are given back, in pieces.
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
