"""What is done about the store from time to time: see what waits in it, forget what is old."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from regwatch.app.engines.running import Running
from regwatch.app.surroundings import Surroundings
from regwatch.core.bugs import Where
from regwatch.core.model import Instant, Timestamp
from regwatch.store import StoreError

BACKLOG_SECONDS = 2.0
KEEP_SECONDS = 30 * 86_400.0
PRUNE_SECONDS = 3_600.0

log = structlog.get_logger(__name__)

Backlog = Mapping[str, tuple[int, Timestamp | None]]
"""By receiver: how many messages wait, and since when the oldest."""


class StoreCare:
    """Goes on over all reloads."""

    def __init__(self, around: Surroundings, *, on_backlog: Callable[[Backlog], None]) -> None:
        self.backlog: Backlog = {}
        self._around = around
        self._on_backlog = on_backlog
        self._running = Running("store", Where.STORE, self._look_after, around.bugs)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to look after it, in a task of this group."""
        self._running.start(tasks)

    async def stop(self) -> None:
        """Leave it alone."""
        await self._running.stop()

    async def _look_after(self) -> None:
        store, steady = self._around.store, self._around.steady
        prune_at = steady()
        while True:
            try:
                self.backlog = await store.outbox.backlog()
                self._on_backlog(self.backlog)
                if steady() >= prune_at:
                    prune_at = Instant(steady() + PRUNE_SECONDS)
                    await store.prune(before=Timestamp(self._around.clock() - KEEP_SECONDS))
            except StoreError as error:
                log.debug("store_not_read", error=str(error))
            await asyncio.sleep(BACKLOG_SECONDS)
