"""What must survive a restart: each account's last snapshot, incidents, the outbox, and what each
receiver was told. Every method is one transaction, durable once it returns.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from sqlalchemy import (
    ColumnElement,
    Row,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.batching import batched
from regwatch.clock import Clock, wall_clock
from regwatch.core.alerts.mutes import Silence
from regwatch.core.history import Happening, Sought, of_notification
from regwatch.core.model import (
    AccountName,
    Consequences,
    ExtensionId,
    Incident,
    IncidentId,
    IncidentState,
    ItemStatus,
    Notification,
    Notified,
    Retry,
    Timestamp,
    Watched,
)
from regwatch.store.database import Database, open_database
from regwatch.store.errors import translated
from regwatch.store.rows import (
    CHUNK,
    StoredEntry,
    append_happenings,
    clauses_of,
    decoded,
    entry_of,
    extension_row,
    incident_row,
    note_consequences,
    notified_row,
    outbox_row,
    silence_row,
    upsert_rows,
)
from regwatch.store.schema import (
    extensions,
    forwarded,
    history,
    incidents,
    memos,
    notified,
    outbox,
    silences,
    unheard,
)

T = TypeVar("T")


log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account's last snapshot: each extension, with what the monitor remembers of it."""

    watched: Sequence[tuple[Watched, bytes]]


MOST_REFUSED = 500
"""Refused messages of one receiver that are looked at together."""
NOT_CONFIGURED = "the receiver was removed from the configuration"


