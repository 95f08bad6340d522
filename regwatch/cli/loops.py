"""Running a coroutine from the command line until it ends or a signal ends it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

Main = Callable[[asyncio.Event], Coroutine[Any, Any, int]]


def run_loop(main: Main) -> int:
    """Run until done; SIGINT and SIGTERM set the event it is given. On uvloop if it is there."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_with_signals(main))


async def _with_signals(main: Main) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return await main(stop)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    with suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop
    return None


async def first_of(work: Awaitable[object], stop: asyncio.Event) -> bool:
    """Wait for the work or for the event; whether it was the work that ended. The other one is
    cancelled and awaited.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_await(work)), group.create_task(stop.wait())]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
    return tasks[0] in done


async def _await(work: Awaitable[object]) -> object:
    return await work
