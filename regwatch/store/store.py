"""One open database and its parts: each is handed to whom it serves, who knows it by a Protocol.

Every method of every part is one transaction, durable once it returns.
"""

from functools import partial

from regwatch.clock import Clock, wall_clock
from regwatch.core.model import (
    Timestamp,
)
from regwatch.store.accounts import StoredAccounts
from regwatch.store.database import Database, open_database
from regwatch.store.incidents import StoredIncidents
from regwatch.store.memos import StoredMemos
from regwatch.store.operations import StoredOperations
from regwatch.store.outbox import StoredOutbox
from regwatch.store.retention import forget_old


class Store:
    """Opens the database, and closes it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.accounts = StoredAccounts(database)
        self.incidents = StoredIncidents(database)
        self.outbox = StoredOutbox(database)
        self.operations = StoredOperations(database)
        self.memos = StoredMemos(database)

    @classmethod
    async def open(cls, url: str, *, clock: Clock = wall_clock) -> "Store":
        """Open or make the database; raises `StoreError`."""
        return cls(await open_database(url, clock=clock))

    async def close(self) -> None:
        """Close it; safe to call twice."""
        await self._database.close()

    @property
    def unreadable_rows(self) -> int:
        """How often a row was met since it was opened that could not be read, and was left out."""
        return self._database.unreadable.count

    async def check_writable(self) -> None:
        """Write, and take it back; raises `StoreError` if another process keeps it locked."""
        await self._database.check_writable()

    async def prune(self, *, before: Timestamp) -> None:
        """Forget what is over and older than that. What waits is never lost."""
        await self._database.write(partial(forget_old, before=before))
