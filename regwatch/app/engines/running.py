"""A task that is started and stopped singly, and kept going by a guard meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Protocol

import structlog

from regwatch.core.bugs import Where
from regwatch.guard import Bugs, Guard

STOP_SECONDS = 5.0
"""For what is done last, such as storing what is not stored yet."""
CUT_OFF_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Running:
    """One task of many; starting twice is starting once, and so is stopping."""

    def __init__(
        self,
        name: str,
        where: Where,
        work: Callable[[], Awaitable[None]],
        bugs: Bugs,
        *,
        on_death: Callable[[], None] = lambda: None,
        no_bugs: tuple[type[Exception], ...] = (),
    ) -> None:
        """`work`: what it does until it is cancelled; begun anew after a death, of which `on_death`
        hears. `no_bugs`: what it may die of without anybody's fault.
        """
        self.name = name
        self._work = work
        self._make_guard = partial(Guard, name, where, bugs, on_death=on_death, no_bugs=no_bugs)
        self._guard = self._make_guard()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    @property
    def trouble(self) -> str:
        """What it died of, until it is well again; empty if it lives."""
        return self._guard.trouble

    @property
    def is_started(self) -> bool:
        """Whether it was started and has not ended; also while it waits to be begun again."""
        return self._task is not None and not self._task.done()

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin, if it has not begun."""
        if not self.is_started:
            self._is_stopping, self._guard = False, self._make_guard()
            self._task = tasks.create_task(self._guard.keep(self._work), name=self.name)

    def let_end(self) -> None:
        """It was asked to come to its end by itself."""
        self._guard.let_end()

    async def ended(self, *, seconds: float) -> bool:
        """Wait for its own end, for so long; whether it came."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=seconds)
        return not self.is_started

    async def stop(self) -> None:
        """End it, within a bounded time."""
        task = self._task
        if task is None or task.done():
            return
        if not self._is_stopping:  # a second cancel would cut short what is done last
            self._is_stopping = True
            task.cancel()
        if await self.ended(seconds=STOP_SECONDS):
            return
        log.error("engine_stop_timed_out", part=self.name, seconds=STOP_SECONDS)
        task.cancel()  # out of what it does last: nobody may hold up the end of all
        await self.ended(seconds=CUT_OFF_SECONDS)


class Stoppable(Protocol):
    """Whoever can be stopped."""

    async def stop(self) -> None:
        """Raises nothing."""


async def stop_all(parts: Iterable[Stoppable]) -> None:
    """All at once: the time for it is bounded by the slowest."""
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part.stop())
