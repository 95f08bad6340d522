"""Messages that wait to be sent, and what each receiver was told. Satisfies
`notify.delivery.dispatch.NotificationLog` and `notify.delivery.deliveries.OutboxStore`.

One process owns the database: what is not over is known here (`working_set`), so that messages go
out while the store is away. What changes is handed to the writer, and holds once it is stored; or
at once if the store is away, to be stored when it is back.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.batching import batched
from regwatch.core.dispatch.mentions import shortened
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
from regwatch.store.errors import translated
from regwatch.store.rows import (
    AT_ONCE,
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
from regwatch.store.working_set import WorkingSet

NOT_CONFIGURED = "the receiver was removed from the configuration"


class StoredOutbox:
    """All receivers' messages."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._set = WorkingSet()

    async def load(self) -> None:
        """Know what the database holds; raises `StoreError`."""
        known = WorkingSet()
        await self._load_messages(known)
        told = schema.notified.c
        owed = select(told.incident_id).where(told.resolved_at.is_(None))
        query = select(told.notified).where(told.incident_id.in_(owed))
        known.hearing.told(await self._database.values(query, Notified))
        rows = await self._database.read(select(forwarded))
        known.hearing.recall_forwarded((row.receiver, row.incident_id) for row in rows)
        rows = await self._database.read(select(unheard))
        known.hearing.recall_unheard(
            (row.receiver, row.in_place_of, row.incident_id) for row in rows
        )
        self._set = known

    async def _load_messages(self, known: WorkingSet) -> None:
        c = outbox.c
        settled = select(c.notification_id, c.settled_at).where(c.settled_at.is_not(None))
        for row in await self._database.read(settled):
            known.recall(row.notification_id, row.settled_at)
        (last,) = await self._database.read(select(func.max(c.id).label("id")))
        known.next_id = (last.id or 0) + 1
        waiting = select(outbox).where(c.settled_at.is_(None)).order_by(c.id)
        for piece in batched(await self._database.read(waiting), CHUNK):
            for row in piece:
                entry = self._database.unreadable.tried(Notification, entry_of, row)
                if entry is not None:
                    known.add(entry)
                else:  # it must not hold up those behind it
                    at = Timestamp(row.created_at)
                    await self.mark_given_up([row.id], at=at, error="cannot be read")
            await asyncio.sleep(0)  # messages about thousands take a while

    @property
    def is_away(self) -> bool:
        """Whether what is stored now would not survive a restart."""
        return bool(self._database.problem)

    # --- what receivers are told -------------------------------------------------------------

    async def enqueue(self, notification: Notification | None, rows: Sequence[Notified]) -> None:
        """Put a message in the outbox and note what its receiver is told by it. The same message
        again changes nothing. None: nobody is told, and that is noted.
        """
        told = []
        with translated():
            for piece in batched(rows, CHUNK):
                told += [notified_row(each) for each in piece]
                await asyncio.sleep(0)
            kept = None if notification is None else await self._entry(notification)

        # One transaction: a message without its note would be made again at the next start, under
        # another id; a note without its message would keep it from ever being sent.
        async def work(connection: AsyncConnection) -> None:
            is_new = kept is not None and await _added(connection, kept[1])
            for piece in batched(told, CHUNK):
                await upsert_rows(connection, schema.notified, piece)
            if is_new and notification is not None:
                await append_happenings(connection, tuple(of_notification(notification)))

        def then() -> None:
            if kept is not None:
                self._set.add(kept[0])
            self._set.hearing.told(rows)

        await self._database.record(work, then)

    async def _entry(self, notification: Notification) -> tuple[StoredEntry, dict[str, Any]]:
        """As it is kept, here and in its row; raises what the library does."""
        if len(notification.words) <= CHUNK:
            kept, row = _kept(notification)
        else:  # to shorten a message about thousands takes a while
            kept, row = await asyncio.to_thread(_kept, notification)
        made_at, entry_id = notification.created_at, self._set.next_id
        self._set.next_id += 1
        entry = StoredEntry(entry_id, notification.receiver, kept, 0, AT_ONCE, made_at)
        return entry, row | {"id": entry_id}

    async def notified(self) -> Sequence[Notified]:
        """What each receiver was told of incidents that are not settled with all of them."""
        return self._set.hearing.notified()

    # --- what waits ----------------------------------------------------------------------------

    async def pending(self, receiver: str, *, limit: int) -> Sequence[StoredEntry]:
        """The oldest messages not settled yet, oldest first; and of those refused, which hold up
        nobody, as many as there may be.
        """
        return self._set.pending(receiver, limit=limit)

    async def backlog(self) -> Mapping[str, tuple[int, Timestamp]]:
        """By receiver: how many messages wait, and when the oldest was made."""
        return self._set.backlog()

    # --- what came of an attempt -----------------------------------------------------------------

    async def mark_trying(self, ids: Sequence[int]) -> None:
        """They are about to be sent."""
        await self._mark(ids, None, may_have_arrived=True)

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
            None,
            attempts=retry.attempts,
            next_attempt_at=retry.at,
            error=retry.error,
            may_have_arrived=retry.may_have_arrived,
            refused_at=retry.refused_at,
        )

    async def _mark(
        self, ids: Sequence[int], consequences: Consequences | None, **values: object
    ) -> None:
        statement = update(outbox).where(outbox.c.id.in_(ids)).values(**values)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(statement)
            if consequences is not None:
                await note_consequences(connection, consequences)

        def then() -> None:
            self._set.change(ids, values)
            if consequences is not None:
                self._set.follow(consequences)

        await self._database.record(work, then)

    async def unheard(self, receiver: str) -> Collection[tuple[str, IncidentId]]:
        """Of which incidents the beginning was given up, and in whose place it was told."""
        return self._set.hearing.unheard(receiver)

    # --- what another receiver is told instead -----------------------------------------------

    async def forward(self, notifications: Sequence[Notification], *, receiver: str) -> None:
        """Store copies for another receiver in place of this one, and what that one was told."""
        with translated():
            kept = [await self._entry(each) for each in notifications]

        async def work(connection: AsyncConnection) -> None:
            for entry, row in kept:
                await connection.execute(upsert(outbox).on_conflict_do_nothing(), row)
                await _note_forwarded(connection, entry.notification, receiver)

        def then() -> None:
            for entry, _ in kept:
                self._set.add(entry)
                self._set.hearing.forward(entry.notification, receiver=receiver)

        await self._database.record(work, then)

    async def forwarded(
        self, incidents: Sequence[IncidentId], *, receiver: str
    ) -> Sequence[IncidentId]:
        """Of which of these another receiver was told, and not the end."""
        return self._set.hearing.forwarded(incidents, receiver)

    # --- what is over ----------------------------------------------------------------------------

    async def forget_receivers(self, known: Collection[str], *, at: Timestamp) -> Mapping[str, int]:
        """Give up what waits for receivers that are configured no more, and what they are owed.
        Returns how many messages that were, by receiver.
        """
        backlog = self._set.backlog()
        waiting = {name: n for name, (n, _) in backlog.items() if name not in known}
        told = schema.notified
        lost = outbox.c.settled_at.is_(None) & outbox.c.receiver.not_in(known)
        owed = told.c.resolved_at.is_(None) & told.c.receiver.not_in(known)

        async def work(connection: AsyncConnection) -> None:
            gone = update(outbox).where(lost).values(settled_at=at, error=NOT_CONFIGURED)
            await connection.execute(gone)
            await connection.execute(delete(told).where(owed))
            await connection.execute(delete(forwarded).where(forwarded.c.receiver.not_in(known)))
            await connection.execute(delete(unheard).where(unheard.c.receiver.not_in(known)))

        await self._database.record(work, lambda: self._set.forget_receivers(known, at=at))
        return waiting

    async def forget_old(self, *, before: Timestamp) -> None:
        """What the database forgot; raises `StoreError`."""
        self._set.forget_old(before=before)
        noted = self._set.hearing.incidents_noted()
        known: set[IncidentId] = set()
        for piece in batched(noted, CHUNK):
            query = select(schema.incidents.c.id).where(schema.incidents.c.id.in_(piece))
            known.update(row.id for row in await self._database.read(query))
        self._set.hearing.forget_incidents(noted - known)


async def restock(stored: StoredOutbox, connection: AsyncConnection) -> None:
    """Store again all that is known: the file was begun anew, and what was read of the old one may
    be older.
    """
    await connection.execute(delete(outbox).where(outbox.c.settled_at.is_(None)))
    for table, rows in stored._set.rows():  # noqa: SLF001 - of this module, as the class is
        for piece in batched(rows, CHUNK):
            await connection.execute(insert(table).prefix_with("OR REPLACE"), piece)


async def _added(connection: AsyncConnection, row: Mapping[str, Any]) -> bool:
    """Whether it was not there before."""
    added = await connection.execute(upsert(outbox).on_conflict_do_nothing(), row)
    return bool(added.rowcount)


def _kept(notification: Notification) -> tuple[Notification, dict[str, Any]]:
    short = shortened(notification)
    return short, outbox_row(short)


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
