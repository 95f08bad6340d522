"""`regwatch run`: the daemon."""

import asyncio
import os
import resource
import signal
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType

from regwatch.app.daemon import Daemon, StartError, UnusableError
from regwatch.app.soundness import load_sound
from regwatch.cli.console import BAD_CONFIG, FAILED, fail
from regwatch.cli.loops import run_loop
from regwatch.cli.settings import load_or_exit
from regwatch.config import Config
from regwatch.core.bugs import Where
from regwatch.guard import Guard
from regwatch.logs import configure


def run(config_file: Path, record: Path | None) -> None:
    """Watch until stopped, and exit."""
    _take_all_descriptors()
    early = EarlyHangup()
    config = load_or_exit(config_file, load_sound)
    _log_as_told(config)
    daemon = Daemon(config_file, config, record=record, on_config=_log_as_told)
    sys.exit(run_loop(lambda stop: _run(daemon, early, stop)))


def _take_all_descriptors() -> None:
    """As many as this process may have: shells and service managers begin with few, for programs
    that cannot deal with more.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # the unit's filter forbids it, and has set it itself
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _log_as_told(config: Config) -> None:
    configure(config.log.level, config.log.format, sys.stderr, os.environ)


class EarlyHangup:
    """A SIGHUP before the daemon can hear it would end the process: it is kept for later, since
    the file may have changed after it was read.
    """

    def __init__(self) -> None:
        self.came = False
        signal.signal(signal.SIGHUP, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True


async def _run(daemon: Daemon, early: EarlyHangup, stop: asyncio.Event) -> int:
    hangup = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
    if early.came:
        hangup.set()
    async with asyncio.TaskGroup() as group:
        reloading = group.create_task(_reload_on(hangup, daemon))
        try:
            await daemon.run(stop)
        except StartError as error:  # in here: beyond the group it would be part of another
            fail(*error.problems, code=BAD_CONFIG if isinstance(error, UnusableError) else FAILED)
        reloading.cancel()
    return 0


async def _reload_on(hangup: asyncio.Event, daemon: Daemon) -> None:
    await daemon.started.wait()  # what came before it is heard then
    guard = Guard("reloads at SIGHUP", Where.RELOAD, daemon.begun.around.bugs)
    await guard.keep(partial(_reload_forever, hangup, daemon))


async def _reload_forever(hangup: asyncio.Event, daemon: Daemon) -> None:
    while True:
        await hangup.wait()
        hangup.clear()
        await daemon.reload()
