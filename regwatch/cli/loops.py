"""Running a coroutine from the command line until it ends or a signal ends it."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any

import click

Main = Callable[[asyncio.Event], Coroutine[Any, Any, int]]


def run_loop(main: Main, *, fast: bool = True) -> int:
    """Run until done; SIGINT and SIGTERM set the event it is given. On uvloop if it is there and
    worth its loading: if it is to be `fast`.
    """
    with asyncio.Runner(loop_factory=_loop_factory() if fast else None) as runner:
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


async def until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do it, or as much of it as is done when it is to stop; whether it came to its end. Raises
    what it raises.
    """
    async with asyncio.TaskGroup() as group:
        working, stopping = group.create_task(_outcome(work)), group.create_task(stop.wait())
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        is_done = working.done()
        working.cancel()
        stopping.cancel()
    error = working.result() if is_done else None
    if error is not None:
        raise error
    return is_done


async def _outcome(work: Coroutine[Any, Any, None]) -> Exception | None:
    """What it failed with: a group of tasks would wrap it."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - raised again by who waits for it
        return error
    return None


def confirm(question: str) -> None:
    """Ask; raises `click.Abort` unless the answer is yes. The loop stands still meanwhile, so that
    Ctrl-C must be heard here.
    """
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        click.confirm(question, abort=True)
    finally:
        signal.signal(signal.SIGINT, heard)
