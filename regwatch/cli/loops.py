"""Running a coroutine from the command line until it ends or a signal ends it."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from importlib import import_module
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
    """None: asyncio's own."""
    try:
        factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    except ImportError:
        return None
    return factory
