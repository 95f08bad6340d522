"""What receivers remember of a group between two messages. Satisfies `notify.memo.Memo`."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.core.model import Timestamp
from regwatch.store.database import Database
from regwatch.store.rows import upsert_rows
from regwatch.store.schema import memos

MOST_NOTED = 10_000
"""Kept in memory besides; of others the database knows."""


class StoredMemos:
    """One text per receiver and group."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[tuple[str, str], str] = {}
        """By this process, also while the database is away."""

    async def recall(self, receiver: str, group_key: str) -> str | None:
        """What was noted last; None if nothing was."""
        if (noted := self._noted.get((receiver, group_key))) is not None:
            return noted
        query = select(memos.c.text).where(
            memos.c.receiver == receiver, memos.c.group_key == group_key
        )
        rows = await self._database.read(query)
        return str(rows[0].text) if rows else None

    async def remember(self, receiver: str, group_key: str, text: str, *, at: Timestamp) -> None:
        """Note it in place of what was noted."""
        row = {"receiver": receiver, "group_key": group_key, "written_at": at, "text": text}

        async def work(connection: AsyncConnection) -> None:
            await upsert_rows(connection, memos, [row])

        await self._database.record(work, lambda: self._note(receiver, group_key, text))

    def let_go(self) -> None:
        """The database is there, and knows what is not forgotten."""
        self._noted.clear()

    def _note(self, receiver: str, group_key: str, text: str) -> None:
        self._noted.pop((receiver, group_key), None)
        self._noted[receiver, group_key] = text
        if len(self._noted) > MOST_NOTED:
            del self._noted[next(iter(self._noted))]
