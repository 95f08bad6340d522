"""Looking whether the machine's clock was set: the one place where that is found and said."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from regwatch.app.engines.running import Running
from regwatch.app.surroundings import Surroundings
from regwatch.core.bugs import Where

LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)


class ClockCare:
    """Goes on over all reloads."""

    def __init__(
        self, around: Surroundings, *, follow: Callable[[Callable[[], float]], Awaitable[None]]
    ) -> None:
        """`follow` looks when nobody is between two lives, and tells whoever holds times."""
        self._around = around
        self._follow = follow
        self._running = Running("clock", Where.CLOCK, self._watch, around.bugs)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to look, in a task of this group."""
        self._running.start(tasks)

    async def stop(self) -> None:
        """Look no more."""
        await self._running.stop()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._follow(self._look)

    def _look(self) -> float:
        """By how many seconds it was set."""
        step = self._around.clock.look()
        if step:
            self._around.instruments.clock_set()
            log.warning("clock_set", seconds=round(step, 1))
        return step
