"""What must survive a restart of an account: its extensions as last answered, with what the monitor
remembers of them. Satisfies `watcher.keeper.StateStore`.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.batching import batched
from regwatch.core.history import Happening
from regwatch.core.model import AccountName, ExtensionId, Incident, Watched
from regwatch.store import schema
from regwatch.store.database import Database
from regwatch.store.rows import (
    CHUNK,
    append_happenings,
    decoded,
    extension_row,
    incident_row,
    upsert_rows,
)


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account's last snapshot: each extension, with what the monitor remembers of it."""

    watched: Sequence[tuple[Watched, bytes]]


class StoredAccounts:
    """All accounts' state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, account: AccountName) -> StoredAccount:
        """The account's last snapshot, longest unanswered first; empty if there is none."""
        extensions = schema.extensions.c
        query = (
            select(extensions.watched, extensions.memory)
            .where(extensions.account == account)
            .order_by(extensions.answered_at)
        )
        rows = await self._database.read(query)
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
        extensions. With incidents it is done later if the database is away; `watched` is gone
        through as often as it is tried.
        """

        # One transaction: after a crash, an extension that is lost without its incident would
        # never be told of, and one that is told of but not lost would be told of twice.
        async def work(connection: AsyncConnection) -> None:
            for piece in batched(watched, CHUNK):
                rows = [extension_row(account, *each) for each in piece]
                await upsert_rows(connection, schema.extensions, rows)
            await _remove(connection, account, removed)
            await upsert_rows(connection, schema.incidents, map(incident_row, incidents))
            await append_happenings(connection, happenings)

        if incidents:  # before the messages about them, also if the database is away
            await self._database.record(work, lambda: None)
        else:
            await self._database.write(work)


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
