"""Reading the configuration again: tried out whole, then swapped in, then on trial for a minute.

Whatever can fail is tried while nothing has changed yet: the file, certificates, templates, the
store. What fails in the swap all the same leaves the former configuration in force, and so does an
account that dies on trial: then the whole former configuration comes back. What only a restart can
change (where it listens, where the state is kept) is said.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from regwatch.app.engine import Engine
from regwatch.app.operations import warn_of_silences
from regwatch.app.parts import Parts
from regwatch.app.service_manager import ServiceManager
from regwatch.app.surroundings import Surroundings
from regwatch.config import Config, ConfigError, load_config
from regwatch.core.bugs import Where, why
from regwatch.core.model import AccountName
from regwatch.guard import Bugs
from regwatch.sources.source import SourceError
from regwatch.store import StoreError
from regwatch.web.webconfig import WebConfig, WebConfigError, load_web_config

TRIAL_SECONDS = 60.0
"""Who dies later was not killed by what the reload changed."""
CONFIGURATION = "the configuration"
"""What a bug was met by in a reload."""
EXPECTED = (ConfigError, StoreError, WebConfigError, SourceError)
"""What their words say of a configuration that cannot be used; they hold no secrets."""

log = structlog.get_logger(__name__)

Problems = list[str]
"""What is wrong with a configuration; none: it can be used."""
STOPPING: Problems = ["regwatch is stopping"]


@dataclass(frozen=True, slots=True)
class Trial:
    """What the last reload began, and what comes back if that dies."""

    former: Config
    accounts: Sequence[AccountName]
    ends_at: float
    """By the loop's clock."""


class Reloader:
    """Keeps the configuration that is in force; one reload at a time."""

    def __init__(
        self,
        file: Path,
        config: Config,
        engine: Engine,
        around: Surroundings,
        *,
        environ: Mapping[str, str],
        parts_of: Callable[[Config], Parts],
        manager: ServiceManager,
    ) -> None:
        """`config`: the first one, in force already."""
        self.config = config
        self._file = file
        self._engine = engine
        self._around = around
        self._environ = environ
        self._parts_of = parts_of
        self._manager = manager
        self._reloading = asyncio.Lock()
        self._is_over = asyncio.Event()
        self._trial: Trial | None = None
        self._failed = asyncio.Event()

    async def reload(self) -> Problems:
        """Read the configuration again; returns what is wrong with it, and then changes nothing."""
        async with self._reloading:
            self._manager.reloading()
            former = self.config
            try:
                problems = await _tried(self._reload, self._around.bugs)
            finally:
                self._manager.ready()
            self._note(success=not problems)
            if problems:
                log.error("config_not_reloaded", problems=problems)
            else:
                self._around.bugs.mended(Where.RELOAD, CONFIGURATION)
                _say_what_needs_a_restart(former, self.config)
                log.info("config_reloaded", file=str(self._file))
            return problems

    async def _reload(self) -> Problems:
        """What keeps it from being reloaded, where that is no error."""
        if self._is_over.is_set():
            return STOPPING
        config, parts = await self._try_out()
        if self._is_over.is_set():  # a stop came meanwhile: it waits for no swap that is to come
            return STOPPING
        await self._swap(config, parts)
        return []

    async def _try_out(self) -> tuple[Config, Parts]:
        """All that may fail, before anything is stopped."""
        config = load_config(self._file, environ=self._environ, clock=self._around.clock)
        web_config(config)
        await self._around.store.check_writable()
        parts = self._parts_of(config)
        self._engine.try_out(parts)
        return config, parts

    async def _swap(self, config: Config, parts: Parts) -> None:
        former, self._trial = self.config, None
        begun = await self._engine.change(parts)
        self.config = config
        now = asyncio.get_running_loop().time()
        self._trial = Trial(former, begun, ends_at=now + TRIAL_SECONDS)
        warn_of_silences(self._engine, now=self._around.clock())

    def close(self) -> None:
        """No reload begins any more."""
        self._is_over.set()

    # --- on trial --------------------------------------------------------------------------------

    def died(self, account: AccountName) -> None:
        """An account's engine died; it is begun again in any case, ever more slowly."""
        trial, now = self._trial, asyncio.get_running_loop().time()
        if trial is not None and account in trial.accounts and now < trial.ends_at:
            self._failed.set()

    async def watch_trials(self) -> None:
        """Bring the former configuration back if the new one fails on trial, until cancelled."""
        while True:
            await self._failed.wait()
            async with self._reloading:
                self._failed.clear()
                await self._take_back()

    async def _take_back(self) -> None:
        trial = self._trial
        if trial is None:  # another reload came first
            return
        log.error("config_taken_back", file=str(self._file), accounts=list(trial.accounts))
        self._note(success=False)
        problems = await _tried(lambda: self._go_back(trial.former), self._around.bugs)
        if problems:  # then those who died are begun again with what they died of
            log.error("former_config_not_taken_up", problems=problems)

    async def _go_back(self, former: Config) -> Problems:
        await self._swap(former, self._parts_of(former))
        self._trial = None  # it is the last resort
        return []

    def _note(self, *, success: bool) -> None:
        self._around.instruments.config_reloaded(success=success, at=self._around.clock())


async def _tried(step: Callable[[], Awaitable[Problems]], bugs: Bugs) -> Problems:
    """What keeps a step from being taken. Of a bug, only where it was met: its words may quote a
    secret.
    """
    try:
        return await step()
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    except EXPECTED as error:
        return [str(error)]
    except Exception as error:  # noqa: BLE001 - the guard of a reload: the daemon goes on
        bugs.note(Where.RELOAD, CONFIGURATION, error)  # without its words, as said above
        return [f"a bug in regwatch: {why(error)}"]


def web_config(config: Config) -> WebConfig | None:
    """What the exporter-toolkit's file says, if one is configured; raises `WebConfigError`."""
    path = config.path(config.http.web_config_file)
    return load_web_config(path) if path else None


def _say_what_needs_a_restart(former: Config, config: Config) -> None:
    for section in ("http", "storage", "metrics", "log"):
        if getattr(config, section) != getattr(former, section):
            log.warning("restart_needed", section=section)
