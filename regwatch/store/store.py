"""One open database and its parts: each is handed to whom it serves, who knows it by a Protocol.

Every method of every part is one transaction, durable once it returns.
"""

from collections.abc import Callable, Sequence
from functools import partial

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.clock import Clock, wall_clock
from regwatch.core.model import Timestamp
from regwatch.store import schema
from regwatch.store.accounts import StoredAccounts
from regwatch.store.database import Database, change_nothing, open_database, open_stand_in
from regwatch.store.errors import StoreInUseError, StoreUnavailableError, StoreUrlError
from regwatch.store.incidents import StoredIncidents
from regwatch.store.memos import StoredMemos
from regwatch.store.merging import merge
from regwatch.store.opening import Loss
from regwatch.store.operations import StoredOperations
from regwatch.store.outbox import StoredOutbox, restock
from regwatch.store.retention import Retention
from regwatch.store.unstored import Unstored
from regwatch.store.writer import Listeners

MOST_LINES_IN_MEMORY = 100_000
"""Of the history, while the database cannot be opened; the oldest are let go."""

log = structlog.get_logger(__name__)


class Store:
    """Opens the database, and closes it."""

    def __init__(
        self, database: Database, *, wanted: str | None = None, clock: Clock = wall_clock
    ) -> None:
        """`wanted`: the URL of the one that it stands in for; None: of none."""
        self._database = database
        self._wanted = wanted
        self._clock = clock
        self._unstored = Unstored()
        self.accounts = StoredAccounts(database, self._unstored)
        self.incidents = StoredIncidents(database, self._unstored)
        self.outbox = StoredOutbox(database)
        self.operations = StoredOperations(database)
        self.memos = StoredMemos(database)
        self._retention = Retention(database)
        database.restock = partial(restock, self.outbox)

    @classmethod
    async def open(cls, url: str, *, clock: Clock = wall_clock) -> "Store":
        """Open or make the database; raises `StoreError`."""
        store = cls(await open_database(url, clock=clock))
        try:
            await store.outbox.load()
        except BaseException:
            await store.close()
            raise
        return store

    @classmethod
    async def open_or_stand_in(cls, url: str, *, clock: Clock = wall_clock) -> "Store":
        """Open or make the database; or, if that cannot be done now, begin without: in memory,
        until `take_up`. Raises `StoreError` for what does not pass, and `StoreInUseError`.
        """
        try:
            return await cls.open(url, clock=clock)
        except (StoreInUseError, StoreUrlError):
            raise
        except StoreUnavailableError as error:
            log.error("store_not_opened", reason=str(error))
            stand_in = await open_stand_in(str(error), clock=clock)
            return cls(stand_in, wanted=url, clock=clock)

    @property
    def is_stand_in(self) -> bool:
        """Whether the database could not be opened yet."""
        return self._wanted is not None

    async def try_opening(self) -> Database | None:
        """The database that could not be opened at the start; None: it is open. Raises
        `StoreError`.
        """
        if self._wanted is None:
            return None
        return await open_database(self._wanted, clock=self._clock)

    async def take_up(self, opened: Database) -> None:
        """Add to it what was noted meanwhile, and work with it from now on: whoever holds
        something from before loads it anew. Raises `StoreError`, and then nothing changes.
        """
        tables = schema.metadata.sorted_tables
        noted = {table.name: await self._database.read(select(table)) for table in tables}
        try:
            await opened.write_alone(partial(merge, noted=noted, now=self._clock()))
        except BaseException:
            await opened.close()
            raise
        await self._database.close()
        self._database.replace(opened)
        self._wanted = None
        await self.outbox.load()
        self._database.writer.listeners.turned("")

    @property
    def problem(self) -> str:
        """Why what is stored now would not survive a restart; empty: it would."""
        return self._database.problem

    def listen(self, listeners: Listeners) -> None:
        """These hear how writing goes, and at once how it stands."""
        self._database.writer.listeners = listeners
        listeners.turned(self.problem)

    async def close(self) -> None:
        """Close it; safe to call twice."""
        await self._database.close()

    @property
    def damage(self) -> str:
        """What is wrong with the file and not put right; empty: nothing."""
        return self._database.damage

    def take_losses(self) -> Sequence[Loss]:
        """Which files were set aside since this was asked last."""
        losses, self._database.losses = self._database.losses, []
        return losses

    def on_anew(self, restock: Callable[[], None]) -> None:
        """Called when a new file was begun while running, and what is known is to go into it."""
        self._database.on_anew = restock

    def take_unreadable(self) -> int:
        """How many rows were met since this was asked last that could not be read, and were left
        out.
        """
        return self._database.unreadable.take_count()

    async def check_writable(self) -> None:
        """Write, and take it back; raises `StoreError` if another process keeps it locked."""
        await self._database.check_writable()

    async def check_there(self) -> None:
        """Look whether it could be written; raises `StoreError`. Costs the disk nothing."""
        await self._database.check_there()

    async def prune(self, *, before: Timestamp) -> bool:
        """Forget some of what is over and older than that; whether there may be more of it. What
        waits is never lost. Raises `StoreError`, and forgets nothing, while the database is away.
        """
        # Behind all that waits to be stored: it would be taken for old else.
        await self._database.write(change_nothing, is_urgent=True)
        is_more = await self._retention.forget_old(before=before)
        if self.is_stand_in:
            await self._database.write(_bound_history)
        self.memos.let_go()
        await self.outbox.forget_old(before=before)
        return is_more


async def _bound_history(connection: AsyncConnection) -> None:
    lines = schema.history.c
    last = select(func.max(lines.id)).scalar_subquery()
    gone = await connection.execute(
        delete(schema.history).where(lines.id <= last - MOST_LINES_IN_MEMORY)
    )
    if gone.rowcount:
        log.warning("history_cut", lines=gone.rowcount)
