"""Bugs on a switch: any loop of a daemon ends, in any way, when it is told to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from regwatch.guard import Guard

Ending = Callable[[], Awaitable[None]]


async def dies() -> None:
    raise RuntimeError("hunter2")


async def returns() -> None:
    return None


async def is_cancelled_from_inside() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


@dataclass
class Switch:
    """Which loop ends, how, and how often; each time in the midst of its life."""

    name: str = ""
    ending: Ending = dies
    times: float = 0
    after: float = 2.0
    begun: list[str] = field(default_factory=list)
    """Every loop that was guarded, as often as it began."""

    def strike(self, name: str, ending: Ending, times: float = 1) -> None:
        self.name, self.ending, self.times = name, ending, times

    def spoilt(self, name: str, work: Ending) -> Ending:
        self.begun.append(name)

        async def live() -> None:
            watching = asyncio.ensure_future(self._struck(name))
            living = asyncio.ensure_future(work())
            try:
                await asyncio.wait([watching, living], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (watching, living):
                    task.cancel()
                with suppress(asyncio.CancelledError):
                    await living
            self.times -= 1
            await self.ending()

        return live

    async def _struck(self, name: str) -> None:
        while True:
            await asyncio.sleep(self.after)
            if self.name == name and self.times > 0:
                return


@contextmanager
def bugs_on_a_switch() -> Iterator[Switch]:
    switch, sound = Switch(), Guard._death

    async def spoilt(guard: Guard, work: Ending) -> BaseException | None:
        return await sound(guard, switch.spoilt(guard.name, work))

    Guard._death = spoilt
    try:
        yield switch
    finally:
        Guard._death = sound
