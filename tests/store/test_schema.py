"""Databases of former versions, and of later ones."""

import sqlite3
from pathlib import Path

import pytest
from fakes.stored import notification, url
from fakes.values import at

from regwatch.core.history import Sought
from regwatch.store import Store, StoreVersionError
from regwatch.store.schema import MIGRATIONS


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
