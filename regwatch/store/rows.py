"""From values to rows and back."""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, delete, insert, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.batching import batched
from regwatch.core.alerts.mutes import Silence
from regwatch.core.dispatch.mentions import Stored, from_stored, stored_form
from regwatch.core.history import Happening, Sought
from regwatch.core.model import (
    AccountName,
    Consequences,
    Incident,
    Notification,
    Notified,
    Timestamp,
    Watched,
)
from regwatch.store.schema import history, outbox, unheard
from regwatch.store.sealed import UnreadableError, opened, sealed, sealed_bytes

CHUNK = 500
"""Rows encoded or decoded in one go: between chunks the event loop gets its turn."""
AT_ONCE = Timestamp(0.0)
"""When what was never tried is to be sent: with the time it was made at, it would wait if the clock
was set back since.
"""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A message that waits to be sent."""

    id: int
    receiver: str
    notification: Notification
    attempts: int
    next_attempt_at: Timestamp
    created_at: Timestamp
    may_have_arrived: bool = False
    refused_at: Timestamp | None = None


def extension_row(
    account: AccountName, watched: Watched, memory: bytes, *, revision: int
) -> dict[str, Any]:
    """An extension with what the monitor remembers of it."""
    return {
        "account": account,
        "extension_id": watched.extension.id,
        "state": watched.state.value,
        "answered_at": watched.answered_at,
        "watched": sealed(watched),
        "memory": sealed_bytes(memory),
        "revision": revision,
    }


def incident_row(incident: Incident) -> dict[str, Any]:
    """An incident."""
    return {
        "id": incident.id,
        "account": incident.account,
        "state": incident.state.value,
        "resolved_at": incident.resolved_at,
        "incident": sealed(incident),
    }


def notified_row(row: Notified) -> dict[str, Any]:
    """What a receiver was told."""
    return {
        "incident_id": row.incident_id,
        "receiver": row.receiver,
        "resolved_at": row.resolved_at,
        "notified": sealed(row),
    }


def silence_row(silence: Silence) -> dict[str, Any]:
    """A silence."""
    return {
        "id": silence.id,
        "ends_at": silence.ends_at,
        "silence": sealed(silence),
    }


def notification_of(stored: object) -> Notification:
    """A message as it is kept; raises `UnreadableError`."""
    form = opened(stored, Stored)
    try:
        return from_stored(form)
    except struct.error as error:
        raise UnreadableError(str(error)) from error


def entry_of(row: Row[Any]) -> StoredEntry:
    """A message that waits; raises `UnreadableError`."""
    notification = notification_of(row.notification)
    if (notification.id, notification.receiver) != (row.notification_id, row.receiver):
        raise UnreadableError("it stands in the row of another message")
    return StoredEntry(
        id=row.id,
        receiver=row.receiver,
        notification=notification,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        created_at=row.created_at,
        may_have_arrived=row.may_have_arrived,
        refused_at=row.refused_at,
    )


def outbox_row(notification: Notification) -> dict[str, Any]:
    """A message that is yet to be sent."""
    return {
        "notification_id": notification.id,
        "receiver": notification.receiver,
        "created_at": notification.created_at,
        "attempts": 0,
        "next_attempt_at": AT_ONCE,
        "settled_at": None,
        "error": "",
        "notification": encoded(notification),
    }


def entry_row(entry: StoredEntry) -> dict[str, Any]:
    """A message that waits, as far as it has got."""
    return outbox_row(entry.notification) | {
        "id": entry.id,
        "attempts": entry.attempts,
        "next_attempt_at": entry.next_attempt_at,
        "may_have_arrived": entry.may_have_arrived,
        "refused_at": entry.refused_at,
    }


def encoded(notification: Notification) -> bytes:
    """A message as it is kept: its size grows little with what it is about."""
    return sealed(stored_form(notification))


def clauses_of(sought: Sought) -> Iterator[ColumnElement[bool]]:
    """The conditions that a line of the history meets."""
    columns = history.c
    if sought.account is not None:
        yield columns.account == sought.account
    if sought.extension_id is not None:
        yield columns.extension_id == sought.extension_id
    if sought.incident_id is not None:
        yield columns.incident_id == sought.incident_id
    if sought.since is not None:
        yield columns.at >= sought.since
    if sought.until is not None:
        yield columns.at < sought.until


def _history_row(happening: Happening) -> dict[str, Any]:
    return {
        "at": happening.at,
        "account": happening.account,
        "extension_id": happening.extension_id,
        "incident_id": happening.incident_id,
        "happening": sealed(happening),
    }


async def append_happenings(connection: AsyncConnection, happenings: Sequence[Happening]) -> None:
    """Add lines to the history, in pieces."""
    for piece in batched(happenings, CHUNK):
        await connection.execute(insert(history), [_history_row(each) for each in piece])


async def upsert_rows(
    connection: AsyncConnection, table: Table, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Insert rows, or replace those of the same keys."""
    rows = list(rows)
    if not rows:
        return
    statement = upsert(table)
    keys = [column.name for column in table.primary_key]
    others = {c.name: c for c in statement.excluded if c.name not in keys}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=others), rows
    )


async def note_consequences(connection: AsyncConnection, that: Consequences) -> None:
    """What the end of messages means for those to come, and for others that wait."""
    line = {"receiver": that.receiver, "in_place_of": that.in_place_of}
    columns = unheard.c
    is_theirs = (columns.receiver == that.receiver) & (columns.in_place_of == that.in_place_of)
    for piece in batched(that.settled, CHUNK):
        await connection.execute(delete(unheard).where(is_theirs, columns.incident_id.in_(piece)))
    for piece in batched(that.unheard, CHUNK):
        added = upsert(unheard).on_conflict_do_nothing()
        await connection.execute(added, [line | {"incident_id": i} for i in piece])
    for entry_id, notification in that.left.items():
        left = update(outbox).where(outbox.c.id == entry_id)
        await connection.execute(left.values(notification=encoded(notification)))
