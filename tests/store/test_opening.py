"""How a database file is opened, and what becomes of one that is damaged, then or later."""

import sqlite3
from pathlib import Path

import pytest
from fakes.stored import happening, incident, notification, told, url, watched
from fakes.values import ACME, at
from sqlalchemy import text
from structlog.testing import capture_logs

from regwatch.core.history import Sought
from regwatch.store import Store, StoreError, opening


async def pragma(store: Store, name: str) -> object:
    async with store._database.engine.connect() as connection:
        return (await connection.execute(text(f"PRAGMA {name}"))).scalar()


async def test_a_new_file_is_private_shrinks_and_keeps_its_log_short(
    store: Store, file: Path
) -> None:
    await store.accounts.save(ACME, watched=[(watched(1), b"")])
    assert await pragma(store, "auto_vacuum") == opening.INCREMENTAL
    assert await pragma(store, "journal_size_limit") == opening.WAL_BYTES
    assert await pragma(store, "wal_autocheckpoint") == opening.WAL_PAGES
    names = {each.name: oct(each.stat().st_mode & 0o777) for each in file.parent.iterdir()}
    assert set(names) == {"regwatch.db", "regwatch.db-wal", "regwatch.db-shm", "regwatch.db.lock"}
    assert set(names.values()) == {"0o600"}


def does_not_shrink(file: Path) -> None:
    with sqlite3.connect(file, isolation_level=None) as connection:
        connection.execute("PRAGMA auto_vacuum=NONE")
        connection.execute("VACUUM")
    connection.close()


async def test_a_small_file_that_does_not_shrink_learns_to(store: Store, file: Path) -> None:
    await store.accounts.save(ACME, watched=[(watched(1), b"")])
    await store.close()
    does_not_shrink(file)
    again = await Store.open(url(file))
    assert await pragma(again, "auto_vacuum") == opening.INCREMENTAL
    assert len((await again.accounts.load(ACME)).watched) == 1
    await again.close()


async def test_a_large_one_is_left_as_it_is_and_it_is_said(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.close()
    does_not_shrink(file)
    monkeypatch.setattr(opening, "REWRITTEN_BYTES", 10)
    with capture_logs() as logs:
        again = await Store.open(url(file))
    assert await pragma(again, "auto_vacuum") == 0
    assert [line["event"] for line in logs] == ["database_does_not_shrink"]
    assert await again._database.free_pages() == 0
    await again.close()


# --- damage while running -----------------------------------------------------------------------


async def full(store: Store) -> None:
    held = [(watched(n), b"m") for n in range(1, 50)]
    await store.accounts.save(ACME, watched=held, incidents=[incident("i1")])
    await store.outbox.enqueue(notification("n1"), [told("i1")])
    await store.accounts.save(ACME, watched=(), happenings=[happening(n) for n in range(500)])


def damage(file: Path) -> None:
    """Of every page but the first few, as a disk leaves it; SQLite finds out as it reads them."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    size = file.stat().st_size
    with file.open("r+b") as disk:
        disk.seek(4096)
        disk.write(b"\xff" * (size - 4096))


async def forget_pages(store: Store) -> None:
    """What SQLite holds of the file in memory."""
    await store._database.engine.dispose()


async def test_damage_found_by_a_write_costs_nothing_that_is_known(
    store: Store, file: Path
) -> None:
    await full(store)
    begun: list[str] = []
    store.on_anew(lambda: begun.append("anew"))
    damage(file)
    await forget_pages(store)
    with capture_logs() as logs:
        await store.accounts.save(ACME, watched=[(watched(1), b"n")])
    assert begun == ["anew"]
    (loss,) = store.take_losses()
    assert loss.is_running
    assert loss.aside.path.exists()
    assert {"database_damaged", "database_corrupt", "database_begun_anew"} <= {
        line["event"] for line in logs
    }
    assert store.damage == ""
    await store.close()
    again = await Store.open(url(file))
    assert [e.notification.id for e in await again.outbox.pending("chat", limit=5)] == ["n1"]
    assert list(await again.outbox.notified()) == [told("i1")]
    assert [w.extension.id for w, _ in (await again.accounts.load(ACME)).watched] == [1]
    await again.close()


async def test_damage_found_by_a_read_is_put_right_at_once(store: Store, file: Path) -> None:
    await full(store)
    damage(file)
    await forget_pages(store)
    assert len(await store.operations.history(Sought())) == 0
    assert len(store.take_losses()) == 1
    await store.memos.remember("chat", "g", "x", at=at(1))
    assert await store.memos.recall("chat", "g") == "x"


async def test_a_table_that_is_gone_is_damage(store: Store, file: Path) -> None:
    await full(store)
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE history")
    connection.close()
    assert list(await store.operations.history(Sought())) == []
    (loss,) = store.take_losses()
    assert "no such table" in loss.aside.reason
    assert loss.kept["extensions"] == 49


async def test_what_cannot_be_set_aside_stays_and_is_said(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise OSError("permission denied")

    await full(store)
    damage(file)
    await forget_pages(store)
    monkeypatch.setattr(opening, "set_aside", denied)
    with pytest.raises(StoreError):
        await store.operations.history(Sought())
    assert store.damage
    assert store.take_losses() == []
    assert [e.notification.id for e in await store.outbox.pending("chat", limit=5)] == ["n1"]


async def test_whoever_only_reads_waits_for_no_writer(store: Store, file: Path) -> None:
    await full(store)
    await forget_pages(store)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert len((await store.accounts.load(ACME)).watched) == 49
    other.close()
