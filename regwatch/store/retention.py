"""What is forgotten in time, and what is not however old it is: messages that wait, incidents that
are open, and those of whose end a receiver has still to hear.

Piece by piece: what is old is looked up without holding up anybody, and deleted in transactions of
some milliseconds each. Then the room is given back to the file system, in pieces, too.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.core.model import IncidentState, Timestamp
from regwatch.store.database import Database, change_nothing
from regwatch.store.schema import (
    forwarded,
    history,
    incidents,
    memos,
    notified,
    outbox,
    silences,
    unheard,
)

PIECE = 100
"""Rows deleted in one transaction."""
MOST_PIECES = 20
"""In one go: others want to write, too."""
MOST_LINES = 1_000_000
"""Of the history, about 250 MB: the oldest go first, however young they are."""
ROOM_PAGES = 1000
"""Free pages that the file keeps: it would grow again at once."""
ROOM_PIECE = 50
"""Pages given back in one transaction."""

Query = Select[Any]
Found = Sequence[tuple[Any, ...]]


class Retention:
    """Of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget_old(self, *, before: Timestamp, most_lines: int = MOST_LINES) -> bool:
        """Forget some of the messages settled, incidents resolved, memos and lines of the history
        written, and silences ended before then. Whether there may be more of it.
        """
        pieces = 0
        async for _ in self._pieces(before, most_lines):
            pieces += 1
            if pieces >= MOST_PIECES:
                return True
        return False

    async def _pieces(self, before: Timestamp, most_lines: int) -> AsyncIterator[None]:
        """One at a time; over when nothing is left."""
        last = await self._database.read(select(func.max(history.c.id)))
        oldest_kept = (last[0][0] or 0) - most_lines
        by_id = (outbox.c.settled_at < before, history.c.at < before, history.c.id <= oldest_kept)
        for is_old in by_id:
            async for _ in self._forget(*_by_number(is_old)):
                yield
        async for _ in self._forget(_old_incidents(before), _delete_incidents):
            yield
        for table in (unheard, forwarded):
            async for _ in self._forget(*_of_no_incident(table)):
                yield
        for is_old in (memos.c.written_at < before, silences.c.ends_at < before):
            async for _ in self._forget(*_by_key(is_old)):
                yield
        async for _ in self._give_room_back():
            yield

    async def _forget(
        self, query: Query, delete_them: Callable[[AsyncConnection, Found], Any]
    ) -> AsyncIterator[None]:
        while found := [tuple(row) for row in await self._database.read(query.limit(PIECE))]:

            async def work(connection: AsyncConnection, these: Found = found) -> None:
                await delete_them(connection, these)

            await self._database.write(work)
            yield

    async def _give_room_back(self) -> AsyncIterator[None]:
        while await self._database.free_pages() > ROOM_PAGES:
            await self._database.write(_shrink)
            yield


async def _shrink(connection: AsyncConnection) -> None:
    # Python's driver begins a transaction before rows change, not before pages do; and of this
    # pragma it makes one step, which is a page.
    await change_nothing(connection)
    for _ in range(ROOM_PIECE):
        await connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")


Forgetting = tuple[Query, Callable[[AsyncConnection, Found], Any]]


def _by_number(is_old: ColumnElement[bool]) -> Forgetting:
    table = _table_of(is_old)

    async def delete_them(connection: AsyncConnection, found: Found) -> None:
        await connection.execute(delete(table).where(table.c.id.in_([each for (each,) in found])))

    return select(table.c.id).where(is_old), delete_them


def _by_key(is_old: ColumnElement[bool]) -> Forgetting:
    return _by_keys(_table_of(is_old), is_old)


def _of_no_incident(table: Table) -> Forgetting:
    return _by_keys(table, ~exists().where(incidents.c.id == table.c.incident_id))


def _by_keys(table: Table, is_old: ColumnElement[bool]) -> Forgetting:
    keys = list(table.primary_key)

    async def delete_them(connection: AsyncConnection, found: Found) -> None:
        for values in found:
            is_it = [key == value for key, value in zip(keys, values, strict=True)]
            await connection.execute(delete(table).where(*is_it, is_old))

    return select(*keys).where(is_old), delete_them


def _old_incidents(before: Timestamp) -> Query:
    is_owed = exists().where(
        notified.c.incident_id == incidents.c.id, notified.c.resolved_at.is_(None)
    )
    return select(incidents.c.id).where(
        incidents.c.state == IncidentState.RESOLVED.value,
        incidents.c.resolved_at < before,
        ~is_owed,
    )


async def _delete_incidents(connection: AsyncConnection, found: Found) -> None:
    ids = [each for (each,) in found]
    # What was told of an incident goes before the incident, by which it is found.
    for column in (notified.c.incident_id, unheard.c.incident_id, incidents.c.id):
        await connection.execute(delete(column.table).where(column.in_(ids)))


def _table_of(condition: Any) -> Table:
    table: Table = condition.left.table
    return table