class Store:
    """One open database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, url: str, *, clock: Clock = wall_clock) -> "Store":
        """Open or make the database; raises `StoreError`."""
        return cls(await open_database(url, clock=clock))

    async def close(self) -> None:
        """Close it; safe to call twice."""
        await self._database.close()

    async def check_writable(self) -> None:
        """Write, and take it back; raises `StoreError` if another process keeps it locked."""
        with translated():
            async with self._writing, self._database.engine.connect() as connection:
                await connection.execute(delete(outbox).where(outbox.c.id.is_(None)))
                await connection.rollback()

    # --- accounts ------------------------------------------------------------

    async def load(self, account: AccountName) -> StoredAccount:
        """The account's last snapshot, longest unanswered first; empty if there is none."""
        query = (
            select(extensions.c.watched, extensions.c.memory)
            .where(extensions.c.account == account)
            .order_by(extensions.c.answered_at)
        )
        rows = await self._read(query)
        watched: list[tuple[Watched, bytes]] = []
        for piece in batched(rows, CHUNK):
            for row in piece:
                known = decoded(row.watched, Watched)
                if known is not None:
                    watched.append((known, row.memory))
            await asyncio.sleep(0)
        return StoredAccount(watched)

    async def save(
        self,
        account: AccountName,
        *,
        watched: Iterable[tuple[Watched, bytes]],
        removed: Collection[ExtensionId] = (),
        incidents: Sequence[Incident] = (),
        happenings: Sequence[Happening] = (),
    ) -> None:
        """Store changed extensions and incidents with what happened, and forget removed
        extensions.
        """
        gone = [{"gone_account": account, "gone_id": i} for i in removed]

        async def work(connection: AsyncConnection) -> None:
            for piece in batched(watched, CHUNK):
                await upsert_rows(
                    connection, extensions, [extension_row(account, *e) for e in piece]
                )
            if gone:
                await connection.execute(
                    delete(extensions).where(
                        extensions.c.account == bindparam("gone_account"),
                        extensions.c.extension_id == bindparam("gone_id"),
                    ),
                    gone,
                )
            await upsert_rows(connection, _incidents, map(incident_row, incidents))
            await append_happenings(connection, happenings)

        await self._write(work)

    # --- incidents ------------------------------------------------------------

    async def open_incidents(self) -> Sequence[Incident]:
        """Those pending and those firing, of all accounts."""
        is_open = incidents.c.state != IncidentState.RESOLVED.value
        return await self._incidents(select(incidents.c.incident).where(is_open))

    async def incident(self, incident_id: IncidentId) -> Incident | None:
        """One by its id; None if it is not kept."""
        query = select(incidents.c.incident).where(incidents.c.id == incident_id)
        found = await self._incidents(query)
        return found[0] if found else None

    async def unsettled_incidents(self) -> Sequence[Incident]:
        """The open ones, and those resolved of which a receiver has still to hear."""
        owed = select(notified.c.incident_id).where(notified.c.resolved_at.is_(None))
        resolved = incidents.c.id.in_(owed) & (incidents.c.state == IncidentState.RESOLVED.value)
        query = select(incidents.c.incident).where(resolved)
        return [*await self.open_incidents(), *await self._incidents(query)]

    async def resolved_incidents(self, *, since: Timestamp, limit: int) -> Sequence[Incident]:
        """Those resolved since then that had fired, latest first."""
        query = (
            select(incidents.c.incident)
            .where(incidents.c.resolved_at >= since)
            .order_by(incidents.c.resolved_at.desc())
            .limit(limit)
        )
        return [i for i in await self._incidents(query) if i.fired_at is not None]

    async def _incidents(self, query: Any) -> Sequence[Incident]:
        rows = await self._read(query)
        found = (decoded(row.incident, Incident) for row in rows)
        return [incident for incident in found if incident is not None]

    # --- what receivers were told ------------------------------------------------------------

    async def notified(self) -> Sequence[Notified]:
        """What each receiver was told of incidents that are not settled with all of them."""
        owed = select(notified.c.incident_id).where(notified.c.resolved_at.is_(None))
        rows = await self._read(select(notified.c.notified).where(notified.c.incident_id.in_(owed)))
        found = (decoded(row.notified, Notified) for row in rows)
        return [each for each in found if each is not None]

    async def enqueue(self, notification: Notification, rows: Sequence[Notified]) -> None:
        """Put a message in the outbox and note what its receiver is told by it. The same message
        again changes nothing.
        """

        async def work(connection: AsyncConnection) -> None:
            added = await connection.execute(
                upsert(outbox).on_conflict_do_nothing(), outbox_row(notification)
            )
            await upsert_rows(connection, notified, map(notified_row, rows))
            if added.rowcount:
                await append_happenings(connection, tuple(of_notification(notification)))

        await self._write(work)

    # --- the outbox ------------------------------------------------------------

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
        return await self._read(query)

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

        await self._write(work)

    async def unheard(self, receiver: str) -> Collection[tuple[str, IncidentId]]:
        """Of which incidents the beginning was given up, and in whose place it was told."""
        query = select(unheard.c.in_place_of, unheard.c.incident_id)
        rows = await self._read(query.where(unheard.c.receiver == receiver))
        return {(row.in_place_of, IncidentId(row.incident_id)) for row in rows}

    async def forward(self, notifications: Sequence[Notification], *, receiver: str) -> None:
        """Store copies for another receiver in place of this one, and what that one was told."""

        async def work(connection: AsyncConnection) -> None:
            for each in notifications:
                added = upsert(outbox).on_conflict_do_nothing()
                await connection.execute(added, outbox_row(each))
                await self._note_forwarded(connection, each, receiver)

        await self._write(work)

    async def _note_forwarded(
        self, connection: AsyncConnection, notification: Notification, receiver: str
    ) -> None:
        over = [i.id for i in notification.with_status(ItemStatus.RESOLVED)]
        told = (item.incident.id for item in notification.items)
        rows = [{"receiver": receiver, "incident_id": i} for i in told if i not in over]
        if rows:
            await connection.execute(upsert(forwarded).on_conflict_do_nothing(), rows)
        is_over = (forwarded.c.receiver == receiver) & forwarded.c.incident_id.in_(over)
        await connection.execute(delete(forwarded).where(is_over))

    async def forwarded(
        self, incidents: Sequence[IncidentId], *, receiver: str
    ) -> Sequence[IncidentId]:
        """Of which of these another receiver was told, and not the end."""
        query = select(forwarded.c.incident_id).where(
            forwarded.c.receiver == receiver, forwarded.c.incident_id.in_(incidents)
        )
        return [IncidentId(row.incident_id) for row in await self._read(query)]

    async def forget_receivers(self, known: Collection[str], *, at: Timestamp) -> Mapping[str, int]:
        """Give up what waits for receivers that are configured no more, and what they are owed.
        Returns how many messages that were, by receiver.
        """
        waiting = {name: n for name, (n, _) in (await self.backlog()).items() if name not in known}
        lost = outbox.c.settled_at.is_(None) & outbox.c.receiver.not_in(known)
        owed = notified.c.resolved_at.is_(None) & notified.c.receiver.not_in(known)

        async def work(connection: AsyncConnection) -> None:
            gone = update(outbox).where(lost).values(settled_at=at, error=NOT_CONFIGURED)
            await connection.execute(gone)
            await connection.execute(delete(notified).where(owed))
            await connection.execute(delete(forwarded).where(forwarded.c.receiver.not_in(known)))
            await connection.execute(delete(unheard).where(unheard.c.receiver.not_in(known)))

        await self._write(work)
        return waiting

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
        return {row.receiver: (row.waiting, row.oldest) for row in await self._read(query)}

    async def prune(self, *, before: Timestamp) -> None:
        """Forget messages settled, incidents resolved and notes made before then. What waits is
        never lost.
        """
        old = (incidents.c.resolved_at < before) & incidents.c.id.not_in(
            select(notified.c.incident_id).where(notified.c.resolved_at.is_(None))
        )

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(outbox).where(outbox.c.settled_at < before))
            is_old = notified.c.incident_id.in_(select(incidents.c.id).where(old))
            await connection.execute(delete(notified).where(is_old))
            await connection.execute(delete(incidents).where(old))
            known = select(incidents.c.id)
            await connection.execute(delete(unheard).where(unheard.c.incident_id.not_in(known)))
            await connection.execute(delete(memos).where(memos.c.written_at < before))
            await connection.execute(delete(history).where(history.c.at < before))
            await connection.execute(delete(silences).where(silences.c.ends_at < before))

        await self._write(work)

    # --- history ------------------------------------------------------------

    async def history(self, sought: Sought) -> Sequence[Happening]:
        """What happened, latest first."""
        query = select(history.c.happening).order_by(history.c.at.desc(), history.c.id.desc())
        rows = await self._read(query.where(*clauses_of(sought)).limit(sought.limit))
        found = (decoded(row.happening, Happening) for row in rows)
        return [each for each in found if each is not None]

    async def record(self, happenings: Sequence[Happening]) -> None:
        """Add to the history."""

        async def work(connection: AsyncConnection) -> None:
            await append_happenings(connection, happenings)

        await self._write(work)

    # --- silences ------------------------------------------------------------

    async def silences(self) -> Sequence[Silence]:
        """All that are kept, those that ended lately among them."""
        rows = await self._read(select(silences.c.silence).order_by(silences.c.ends_at))
        found = (decoded(row.silence, Silence) for row in rows)
        return [each for each in found if each is not None]

    async def keep_silence(self, silence: Silence, happening: Happening) -> None:
        """Store a silence that was set or changed, and what happened to it."""

        async def work(connection: AsyncConnection) -> None:
            await upsert_rows(connection, silences, [silence_row(silence)])
            await append_happenings(connection, (happening,))

        await self._write(work)

    # --- what receivers remember of a group ----------------------------------------------------

    async def recall(self, receiver: str, group_key: str) -> str | None:
        """What was noted last; None if nothing was."""
        query = select(memos.c.text).where(
            memos.c.receiver == receiver, memos.c.group_key == group_key
        )
        rows = await self._read(query)
        return str(rows[0].text) if rows else None

    async def remember(self, receiver: str, group_key: str, text: str, *, at: Timestamp) -> None:
        """Note it in place of what was noted."""
        row = {"receiver": receiver, "group_key": group_key, "written_at": at, "text": text}

        async def work(connection: AsyncConnection) -> None:
            await upsert_rows(connection, memos, [row])

        await self._write(work)

    # --- connections ------------------------------------------------------------

    async def _read(self, query: Any) -> Sequence[Row[Any]]:
        with translated():
            async with self._database.engine.connect() as connection:
                return (await connection.execute(query)).all()

    async def _write(self, work: Callable[[AsyncConnection], Any]) -> None:
        """One writer at a time: SQLite knows no more, and waiting here is fairer than there."""
        with translated():
            async with self._writing, self._database.engine.begin() as connection:
                await work(connection)


_incidents = incidents
