"""How a database file is opened, read and written."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from fakes.stored import reopened, url, watched
from fakes.values import ACME, at
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.store import Store, StoreUnavailableError, StoreVersionError
from regwatch.store.database import Database, open_database
from regwatch.store.rows import upsert_rows
from regwatch.store.schema import MIGRATIONS, memos


async def test_one_regwatch_at_a_time(store: Store, file: Path) -> None:
    with pytest.raises(StoreUnavailableError, match=f"{file} is in use by another regwatch"):
        await Store.open(url(file))
    again = await reopened(store, file)
    await again.close()


@pytest.mark.parametrize(
    "content", [b"this is no database" * 100, b"SQLite format 3\0" + b"x" * 4096]
)
async def test_a_corrupt_file_is_moved_aside_and_watching_begins_anew(
    file: Path, content: bytes
) -> None:
    file.write_bytes(content)
    store = await Store.open(url(file), clock=lambda: at(0))
    await store.accounts.save(ACME, watched=[(watched(1), b"")])
    await store.close()
    aside = file.with_name("regwatch.db.corrupt-20270115T080000Z")
    assert aside.read_bytes() == content
    assert "Reason: " in aside.with_name(f"{aside.name}.reason").read_text()


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="missing: no such file or directory"):
        await Store.open(url(tmp_path / "missing" / "regwatch.db"))


@pytest.mark.parametrize("bad", ["postgresql://db/regwatch", "mysql://x"])
async def test_other_databases_are_refused_by_name(bad: str) -> None:
    with pytest.raises(StoreUnavailableError, match="not available"):
        await Store.open(bad)


async def test_an_unreadable_url_is_refused() -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        await Store.open("::")


async def test_closing_twice_is_harmless(file: Path) -> None:
    store = await Store.open(url(file))
    await store.close()
    await store.close()


async def test_a_locked_database_is_our_error_not_the_librarys(store: Store, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store_error = None
    try:
        await store.accounts.save(ACME, watched=[(watched(1), b"")])
    except StoreUnavailableError as error:
        store_error = str(error)
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert store_error == "database is locked"


async def test_a_file_that_was_refused_is_locked_no_more(store: Store, file: Path) -> None:
    await store.close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    with pytest.raises(StoreVersionError):
        await Store.open(url(file))
    with connection:
        connection.execute(f"UPDATE schema_version SET version = {len(MIGRATIONS)}")
    connection.close()
    again = await Store.open(url(file))
    await again.close()


async def test_a_file_that_is_gone_is_away_until_it_is_there_again(tmp_path: Path) -> None:
    state, elsewhere, held = tmp_path / "state", tmp_path / "elsewhere", list[str]()
    state.mkdir()
    file = state / "regwatch.db"
    database = await open_database(url(file), clock=lambda: at(0))
    await database.engine.dispose()  # whoever connects anew makes no empty one in its place
    state.rename(elsewhere)
    state.mkdir()
    with pytest.raises(StoreUnavailableError, match="gone"):
        await noted(database)
    assert not await database.record(noting("later"), lambda: held.append("later"))
    assert held == ["later"]
    assert not file.exists()
    file.touch()
    with pytest.raises(StoreUnavailableError, match="another file"):
        await database.check_writable()
    file.unlink()
    state.rmdir()
    elsewhere.rename(state)
    await database.check_writable()
    assert await noted(database) == ["later"]
    await database.close()


# --- reading and writing ----------------------------------------------------------------------


@pytest.fixture
async def database(file: Path) -> AsyncIterator[Database]:
    opened = await open_database(url(file), clock=lambda: at(0))
    yield opened
    await opened.close()


def noting(text: str) -> Callable[[AsyncConnection], Awaitable[None]]:
    async def work(connection: AsyncConnection) -> None:
        row = {"receiver": "chat", "group_key": text, "written_at": at(1), "text": text}
        await upsert_rows(connection, memos, [row])

    return work


async def noted(database: Database) -> list[str]:
    return [row.text for row in await database.read(select(memos.c.text))]


async def test_a_write_is_done_whole_or_not_at_all(database: Database) -> None:
    async def fails(connection: AsyncConnection) -> None:
        await noting("first")(connection)
        raise KeyError("a bug of ours")

    with pytest.raises(KeyError):
        await database.write(fails)
    assert await noted(database) == []
    await database.write(noting("second"))
    assert await noted(database) == ["second"]


async def test_writers_wait_for_each_other_and_readers_for_nobody(database: Database) -> None:
    seen: list[object] = []
    may_go_on = asyncio.Event()

    async def slow(connection: AsyncConnection) -> None:
        await noting("slow")(connection)
        await may_go_on.wait()
        seen.append("slow done")

    async def quick(connection: AsyncConnection) -> None:
        seen.append("quick begun")
        await noting("quick")(connection)

    async with asyncio.TaskGroup() as group:
        group.create_task(database.write(slow))
        await asyncio.sleep(0)
        group.create_task(database.write(quick))
        seen.append(await noted(database))
        may_go_on.set()
    assert seen == [[], "slow done", "quick begun"]
    assert await noted(database) == ["slow", "quick"]


async def test_what_is_written_survives_a_power_cut_on_every_connection(
    database: Database,
) -> None:
    async with database.engine.connect() as one, database.engine.connect() as other:
        for connection in (one, other):
            full = await connection.exec_driver_sql("PRAGMA synchronous")
            log = await connection.exec_driver_sql("PRAGMA journal_mode")
            assert (full.scalar(), log.scalar()) == (2, "wal")


async def test_a_file_that_takes_nothing_is_found_out_without_writing(database: Database) -> None:
    await database.write(noting("before"))
    await database.check_writable()
    event.listen(database.engine.sync_engine, "checkout", read_only)
    with pytest.raises(StoreUnavailableError, match="readonly"):
        await database.check_writable()
    assert await noted(database) == ["before"]


def read_only(connection: Any, *_: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


async def test_a_database_in_memory_needs_no_lock() -> None:
    one = await open_database("sqlite://", clock=lambda: at(0))
    other = await open_database("sqlite://", clock=lambda: at(0))
    await one.write(noting("of one"))
    assert (await noted(one), await noted(other)) == (["of one"], [])
    await one.close()
    await other.close()


async def test_that_it_is_gone_is_found_without_a_write(store: Store, file: Path) -> None:
    log = file.with_name(f"{file.name}-wal")
    await store.check_there()
    size = log.stat().st_size
    await store.check_there()
    assert log.stat().st_size == size
    assert store.problem == ""
    file.rename(file.with_name("elsewhere"))
    with pytest.raises(StoreUnavailableError, match="is gone"):
        await store.check_there()
    assert "is gone" in store.problem
