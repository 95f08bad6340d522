"""Messages that wait to be sent, and what each receiver was told. Satisfies
`notify.delivery.dispatch.NotificationLog` and `notify.delivery.deliveries.OutboxStore`.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.batching import batched
from regwatch.core.history import of_notification
from regwatch.core.model import (
    Consequences,
    IncidentId,
    ItemStatus,
    Notification,
    Notified,
    Retry,
    Timestamp,
)
from regwatch.store import schema
from regwatch.store.database import Database
from regwatch.store.rows import (
    CHUNK,
    StoredEntry,
    append_happenings,
    entry_of,
    note_consequences,
    notified_row,
    outbox_row,
    upsert_rows,
)
from regwatch.store.schema import forwarded, outbox, unheard

MOST_REFUSED = 500
"""Refused messages of one receiver that are looked at together."""
NOT_CONFIGURED = "the receiver was removed from the configuration"


class StoredOutbox:
    """All receivers' messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- what receivers are told -------------------------------------------------------------

    async def enqueue(self, notification: Notification, rows: Sequence[Notified]) -> None:
        """Put a message in the outbox and note what its receiver is told by it. The same message
        again changes nothing.
        """

        # One transaction: a message without its note would be made again at the next start, under
        # another id; a note without its message would keep it from ever being sent.
        async def work(connection: AsyncConnection) -> None:
            row = await _row_of(notification)
            added = await connection.execute(upsert(outbox).on_conflict_do_nothing(), row)
            for piece in batched(rows, CHUNK):
                await upsert_rows(connection, schema.notified, map(notified_row, piece))
            if added.rowcount:
                await append_happenings(connection, tuple(of_notification(notification)))

        await self._database.write(work)

    async def notified(self) -> Sequence[Notified]:
        """What each receiver was told of incidents that are not settled with all of them."""
        told = schema.notified.c
        owed = select(told.incident_id).where(told.resolved_at.is_(None))
        query = select(told.notified).where(told.incident_id.in_(owed))
        return await self._database.values(query, Notified)

    # --- what waits ----------------------------------------------------------------------------

    async def pending(self, receiver: str, *, limit: int) -> Sequence[StoredEntry]:
        """The oldest messages not settled yet, oldest first; and of those refused, which hold up
        nobody, as many as there may be. One that cannot be read any more is given up: it must not
        hold up those behind it.
        """
        fresh = await self._waiting(receiver, outbox.c.refused_at.is_(None), limit)
        refused = await self._waiting(receiver, outbox.c.refused_at.is_not(None), MOST_REFUSED)
        entries = {}
        for row in sorted((*fresh, *refused), key=lambda row: int(row.id)):
            entries[row.id] = entry_of(row)
            await asyncio.sleep(0)  # a message about thousands takes a while
        unreadable = [row for row in (*fresh, *refused) if entries[row.id] is None]
        for row in unreadable:
            now = Timestamp(row.next_attempt_at)
            await self.mark_given_up([row.id], at=now, error="cannot be read")
        if unreadable:
            return await self.pending(receiver, limit=limit)
        return [entry for entry in entries.values() if entry is not None]

    async def _waiting(
        self, receiver: str, condition: ColumnElement[bool], limit: int
    ) -> Sequence[Row[Any]]:
        is_mine = (outbox.c.receiver == receiver) & outbox.c.settled_at.is_(None)
        query = select(outbox).where(is_mine, condition).order_by(outbox.c.id).limit(limit)
        return await self._database.read(query)

    async def backlog(self) -> Mapping[str, tuple[int, Timestamp | None]]:
        """By receiver: how many messages wait, and when the oldest was made."""
        query = (
            select(
                outbox.c.receiver,
                func.count().label("waiting"),
                func.min(outbox.c.created_at).label("oldest"),
            )
            .where(outbox.c.settled_at.is_(None))
            .group_by(outbox.c.receiver)
        )
        return {row.receiver: (row.waiting, row.oldest) for row in await self._database.read(query)}

    # --- what came of an attempt -----------------------------------------------------------------

    async def mark_trying(self, ids: Sequence[int]) -> None:
        """They are about to be sent."""
        await self._mark(ids, may_have_arrived=True)

    async def mark_delivered(
        self, ids: Sequence[int], consequences: Consequences | None = None, *, at: Timestamp
    ) -> None:
        """They were taken, or came to nothing."""
        await self._mark(ids, consequences, settled_at=at)

    async def mark_given_up(
        self,
        ids: Sequence[int],
        consequences: Consequences | None = None,
        *,
        at: Timestamp,
        error: str,
    ) -> None:
        """They were not, and will not be tried again."""
        await self._mark(ids, consequences, settled_at=at, error=error)

    async def mark_retry(self, ids: Sequence[int], retry: Retry) -> None:
        """They were not, and stay pending."""
        await self._mark(
            ids,
            attempts=retry.attempts,
            next_attempt_at=retry.at,
            error=retry.error,
            may_have_arrived=retry.may_have_arrived,
            refused_at=retry.refused_at,
        )

    async def _mark(
        self, ids: Sequence[int], consequences: Consequences | None = None, **values: object
    ) -> None:
        statement = update(outbox).where(outbox.c.id.in_(ids)).values(**values)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(statement)
            if consequences is not None:
                await note_consequences(connection, consequences)

        await self._database.write(work)

    async def unheard(self, receiver: str) -> Collection[tuple[str, IncidentId]]:
        """Of which incidents the beginning was given up, and in whose place it was told."""
        query = select(unheard.c.in_place_of, unheard.c.incident_id)
        rows = await self._database.read(query.where(unheard.c.receiver == receiver))
        return {(row.in_place_of, IncidentId(row.incident_id)) for row in rows}

    # --- what another receiver is told instead -----------------------------------------------

    async def forward(self, notifications: Sequence[Notification], *, receiver: str) -> None:
        """Store copies for another receiver in place of this one, and what that one was told."""

        async def work(connection: AsyncConnection) -> None:
            for each in notifications:
                added = upsert(outbox).on_conflict_do_nothing()
                await connection.execute(added, await _row_of(each))
                await _note_forwarded(connection, each, receiver)

        await self._database.write(work)

    async def forwarded(
        self, incidents: Sequence[IncidentId], *, receiver: str
    ) -> Sequence[IncidentId]:
        """Of which of these another receiver was told, and not the end."""
        told = []
        for piece in batched(incidents, CHUNK):  # SQLite takes 32,766 values in one statement
            query = select(forwarded.c.incident_id).where(
                forwarded.c.receiver == receiver, forwarded.c.incident_id.in_(piece)
            )
            told += [IncidentId(row.incident_id) for row in await self._database.read(query)]
        return told

    # --- receivers that are gone -----------------------------------------------------------------

    async def forget_receivers(self, known: Collection[str], *, at: Timestamp) -> Mapping[str, int]:
        """Give up what waits for receivers that are configured no more, and what they are owed.
        Returns how many messages that were, by receiver.
        """
        waiting = {name: n for name, (n, _) in (await self.backlog()).items() if name not in known}
        told = schema.notified
        lost = outbox.c.settled_at.is_(None) & outbox.c.receiver.not_in(known)
        owed = told.c.resolved_at.is_(None) & told.c.receiver.not_in(known)

        async def work(connection: AsyncConnection) -> None:
            gone = update(outbox).where(lost).values(settled_at=at, error=NOT_CONFIGURED)
            await connection.execute(gone)
            await connection.execute(delete(told).where(owed))
            await connection.execute(delete(forwarded).where(forwarded.c.receiver.not_in(known)))
            await connection.execute(delete(unheard).where(unheard.c.receiver.not_in(known)))

        await self._database.write(work)
        return waiting


async def _row_of(notification: Notification) -> dict[str, Any]:
    """In a thread if it is long: to shorten a message about thousands takes a while."""
    if len(notification.words) <= CHUNK:
        return outbox_row(notification)
    return await asyncio.to_thread(outbox_row, notification)


async def _note_forwarded(
    connection: AsyncConnection, notification: Notification, receiver: str
) -> None:
    over = {word.id for word in notification.words if word.status is ItemStatus.RESOLVED}
    told = (word.id for word in notification.words)
    rows = [{"receiver": receiver, "incident_id": i} for i in told if i not in over]
    if rows:
        await connection.execute(upsert(forwarded).on_conflict_do_nothing(), rows)
    for piece in batched(list(over), CHUNK):
        is_over = (forwarded.c.receiver == receiver) & forwarded.c.incident_id.in_(piece)
        await connection.execute(delete(forwarded).where(is_over))
