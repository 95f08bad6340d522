"""Databases of former versions, and of later ones."""

import sqlite3
from pathlib import Path

import pytest
from fakes.stored import notification, reopened, url
from fakes.values import at

from regwatch.core.history import Sought
from regwatch.store import Store, StoreError, StoreVersionError
from regwatch.store.schema import MIGRATIONS, metadata

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
        for table in ("history", "silences", "forwarded"):
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
