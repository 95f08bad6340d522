"""`regwatch run`: the daemon."""

import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

import click

from regwatch.app.daemon import Daemon, StartError
from regwatch.cli.console import fail
from regwatch.cli.loops import run_loop
from regwatch.cli.settings import check_web_config, config_option, load_or_exit
from regwatch.config import Config
from regwatch.core.bugs import Where
from regwatch.guard import Guard
from regwatch.logs import configure


@click.command(epilog="SIGHUP, or POST /-/reload, makes it read its configuration again.")
@config_option
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append every answer of the PBX to this file, for `regwatch replay`.",
)
def run(config_file: Path, record: Path | None) -> None:
    """Watch the phones until stopped.

    Exit status: 0 after SIGTERM or SIGINT, 1 on failure, 2 on a bad configuration.
    """
    config = load_or_exit(config_file)
    check_web_config(config)
    configure(config.log.level, config.log.format, sys.stderr, os.environ)
    sys.exit(run_loop(lambda stop: _run(config_file, config, record, stop)))


async def _run(config_file: Path, config: Config, record: Path | None, stop: asyncio.Event) -> int:
    daemon = Daemon(config_file, config, record=record)
    hangup = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
    async with asyncio.TaskGroup() as group:
        reloading = group.create_task(_reload_on(hangup, daemon))
        try:
            await daemon.run(stop)
        except StartError as error:  # in here: beyond the group it would be part of another
            fail(str(error))
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
