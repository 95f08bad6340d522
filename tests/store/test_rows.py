"""From values to rows and back."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from fakes.stored import happening, incident, notification, told, watched
from fakes.values import ACME
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.core.history import Sought
from regwatch.core.model import (
    ExtensionId,
    ExtensionState,
    IncidentId,
    Timestamp,
    Watched,
)
from regwatch.store import Store
from regwatch.store.rows import (
    CHUNK,
    clauses_of,
    extension_row,
    incident_row,
    notified_row,
    outbox_row,
    upsert_rows,
)
from regwatch.store.schema import extensions, incidents, memos, notified, outbox
from regwatch.store.sealed import opened


async def test_a_field_added_later_takes_its_default() -> None:
    class OldWatched(msgspec.Struct):
        extension: dict[str, object]

    stored = msgspec.msgpack.encode(OldWatched({"id": 1, "name": "000*101"}))
    assert msgspec.msgpack.decode(stored, type=Watched).state is ExtensionState.UNKNOWN


MESSAGE = notification()
TOLD = told()


@pytest.mark.parametrize(
    ("row", "table", "column", "value"),
    [
        pytest.param(
            extension_row(ACME, watched(1), b"m", revision=1), extensions, "watched", watched(1),
            id="an extension",
        ),
        pytest.param(incident_row(incident()), incidents, "incident", incident(), id="an incident"),
        pytest.param(notified_row(TOLD), notified, "notified", TOLD, id="what was told"),
        pytest.param(outbox_row(MESSAGE), outbox, "notification", MESSAGE, id="a message"),
    ],
)  # fmt: skip
def test_a_row_fills_its_table_and_gives_the_value_back(
    row: Mapping[str, Any], table: Table, column: str, value: object
) -> None:
    assert opened(row[column], type(value)) == value
    by_itself = {"id"} if table is outbox else set()
    optional = {c.name for c in table.columns if c.nullable or c.server_default is not None}
    assert set(table.columns.keys()) - optional - by_itself <= set(row) <= set(table.columns.keys())


@pytest.mark.parametrize(
    ("sought", "clauses"),
    [
        pytest.param(Sought(), [], id="everything"),
        pytest.param(Sought(account=ACME), ["history.account = 'acme'"], id="of an account"),
        pytest.param(
            Sought(extension_id=ExtensionId(3)), ["history.extension_id = 3"], id="of an extension"
        ),
        pytest.param(
            Sought(incident_id=IncidentId("i1")), ["history.incident_id = 'i1'"],
            id="of an incident",
        ),
        pytest.param(
            Sought(since=Timestamp(1.0), until=Timestamp(2.0)),
            ["history.at >= 1.0", "history.at < 2.0"],
            id="from a moment on, and not the moment of the end",
        ),
    ],
)  # fmt: skip
def test_what_is_asked_of_the_history(sought: Sought, clauses: list[str]) -> None:
    found = [
        clause.compile(compile_kwargs={"literal_binds": True}) for clause in clauses_of(sought)
    ]
    assert list(map(str, found)) == clauses


async def test_a_row_of_the_same_keys_is_replaced_whole(store: Store) -> None:
    row = {"receiver": "chat", "group_key": "g", "written_at": 1.0, "text": "first"}

    async def twice(connection: AsyncConnection) -> None:
        await upsert_rows(connection, memos, [])
        await upsert_rows(connection, memos, [row])
        await upsert_rows(connection, memos, [row | {"written_at": 2.0, "text": "later"}])

    await store._database.write(twice)
    rows = await store._database.read(select(memos.c.written_at, memos.c.text))
    assert list(map(tuple, rows)) == [(2.0, "later")]


async def test_a_long_history_is_stored_in_pieces_and_in_order(store: Store) -> None:
    lines = [happening(number) for number in range(CHUNK + 1)]
    await store.accounts.save(ACME, watched=(), happenings=lines)
    found = await store.operations.history(Sought(limit=CHUNK + 2))
    assert list(reversed(found)) == lines
