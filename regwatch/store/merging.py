"""What was noted in memory while the database could not be opened, and the database as another life
of regwatch left it: one of both.

* An extension that was seen registered since the start is as it was seen; of the others the
  database knows more. What is remembered of its habits is the database's.
* Of one subject at most one incident is open: the database's ends, and whoever was told of it hears
  so.
* Messages go behind those that wait there; everything else is added, and the newer holds.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Row, Table, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.batching import batched
from regwatch.core.model import Incident, IncidentState, Timestamp, Watched
from regwatch.store import schema
from regwatch.store.revisions import last_revision
from regwatch.store.rows import CHUNK, extension_row, incident_row, upsert_rows
from regwatch.store.sealed import readable

NUMBERED = (schema.outbox, schema.history)
"""Their rows get other numbers there."""
APART = (schema.schema_version, schema.extensions, schema.answer_times)
"""Times of answers are stored again within minutes, and hold for rows as they were stored here."""

Rows = Sequence[Row[Any]]


async def merge(connection: AsyncConnection, noted: Mapping[str, Rows], *, now: Timestamp) -> None:
    """Add to the database what was noted; `noted`: rows by table."""
    for piece in batched(noted[schema.extensions.name], CHUNK):
        await _merge_extensions(connection, piece)
        await asyncio.sleep(0)
    await _end_former_incidents(connection, noted[schema.incidents.name], now)
    for table in schema.metadata.sorted_tables:
        if table not in APART:
            for piece in batched(noted[table.name], CHUNK):
                await _add(connection, table, piece)
                await asyncio.sleep(0)


async def _add(connection: AsyncConnection, table: Table, rows: Rows) -> None:
    values = [_values(table, row) for row in rows]
    if table in NUMBERED:
        for row in values:
            del row["id"]
    if table is schema.history:
        await connection.execute(insert(table), values)
    elif table is schema.outbox or not _has_more_than_keys(table):
        await connection.execute(upsert(table).on_conflict_do_nothing(), values)
    else:
        await upsert_rows(connection, table, values)


def _values(table: Table, row: Row[Any]) -> dict[str, Any]:
    return dict(zip(table.columns.keys(), row, strict=True))


def _has_more_than_keys(table: Table) -> bool:
    return len(table.columns) > len(table.primary_key)


async def _merge_extensions(connection: AsyncConnection, noted: Rows) -> None:
    columns = schema.extensions.c
    accounts, ids = {row.account for row in noted}, [row.extension_id for row in noted]
    query = select(schema.extensions).where(
        columns.account.in_(accounts), columns.extension_id.in_(ids)
    )
    rows = (await connection.execute(query)).all()
    former = {(row.account, row.extension_id): row for row in rows}
    last = {account: await last_revision(connection, account) for account in accounts}
    merged = (
        _extension(row, former.get((row.account, row.extension_id)), revision=last[row.account] + 1)
        for row in noted
    )
    await upsert_rows(connection, schema.extensions, [row for row in merged if row is not None])


def _extension(
    noted: Row[Any], former: Row[Any] | None, *, revision: int
) -> Mapping[str, Any] | None:
    """None: it stays as it is there."""
    if former is None:
        return _values(schema.extensions, noted) | {"revision": revision}
    watched, known = readable(noted.watched, Watched), readable(former.watched, Watched)
    if watched is None or watched.last_registered_at is None:
        return None
    if known is not None and known.first_answered_at is not None:
        watched.first_answered_at = known.first_answered_at
    row = extension_row(noted.account, watched, b"", revision=revision)
    return row | {"memory": former.memory or noted.memory}


async def _end_former_incidents(connection: AsyncConnection, noted: Rows, now: Timestamp) -> None:
    begun = {(each.account, each.subject): each for each in _open(noted)}
    is_open = schema.incidents.c.state != IncidentState.RESOLVED.value
    rows = (await connection.execute(select(schema.incidents).where(is_open))).all()
    over = []
    for former in _open(rows):
        newer = begun.get((former.account, former.subject))
        if newer is not None and newer.id != former.id:
            over.append(
                replace(former, state=IncidentState.RESOLVED, cleared_at=now, resolved_at=now)
            )
    await upsert_rows(connection, schema.incidents, map(incident_row, over))


def _open(rows: Rows) -> Iterable[Incident]:
    found = (readable(row.incident, Incident) for row in rows)
    return [i for i in found if i is not None and i.state is not IncidentState.RESOLVED]
