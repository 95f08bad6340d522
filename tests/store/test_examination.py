"""Whether a file is a database of ours, and sound."""

import hashlib
import sqlite3
from pathlib import Path

import pytest
from fakes.stored import incident, told, url, watched
from fakes.values import ACME
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.store import Store, StoreCorruptError, StoreUnavailableError, StoreVersionError
from regwatch.store.errors import StoreUrlError
from regwatch.store.examination import examine
from regwatch.store.rows import notified_row, upsert_rows
from regwatch.store.schema import notified


async def made(file: Path) -> None:
    store = await Store.open(url(file))
    await store.accounts.save(ACME, watched=[(watched(n), b"") for n in (1, 2)])
    await store.close()


def change(file: Path, *statements: str) -> None:
    with sqlite3.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def test_a_sound_one_and_an_empty_one_are_taken(file: Path) -> None:
    file.touch()
    examine(file, timeout_seconds=1)
    await made(file)
    examine(file, timeout_seconds=1)


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        pytest.param(["DROP TABLE schema_version"], "schema_version is missing", id="no version"),
        pytest.param(["DELETE FROM schema_version"], "schema version", id="none in it"),
        pytest.param(["UPDATE schema_version SET version = 'six'"], "six", id="of another type"),
        pytest.param(["UPDATE schema_version SET version = -1"], "-1", id="below all"),
        pytest.param(["INSERT INTO schema_version VALUES (6)"], "6", id="two of them"),
    ],
)
async def test_a_damaged_version_is_found(file: Path, statements: list[str], reason: str) -> None:
    await made(file)
    change(file, *statements)
    with pytest.raises(StoreCorruptError, match=reason):
        examine(file, timeout_seconds=1)


@pytest.mark.parametrize(
    ("at_byte", "value"),
    [(0, 0), (18, 3), (19, 9), (47, 9), (100, 0)],
    ids=["no database", "a later format", "a later format to read", "a later schema", "no table"],
)
async def test_a_damaged_header_is_found(file: Path, at_byte: int, value: int) -> None:
    await made(file)
    content = bytearray(file.read_bytes())
    content[at_byte] = value
    file.write_bytes(content)
    with pytest.raises(StoreCorruptError):
        examine(file, timeout_seconds=1)


async def test_a_newer_one_is_not_touched_and_both_versions_are_named(file: Path) -> None:
    await made(file)
    change(file, "PRAGMA journal_mode=DELETE", "UPDATE schema_version SET version = 99")
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    with pytest.raises(StoreVersionError, match="version 99, this regwatch knows up to 6"):
        await Store.open(url(file))
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert list(file.parent.glob("*corrupt*")) == []


async def test_another_programs_is_not_touched(file: Path) -> None:
    change(file, "CREATE TABLE customers (name TEXT)")
    before = file.read_bytes()
    with pytest.raises(StoreUrlError, match="the database of another program"):
        await Store.open(url(file))
    assert file.read_bytes() == before


async def test_one_that_is_locked_is_not_damaged(file: Path) -> None:
    await made(file)
    change(file, "PRAGMA journal_mode=DELETE")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailableError, match="locked"):
        examine(file, timeout_seconds=0)
    other.close()


@pytest.mark.parametrize(
    "statement",
    ["DROP TABLE outbox", "DROP TABLE answer_times", "ALTER TABLE memos DROP COLUMN text"],
)
async def test_what_is_missing_is_made_anew_and_the_rest_is_kept(
    file: Path, statement: str
) -> None:
    await made(file)
    change(file, statement)
    store = await Store.open(url(file))
    assert len((await store.accounts.load(ACME)).watched) == 2
    (loss,) = store.take_losses()
    assert "the table" in loss.aside.reason
    assert loss.kept["extensions"] == 2
    await store.close()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("UPDATE notified SET resolved_at = 'text'", id="text for a time"),
        pytest.param("UPDATE notified SET resolved_at = 1e300", id="a time that never comes"),
        pytest.param("UPDATE notified SET notified = 'text'", id="text for a value"),
        pytest.param("UPDATE notified SET receiver = x'00'", id="bytes for a name"),
    ],
)
async def test_rows_of_wrong_types_cost_themselves_alone(file: Path, damage: str) -> None:
    store = await Store.open(url(file))
    await store.accounts.save(ACME, watched=[], incidents=[incident("i1"), incident("i2")])
    await store._database.write(told_of)
    await store.close()
    change(file, f"{damage} WHERE incident_id = 'i1'")
    again = await Store.open(url(file))
    assert [each.incident_id for each in await again.outbox.notified()] == ["i2"]
    assert again.take_unreadable() == 1
    await again.close()


async def told_of(connection: AsyncConnection) -> None:
    await upsert_rows(connection, notified, [notified_row(told(name)) for name in ("i1", "i2")])
