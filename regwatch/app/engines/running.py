"""A task that is started and stopped singly, and begun again if it dies.

Whoever dies takes nobody along, and does not stay dead unseen: it is said at once and tried again,
ever more slowly. What it left half done must not matter: that is its own care.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from traceback import extract_tb
from typing import Protocol

import structlog

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
"""Half of it, on average, is what a fault that has passed costs besides its own time."""
SETTLED_SECONDS = 60.0
"""Who lived for so long was well: what it dies of then is another fault, tried again soon."""
STOP_SECONDS = 5.0
"""For what is done last, such as storing what is not stored yet."""
CUT_OFF_SECONDS = 1.0
PACKAGE = str(Path(__file__).parents[2])

log = structlog.get_logger(__name__)


class Running:
    """One task of many; starting twice is starting once, and so is stopping."""

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        *,
        on_death: Callable[[], None] = lambda: None,
    ) -> None:
        """`work`: what it does until it is cancelled, or has come to its end; begun anew after a
        death, of which `on_death` hears.
        """
        self.name = name
        self.trouble = ""
        """What it died of, while it waits to be begun again."""
        self._work = work
        self._on_death = on_death
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    @property
    def is_started(self) -> bool:
        """Whether it was started and has not ended; also while it waits to be begun again."""
        return self._task is not None and not self._task.done()

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin, if it has not begun."""
        if not self.is_started:
            self._is_stopping, self.trouble = False, ""
            self._task = tasks.create_task(self._run(), name=self.name)

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

    async def _run(self) -> None:
        loop, deaths = asyncio.get_running_loop(), 0
        while True:
            begun_at = loop.time()
            try:
                await self._work()
            except Exception as error:  # noqa: BLE001 - the guard of all parts: the others go on
                deaths = 1 if loop.time() - begun_at >= SETTLED_SECONDS else deaths + 1
                self._died(error)
            else:
                return
            if self._is_stopping:  # it failed in its last deed: nobody wants it again
                return
            await asyncio.sleep(pause_after(deaths))
            self.trouble = ""

    def _died(self, error: Exception) -> None:
        self.trouble = f"{self.name} died of {type(error).__name__}{place_of(error)}"
        log.error("part_died", part=self.name, at_stop=self._is_stopping, exc_info=error)
        if not self._is_stopping:
            self._on_death()


def pause_after(deaths: int) -> float:
    """Seconds after so many deaths in a row (1 or more)."""
    doublings = min(deaths - 1, 30)  # more would overflow a float after some weeks
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**doublings)


def place_of(error: BaseException) -> str:
    """The last of our own lines that an error came from: its words may quote a secret."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    own = [frame for frame in extract_tb(error.__traceback__) if PACKAGE in frame.filename]
    return f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


class Stoppable(Protocol):
    """Whoever can be stopped."""

    async def stop(self) -> None:
        """Raises nothing."""


async def stop_all(parts: Iterable[Stoppable]) -> None:
    """All at once: the time for it is bounded by the slowest."""
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part.stop())
