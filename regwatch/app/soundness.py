"""Whether a daemon can begin with a configuration: asked in the same way by the start, by each
reload and by `regwatch check-config`. Nobody is asked, nothing is opened but files.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread

from regwatch.app.settings.clients import pbx_settings
from regwatch.app.settled import uncollected
from regwatch.app.sources import pbx_of
from regwatch.clock import Clock, wall_clock
from regwatch.config import Config, ConfigError, Problem, load_config
from regwatch.shapes.problems import written
from regwatch.sources.source import SourceError

READ_SECONDS = 120.0
"""A file with 100,000 extensions takes some; longer, and a network's disk has died."""
UNANSWERED = "it, or a file that it names, could not be read in time: is a disk away?"
Read = Callable[[Callable[[], Config]], Awaitable[Config]]
"""How the work of reading a configuration is done."""


def load_sound(
    file: Path,
    *,
    environ: Mapping[str, str],
    clock: Clock = wall_clock,
    text: str | None = None,
) -> Config:
    """The configuration; raises `ConfigError` with all that keeps a daemon from beginning with it.
    It may take seconds where there are 100,000 extensions. `text`: what is to be taken for the
    file's content.
    """
    config = load_config(file, environ=environ, clock=clock, text=text)
    if problems := [*_unprepared(file, config, clock)]:
        raise ConfigError(problems)
    return config


async def in_thread(read: Callable[[], Config], *, seconds: float = READ_SECONDS) -> Config:
    """So that it holds up nobody; not even for the time that the garbage of 100,000 extensions
    would take to be looked through. Raises `TimeoutError`. A thread of its own, which may hang for
    ever: those of the loop would keep the daemon from ending.
    """
    outcome: Future[Config] = Future()
    outcome.set_running_or_notify_cancel()  # it cannot be stopped, whoever waits no more
    thread = Thread(target=_settle, args=(outcome, read), name="configuration", daemon=True)
    with uncollected():
        thread.start()
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(outcome)


def _settle(outcome: Future[Config], read: Callable[[], Config]) -> None:
    try:
        outcome.set_result(read())
    except BaseException as error:  # noqa: BLE001 - for whoever waits for it
        outcome.set_exception(error)


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """Where a daemon's configuration stands, and how it is read again."""

    path: Path
    environ: Mapping[str, str]
    read: Read = in_thread

    async def load(self, *, clock: Clock) -> Config:
        """As it stands there now; raises `ConfigError`."""
        load = partial(load_sound, self.path, environ=self.environ, clock=clock)
        try:
            return await self.read(load)
        except TimeoutError:
            raise ConfigError([Problem(self.path, None, "", UNANSWERED)]) from None


def _unprepared(file: Path, config: Config, clock: Clock) -> Iterator[Problem]:
    """Accounts whose PBX could not be asked: the environment names a proxy that is none."""
    for index, account in enumerate(config.accounts):
        try:
            pbx_of(pbx_settings(config, account), clock=clock).prepare()
        except SourceError as error:
            yield Problem(file, None, written(("accounts", index)), str(error))
