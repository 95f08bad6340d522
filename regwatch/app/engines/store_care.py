"""What is done about the store from time to time: see what waits in it, forget what is old."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

import structlog

from regwatch.app.engines.running import Running
from regwatch.app.surroundings import Surroundings
from regwatch.core.bugs import Where
from regwatch.core.model import Instant, Timestamp
from regwatch.store import Store, StoreError
from regwatch.store.writer import pause_after

BACKLOG_SECONDS = 2.0
LOOK_SECONDS = 10.0
"""For minutes there may be nothing to store: that it could not be is to be known before."""
PRUNE_SECONDS = 3_600.0
DOUBTED_SECONDS = 86_400.0
"""For so long a clock that was set forward makes nothing old."""
MOST_DOUBTED = 86_400
"""Settings of the clock in that time: it is looked at once a second."""

log = structlog.get_logger(__name__)

Backlog = Mapping[str, tuple[int, Timestamp | None]]
"""By receiver: how many messages wait, and since when the oldest."""


def store_problem(store: Store) -> str:
    """Why nothing can be stored, in words; empty: it can."""
    return f"nothing can be stored: {store.problem}" if store.problem else ""


class StoreCare:
    """Goes on over all reloads."""

    def __init__(
        self,
        around: Surroundings,
        *,
        on_backlog: Callable[[Backlog], None],
        take_up: Callable[[], Awaitable[None]],
    ) -> None:
        """`take_up`: go on with the database that could not be opened; raises `StoreError`."""
        self.backlog: Backlog = {}
        self._around = around
        self._on_backlog = on_backlog
        self._take_up = take_up
        self._failures = 0
        self._said = ""
        self._doubted: deque[tuple[Instant, float]] = deque(maxlen=MOST_DOUBTED)
        """Until when each setting of the clock is doubted, and by how much it was set."""
        self._try_at = self._prune_at = self._look_at = around.steady()
        self._running = Running("store", Where.STORE, self._look_after, around.bugs)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to look after it, in a task of this group."""
        self._running.start(tasks)

    async def stop(self) -> None:
        """Leave it alone."""
        await self._running.stop()

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds. It may be wrong, and set back: what it
        makes old is not forgotten for a day.
        """
        self._doubted.append((Instant(self._around.steady() + DOUBTED_SECONDS), by))

    def _doubted_seconds(self) -> float:
        """By how much the clock is further ahead than it was a day ago."""
        while self._doubted and self._doubted[0][0] <= self._around.steady():
            self._doubted.popleft()
        return max(0.0, sum(by for _, by in self._doubted))

    async def _look_after(self) -> None:
        while True:
            try:
                await self._open_if_it_is_time()
                self.backlog = await self._around.store.outbox.backlog()
                self._on_backlog(self.backlog)
                await self._check_if_it_is_time()
                await self._prune_if_it_is_time()
            except StoreError as error:
                log.debug("store_not_read", error=str(error))
            await asyncio.sleep(BACKLOG_SECONDS)

    async def _check_if_it_is_time(self) -> None:
        steady = self._around.steady
        if steady() >= self._look_at:
            self._look_at = Instant(steady() + LOOK_SECONDS)
            await self._around.store.check_there()

    async def _prune_if_it_is_time(self) -> None:
        steady = self._around.steady
        if steady() < self._prune_at:
            return
        self._prune_at = Instant(steady() + PRUNE_SECONDS)
        kept = self._around.history_seconds + self._doubted_seconds()
        if await self._around.store.prune(before=Timestamp(self._around.clock() - kept)):
            self._prune_at = steady()  # the rest in the next rounds

    async def _open_if_it_is_time(self) -> None:
        steady = self._around.steady
        if not self._around.store.is_stand_in or steady() < self._try_at:
            return
        try:
            await self._take_up()
        except StoreError as error:
            if str(error) not in (self._said, self._around.store.problem):
                self._said = str(error)
                log.error("store_not_opened", reason=self._said)
            self._failures += 1
            self._try_at = Instant(steady() + pause_after(self._failures))
        else:
            log.info("store_opened")
