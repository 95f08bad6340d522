"""What can still be read of a database that was set aside."""

import sqlite3
from pathlib import Path

import pytest
from fakes.stored import happening, incident, notification, told, url, watched
from fakes.values import ACME, at

from regwatch.core.history import Sought
from regwatch.store import Store
from regwatch.store import salvage as module
from regwatch.store.salvage import salvage

LINES = 3000


async def full(file: Path) -> None:
    store = await Store.open(url(file))
    await store.accounts.save(
        ACME,
        watched=[(watched(n), b"m") for n in range(1, 101)],
        incidents=[incident("i1")],
        happenings=[happening(n) for n in range(LINES)],
    )
    await store.outbox.enqueue(notification("n1"), [told("i1")])
    await store.memos.remember("chat", "g", "x", at=at(1))
    await store.close()


async def saved_from(file: Path, tmp_path: Path) -> tuple[Store, dict[str, int]]:
    new = tmp_path / "new.db"
    store = await Store.open(url(new))
    kept = dict(salvage(file, new))
    await store.outbox.load()
    return store, kept


async def test_of_a_sound_one_all_is_kept(file: Path, tmp_path: Path) -> None:
    await full(file)
    store, kept = await saved_from(file, tmp_path)
    assert {name: count for name, count in kept.items() if count} == {
        "extensions": 100, "incidents": 1, "notified": 1, "outbox": 1, "memos": 1,
        "history": LINES + 1,
    }  # fmt: skip
    assert len((await store.accounts.load(ACME)).watched) == 100
    assert [e.notification.id for e in await store.outbox.pending("chat", limit=5)] == ["n1"]
    assert len(await store.operations.history(Sought(limit=2 * LINES))) == LINES + 1
    await store.close()


async def test_damaged_pages_cost_what_stood_on_them(file: Path, tmp_path: Path) -> None:
    await full(file)
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 8192] = bytes(8192)
    file.write_bytes(content)
    store, kept = await saved_from(file, tmp_path)
    assert kept["extensions"] == 100
    assert LINES - 200 < kept["history"] < LINES + 1
    await store.close()


@pytest.mark.parametrize(
    ("damage", "table"),
    [
        pytest.param("UPDATE outbox SET notification = x'c100'", "outbox", id="a check sum"),
        pytest.param(
            "UPDATE outbox SET receiver = CAST(x'63ff' AS TEXT)", "outbox", id="a character"
        ),
        pytest.param("DROP TABLE outbox", "outbox", id="a table"),
    ],
)
async def test_a_broken_row_is_left_behind(
    file: Path, tmp_path: Path, damage: str, table: str
) -> None:
    await full(file)
    with sqlite3.connect(file) as connection:
        connection.execute(damage)
    connection.close()
    store, kept = await saved_from(file, tmp_path)
    assert (kept[table], kept["extensions"]) == (0, 100)
    await store.close()


async def test_a_table_that_is_not_understood_hides_no_other(file: Path, tmp_path: Path) -> None:
    await full(file)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE x(' WHERE name = 'outbox'")
    connection.close()
    store, kept = await saved_from(file, tmp_path)
    assert (kept.get("outbox", 0), kept["extensions"]) == (0, 100)
    await store.close()


async def test_nothing_can_be_read_of_what_is_no_database(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"no database" * 1000)
    store, kept = await saved_from(file, tmp_path)
    assert not any(kept.values())
    await store.close()


async def test_it_takes_a_bounded_time(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await full(file)
    monkeypatch.setattr(module, "MOST_SECONDS", -1.0)
    store, kept = await saved_from(file, tmp_path)
    assert not any(kept.values())
    await store.close()
