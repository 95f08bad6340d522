"""Whether a daemon can begin with a configuration: asked in the same way by the start, by each
reload and by `regwatch check-config`. Nobody is asked, nothing is opened but files.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from regwatch.app.settings.clients import pbx_settings
from regwatch.app.settled import uncollected
from regwatch.app.sources import pbx_of
from regwatch.clock import Clock, wall_clock
from regwatch.config import Config, ConfigError, Problem, load_config
from regwatch.shapes.problems import written
from regwatch.sources.source import SourceError

Read = Callable[[Callable[[], Config]], Awaitable[Config]]
"""How the work of reading a configuration is done."""


def load_sound(file: Path, *, environ: Mapping[str, str], clock: Clock = wall_clock) -> Config:
    """The configuration; raises `ConfigError` with all that keeps a daemon from beginning with it.
    It may take seconds where there are 100,000 extensions.
    """
    config = load_config(file, environ=environ, clock=clock)
    if problems := [*_unprepared(file, config, clock)]:
        raise ConfigError(problems)
    return config


async def in_thread(read: Callable[[], Config]) -> Config:
    """So that it holds up nobody; not even for the time that the garbage of 100,000 extensions
    would take to be looked through.
    """
    with uncollected():
        return await asyncio.to_thread(read)


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """Where a daemon's configuration stands, and how it is read again."""

    path: Path
    environ: Mapping[str, str]
    read: Read = in_thread

    async def load(self, *, clock: Clock) -> Config:
        """As it stands there now; raises `ConfigError`."""
        return await self.read(partial(load_sound, self.path, environ=self.environ, clock=clock))


def _unprepared(file: Path, config: Config, clock: Clock) -> Iterator[Problem]:
    """Accounts whose PBX could not be asked: the environment names a proxy that is none."""
    for index, account in enumerate(config.accounts):
        try:
            pbx_of(pbx_settings(config, account), clock=clock).prepare()
        except SourceError as error:
            yield Problem(file, None, written(("accounts", index)), str(error))
