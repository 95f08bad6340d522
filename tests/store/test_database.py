"""How a database file is opened, read and written."""

import sqlite3
from pathlib import Path

import pytest
from fakes.stored import reopened, url, watched
from fakes.values import ACME, at

from regwatch.store import Store, StoreUnavailableError


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
    (aside,) = file.parent.glob("regwatch.db.corrupt-*")
    assert aside.read_bytes() == content


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
