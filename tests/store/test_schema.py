"""Databases of former versions, and of later ones."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from fakes.stored import happening, incident, notification, reopened, told, url, watched
from fakes.values import ACME, at
from msgspec import msgpack

from regwatch.core.alerts.mutes import Silence
from regwatch.core.history import Sought
from regwatch.core.matchers import Matchers
from regwatch.store import Store, StoreError, StoreVersionError
from regwatch.store.rows import (
    extension_row,
    incident_row,
    notified_row,
    outbox_row,
    silence_row,
)
from regwatch.store.schema import MIGRATIONS, metadata
from regwatch.store.sealed import opened_bytes

FIRST_TABLES = {"schema_version", "extensions", "incidents", "notified", "outbox"}


async def test_a_database_of_the_first_version_learns_to_remember(store: Store, file: Path) -> None:
    await store.outbox.enqueue(notification("n1"), [])
    await store.close()
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE memos")
        connection.execute("UPDATE schema_version SET version = 1")
    connection.close()
    again = await Store.open(url(file))
    await again.memos.remember("chat", "g", "x", at=at(1))
    assert await again.memos.recall("chat", "g") == "x"
    assert len(await again.outbox.pending("chat", limit=5)) == 1
    await again.close()


async def test_a_database_of_the_second_version_keeps_what_waits(store: Store, file: Path) -> None:
    await store.outbox.enqueue(notification("n1"), [])
    await store.outbox.enqueue(notification("n2"), [])
    await store.close()
    with sqlite3.connect(file) as connection:
        for table in ("history", "silences", "forwarded", "unheard"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("ALTER TABLE outbox DROP COLUMN may_have_arrived")
        connection.execute("ALTER TABLE outbox DROP COLUMN refused_at")
        connection.execute("UPDATE outbox SET attempts = 2 WHERE notification_id = 'n1'")
        connection.execute("UPDATE schema_version SET version = 2")
    connection.close()
    again = await Store.open(url(file))
    waiting = await again.outbox.pending("chat", limit=5)
    assert [(e.notification.id, e.may_have_arrived) for e in waiting] == [
        ("n1", True), ("n2", False),
    ]  # fmt: skip
    assert list(await again.operations.history(Sought())) == []
    await again.close()


async def test_a_newer_database_is_refused(store: Store, file: Path) -> None:
    await store.close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    with pytest.raises(StoreVersionError, match=f"knows up to {len(MIGRATIONS)}"):
        await Store.open(url(file))


def shape(file: Path) -> dict[str, set[tuple[object, ...]]]:
    """Of each table, its columns: name, type, whether it must be filled, place in the key; and of
    all, the indexes.
    """
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
        tables = [name for kind, name in rows if kind == "table"]
        columns = {
            name: {
                (column, kind, must, key)
                for _, column, kind, must, _, key in connection.execute(
                    f"PRAGMA table_info({name})"
                )
            }
            for name in tables
        }
    connection.close()
    return columns | {"indexes": {(name,) for kind, name in rows if kind == "index"}}


def set_back(file: Path) -> None:
    """To the first version."""
    with sqlite3.connect(file) as connection:
        for table in metadata.tables.keys() - FIRST_TABLES:
            connection.execute(f"DROP TABLE {table}")
        for column in ("may_have_arrived", "refused_at"):
            connection.execute(f"ALTER TABLE outbox DROP COLUMN {column}")
        connection.execute("ALTER TABLE extensions DROP COLUMN revision")
        connection.execute("UPDATE schema_version SET version = 1")
    connection.close()


async def test_an_old_database_becomes_what_a_new_one_is(store: Store, file: Path) -> None:
    await store.close()
    new = shape(file)
    set_back(file)
    assert shape(file) != new
    again = await Store.open(url(file))
    await again.close()
    assert shape(file) == new


async def test_opening_a_current_database_changes_nothing_of_it(store: Store, file: Path) -> None:
    before = shape(file)
    again = await reopened(store, file)
    await again.close()
    assert shape(file) == before


async def test_a_migration_that_is_cut_short_leaves_the_database_as_it_was(
    store: Store, file: Path
) -> None:
    await store.close()
    set_back(file)
    with sqlite3.connect(file) as connection:  # the last migration will stumble over it
        connection.execute("ALTER TABLE outbox ADD COLUMN may_have_arrived BOOLEAN")
    connection.close()
    before = shape(file)
    with pytest.raises(StoreError, match="duplicate column name"):
        await Store.open(url(file))
    assert shape(file) == before


# --- a database of the fifth version, as it was released -----------------------------------------

FIFTH = Path(__file__).with_name("version-5.sql")


def plain(row: Mapping[str, object]) -> dict[str, object]:
    """As it was stored before values were sealed."""
    return {
        name: opened_bytes(value) if isinstance(value, bytes) else value
        for name, value in row.items()
        if name != "revision"
    }


def a_full_one(file: Path) -> None:
    message = notification("n1")
    rows: dict[str, dict[str, object]] = {
        "extensions": plain(extension_row(ACME, watched(1), b"m", revision=0)),
        "incidents": plain(incident_row(incident("i1"))),
        "notified": plain(notified_row(told("i1"))),
        "outbox": plain(outbox_row(message)),
        "forwarded": {"receiver": "chat", "incident_id": "i1"},
        "unheard": {"receiver": "chat", "in_place_of": "", "incident_id": "i1"},
        "memos": {"receiver": "chat", "group_key": "g", "written_at": at(1), "text": "x"},
        "history": {"at": at(1), "account": "acme", "happening": msgpack.encode(happening(1))},
        "silences": plain(silence_row(SILENCE)),
        "schema_version": {"version": 5},
    }
    with sqlite3.connect(file) as connection:
        connection.executescript(FIFTH.read_text())
        for table, row in rows.items():
            marks = ", ".join("?" for _ in row)
            insert = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"
            connection.execute(insert, tuple(row.values()))
    connection.close()


SILENCE = Silence(
    id="s1", matchers=Matchers.of({"site": "riga"}), starts_at=at(1), ends_at=at(9),
    author="anna", comment="router", created_at=at(1),
)  # fmt: skip


async def test_a_database_of_the_fifth_version_goes_on_with_all_it_holds(file: Path) -> None:
    a_full_one(file)
    for _ in range(2):
        store = await Store.open(url(file))
        assert list((await store.accounts.load(ACME)).watched) == [(watched(1), b"m")]
        assert list(await store.incidents.open_incidents()) == [incident("i1")]
        assert list(await store.outbox.notified()) == [told("i1")]
        (entry,) = await store.outbox.pending("chat", limit=5)
        assert entry.notification.id == "n1"
        assert list(await store.outbox.unheard("chat")) == [("", "i1")]
        assert list(await store.outbox.forwarded([incident("i1").id], receiver="chat")) == ["i1"]
        assert await store.memos.recall("chat", "g") == "x"
        assert list(await store.operations.history(Sought())) == [happening(1)]
        assert list(await store.operations.silences()) == [SILENCE]
        assert store.take_unreadable() == 0
        await store.close()


async def test_a_database_of_the_fifth_version_becomes_what_a_new_one_is(
    store: Store, file: Path, tmp_path: Path
) -> None:
    await store.close()
    old = tmp_path / "old.db"
    a_full_one(old)
    again = await Store.open(url(old))
    await again.close()
    assert shape(old) == shape(file)
    with sqlite3.connect(old) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,), "it shrinks from now on"
    connection.close()
