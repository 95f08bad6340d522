"""What was noted in memory while the database could not be opened, and the database as another life
of regwatch left it: one of both.

* An extension that was seen registered since the start is as it was seen; of the others the
  database knows more. What is remembered of its habits is the database's.
* Of one subject at most one incident is open. The one that fires since the start goes on, unless
  it is about an extension of which the database knows more; the other one ends, and whoever was
  told of it hears so.
* Messages go behind those that wait there; everything else is added, and the newer holds.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence, Set
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
APART = (schema.schema_version, schema.extensions, schema.incidents, schema.answer_times)
"""Times of answers are stored again within minutes, and hold for rows as they were stored here."""

Rows = Sequence[Row[Any]]
ExtensionKey = tuple[str, int | None]
"""Of which account, and which."""


async def merge(connection: AsyncConnection, noted: Mapping[str, Rows], *, now: Timestamp) -> None:
    """Add to the database what was noted; `noted`: rows by table."""
    known_better: set[ExtensionKey] = set()
    for piece in batched(noted[schema.extensions.name], CHUNK):
        known_better |= await _merge_extensions(connection, piece)
        await asyncio.sleep(0)
    await _merge_incidents(connection, noted[schema.incidents.name], known_better, now)
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


async def _merge_extensions(connection: AsyncConnection, noted: Rows) -> set[ExtensionKey]:
    """Returns those that stay as they are there."""
    columns = schema.extensions.c
    accounts, ids = {row.account for row in noted}, [row.extension_id for row in noted]
    query = select(schema.extensions).where(
        columns.account.in_(accounts), columns.extension_id.in_(ids)
    )
    former = {_key(row): row for row in (await connection.execute(query)).all()}
    last = {account: await last_revision(connection, account) for account in accounts}
    merged = {
        _key(row): _extension(row, former.get(_key(row)), revision=last[row.account] + 1)
        for row in noted
    }
    await upsert_rows(connection, schema.extensions, [row for row in merged.values() if row])
    return {key for key, row in merged.items() if row is None}


def _key(row: Row[Any]) -> ExtensionKey:
    return row.account, row.extension_id


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


async def _merge_incidents(
    connection: AsyncConnection, noted: Rows, known_better: Set[ExtensionKey], now: Timestamp
) -> None:
    is_open = schema.incidents.c.state != IncidentState.RESOLVED.value
    rows = (await connection.execute(select(schema.incidents).where(is_open))).all()
    former = {(each.account, each.subject): each for each in _incidents(rows)}
    for piece in batched(_incidents(noted), CHUNK):
        merged: list[Incident] = []
        for incident in piece:
            other = former.get((incident.account, incident.subject))
            if other is None or other.id == incident.id or _is_over(incident):
                merged.append(incident)
            elif incident.state is IncidentState.PENDING:
                pass  # nobody was told, and the other one says it
            elif (incident.account, incident.facts.extension_id) in known_better:
                merged.append(_ended(incident, now))
            else:
                merged += [_ended(other, now), incident]
        await upsert_rows(connection, schema.incidents, map(incident_row, merged))
        await asyncio.sleep(0)


def _is_over(incident: Incident) -> bool:
    return incident.state is IncidentState.RESOLVED


def _ended(incident: Incident, now: Timestamp) -> Incident:
    return replace(incident, state=IncidentState.RESOLVED, cleared_at=now, resolved_at=now)


def _incidents(rows: Rows) -> Iterator[Incident]:
    found = (readable(row.incident, Incident) for row in rows)
    return (incident for incident in found if incident is not None)
