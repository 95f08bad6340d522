"""What must survive a restart of an account: its extensions as last answered, with what the monitor
remembers of them. Satisfies `watcher.keeper.StateStore`.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.batching import batched, in_order
from regwatch.core.history import Happening
from regwatch.core.model import LONG_AGO, AccountName, ExtensionId, Incident, Watched
from regwatch.core.phones.answer_times import AnswerTime
from regwatch.store import schema
from regwatch.store.database import Database
from regwatch.store.packing import PackError, packed, unpacked
from regwatch.store.revisions import is_revision, last_revision
from regwatch.store.rows import (
    CHUNK,
    append_happenings,
    extension_row,
    incident_row,
    upsert_rows,
)
from regwatch.store.sealed import UnreadableError, opened, opened_bytes
from regwatch.store.unstored import Unstored

Kept = tuple[Watched, bytes]
"""An extension with what the monitor remembers of it."""


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account's last snapshot: each extension, with what the monitor remembers of it."""

    watched: Sequence[Kept]
    times: Mapping[ExtensionId, AnswerTime] = field(default_factory=dict)
    """Of those that were answered later than their row was written."""


class StoredAccounts:
    """All accounts' state."""

    def __init__(self, database: Database, unstored: Unstored) -> None:
        self._database = database
        self._unstored = unstored
        self._revisions: dict[AccountName, int] = {}

    # --- reading ---------------------------------------------------------------------------------

    async def load(self, account: AccountName) -> StoredAccount:
        """The account's last snapshot, longest unanswered first; empty if there is none."""
        self._revisions.pop(account, None)  # another process may have had it meanwhile
        times = await self._times(account)
        read: list[_Row] = []
        async for rows in self._pages(account):
            read += self._read(rows, times)
            await asyncio.sleep(0)
        found = await in_order(read, key=attrgetter("answered_at"))
        later = {row.time.extension_id: row.time for row in found if row.time is not None}
        return StoredAccount([row.kept for row in found], later)

    async def _pages(self, account: AccountName) -> AsyncIterator[Sequence[Row[Any]]]:
        """By id: neither the reading of them nor their order holds up the loop."""
        columns = schema.extensions.c
        query = select(columns.extension_id, columns.watched, columns.memory, columns.revision)
        query = query.where(columns.account == account).order_by(columns.extension_id).limit(CHUNK)
        rows = await self._database.read(query)
        while rows:
            yield rows
            last = rows[-1].extension_id
            rows = await self._database.read(query.where(columns.extension_id > last))

    def _read(
        self, rows: Sequence[Row[Any]], times: Mapping[ExtensionId, tuple[int, AnswerTime]]
    ) -> Sequence["_Row"]:
        unreadable = self._database.unreadable
        read: list[_Row] = []
        for watched, row in unreadable.all_made(Watched, _watched_of, rows):
            memory = unreadable.tried(bytes, opened_bytes, row.memory) or b""
            revision, time = times.get(watched.extension.id, (0, None))
            is_later = is_revision(row.revision) and revision > row.revision
            read.append(_Row((watched, memory), time if is_later else None))
        return read

    async def _times(self, account: AccountName) -> Mapping[ExtensionId, tuple[int, AnswerTime]]:
        """By extension: the latest, and at which revision they were."""
        columns = schema.answer_times.c
        query = select(columns.times, columns.revision).where(columns.account == account)
        found: dict[ExtensionId, tuple[int, AnswerTime]] = {}
        for row in await self._database.read(query.order_by(columns.revision)):
            if not is_revision(row.revision):
                continue
            times = self._database.unreadable.tried(AnswerTime, _unpacked, row.times) or ()
            found |= {each.extension_id: (row.revision, each) for each in times}
            await asyncio.sleep(0)
        return found

    # --- writing ---------------------------------------------------------------------------------

    async def save(
        self,
        account: AccountName,
        *,
        watched: Iterable[Kept],
        removed: Collection[ExtensionId] = (),
        incidents: Sequence[Incident] = (),
        happenings: Sequence[Happening] = (),
    ) -> None:
        """Store changed extensions and incidents with what happened, and forget removed
        extensions. With incidents it is done later if the database is away; `watched` is gone
        through as often as it is tried.
        """

        # One transaction: after a crash, an extension that is lost without its incident would
        # never be told of, and one that is told of but not lost would be told of twice.
        async def work(connection: AsyncConnection) -> None:
            revision = await self._next_revision(connection, account)
            for piece in batched(watched, CHUNK):
                rows = [extension_row(account, *each, revision=revision) for each in piece]
                await upsert_rows(connection, schema.extensions, rows)
            await _remove(connection, account, removed)
            await upsert_rows(connection, schema.incidents, map(incident_row, incidents))
            await append_happenings(connection, happenings)

        if incidents:  # before the messages about them, also if the database is away
            await self._database.record(
                work,
                lambda: self._unstored.note(incidents),
                over=lambda: self._unstored.drop(incidents),
            )
        else:
            await self._database.write(work)

    async def save_times(self, account: AccountName, times: Sequence[Sequence[AnswerTime]]) -> None:
        """Store when extensions were answered, in place of all such times before; each piece
        becomes one value. Of an extension that changed otherwise since it was saved there may be
        none: it would be stored as it never was.
        """
        values: list[bytes] = []
        for piece in times:
            values.append(packed(piece))
            await asyncio.sleep(0)

        async def work(connection: AsyncConnection) -> None:
            revision = await self._next_revision(connection, account)
            rows = [
                {"account": account, "number": number, "revision": revision, "times": value}
                for number, value in enumerate(values)
            ]
            await upsert_rows(connection, schema.answer_times, rows)
            columns = schema.answer_times.c
            left = (columns.account == account) & (columns.number >= len(rows))
            await connection.execute(delete(schema.answer_times).where(left))

        await self._database.write(work)

    async def _next_revision(self, connection: AsyncConnection, account: AccountName) -> int:
        """One more than any that is stored; a number is left out where a transaction failed."""
        if account not in self._revisions:
            self._revisions[account] = await last_revision(connection, account)
        self._revisions[account] += 1
        return self._revisions[account]


@dataclass(frozen=True, slots=True)
class _Row:
    kept: Kept
    time: AnswerTime | None

    @property
    def answered_at(self) -> float:
        answered_at = self.time.answered_at if self.time else self.kept[0].answered_at
        return LONG_AGO if answered_at is None else answered_at


def _watched_of(row: Row[Any]) -> tuple[Watched, Row[Any]]:
    watched = opened(row.watched, Watched)
    if watched.extension.id != row.extension_id:
        raise UnreadableError("it stands in the row of another extension")
    return watched, row


def _unpacked(stored: Any) -> Sequence[AnswerTime]:
    try:
        return unpacked(stored)
    except PackError as error:
        raise UnreadableError(str(error)) from error


async def _remove(
    connection: AsyncConnection, account: AccountName, removed: Collection[ExtensionId]
) -> None:
    if not removed:  # executed with no rows at all, it would miss its parameters
        return
    extensions = schema.extensions
    is_gone = (extensions.c.account == bindparam("gone_account")) & (
        extensions.c.extension_id == bindparam("gone_id")
    )
    # A row each: no statement takes as many parameters as an account may have extensions.
    rows = [{"gone_account": account, "gone_id": each} for each in removed]
    await connection.execute(delete(extensions).where(is_gone), rows)
