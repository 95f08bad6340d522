"""Reading the configuration again: tried out whole, then swapped in, then on trial for a minute.

Whatever can fail is tried while nothing has changed yet: the file, certificates, templates, the
store, the address. What fails in the swap all the same leaves the former configuration in force,
and if a part dies on trial that the reload began, the whole former configuration comes back. What
only a restart can change, where the state is kept, is said.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from regwatch.app.engine import Engine
from regwatch.app.http_side import HttpSettings, HttpSide, Opened
from regwatch.app.operations import warn_of_silences
from regwatch.app.parts import Part, Parts
from regwatch.app.service_manager import ServiceManager
from regwatch.app.soundness import ConfigFile
from regwatch.app.surroundings import Surroundings
from regwatch.config import Config, ConfigError
from regwatch.core.bugs import Where, why
from regwatch.guard import Bugs
from regwatch.sources.source import SourceError
from regwatch.store import StoreError
from regwatch.web.listener import ListenError

TRIAL_SECONDS = 60.0
"""Who dies later was not killed by what the reload changed."""
CONFIGURATION = "the configuration"
"""What a bug was met by in a reload."""
EXPECTED = (ConfigError, StoreError, ListenError, SourceError)
"""What their words say of a configuration that cannot be used; they hold no secrets."""

log = structlog.get_logger(__name__)

Problems = list[str]
"""What is wrong with a configuration; none: it can be used."""
STOPPING: Problems = ["regwatch is stopping"]
CUT_OFF: Problems = ["the reload was cut off"]


@dataclass(frozen=True, slots=True)
class Making:
    """What is made of a configuration."""

    parts: Callable[[Config], Parts]
    http: Callable[[Config], HttpSettings]


@dataclass(frozen=True, slots=True)
class Coming:
    """A configuration that was tried out."""

    config: Config
    parts: Parts
    http: Opened | None
    """None: it stays as it is."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the last reload began, and what comes back if that dies."""

    former: Config
    parts: Sequence[Part]
    ends_at: float
    """By the loop's clock."""


class Reloader:
    """Keeps the configuration that is in force; one reload at a time."""

    def __init__(
        self,
        file: ConfigFile,
        config: Config,
        engine: Engine,
        http: HttpSide,
        around: Surroundings,
        *,
        making: Making,
        manager: ServiceManager,
        is_store_away: Callable[[], bool] = lambda: False,
    ) -> None:
        """`config`: the first one, in force already; `is_store_away`: whether that is known, and
        said everywhere.
        """
        self.config = config
        self.on_config: Callable[[Config], None] = lambda _config: None
        """Hears of each that is in force from now on."""
        self._file = file
        self._engine = engine
        self._http = http
        self._around = around
        self._making = making
        self._manager = manager
        self._is_store_away = is_store_away
        self._reloading = asyncio.Lock()
        self._waiting: asyncio.Future[Problems] | None = None
        self._is_over = asyncio.Event()
        self._trial: Trial | None = None
        self._lost: Trial | None = None
        """The one that failed."""
        self._failed = asyncio.Event()

    async def reload(self) -> Problems:
        """Read the configuration again; returns what is wrong with it, and then changes nothing.
        Of all who ask while one is under way, the first begins the next one: it serves them all.
        """
        if self._waiting is not None:
            return await asyncio.shield(self._waiting)
        self._waiting = waiting = asyncio.get_running_loop().create_future()
        problems = CUT_OFF
        try:
            async with self._reloading:
                self._waiting = None
                problems = await self._whole_reload()
        finally:
            self._waiting = None if self._waiting is waiting else self._waiting
            waiting.set_result(problems)
        return problems

    async def _whole_reload(self) -> Problems:
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
            log.info("config_reloaded", file=str(self._file.path))
        return problems

    async def _reload(self) -> Problems:
        """What keeps it from being reloaded, where that is no error."""
        if self._is_over.is_set():
            return STOPPING
        coming = await self._try_out()
        if self._is_over.is_set():  # a stop came meanwhile: it waits for no swap that is to come
            await self._http.drop(coming.http)
            return STOPPING
        await self._swap(coming)
        return []

    async def _try_out(self) -> Coming:
        """All that may fail, before anything is stopped."""
        config = await self._file.load(clock=self._around.clock)
        if not self._is_store_away():  # else it would fail for nothing that the file can mend
            await self._around.store.check_writable()
        parts = self._making.parts(config)
        await self._engine.try_out(parts)
        return Coming(config, parts, await self._http.open(self._making.http(config)))

    async def _swap(self, coming: Coming) -> None:
        former, trial, self._trial = self.config, self._trial, None
        try:
            begun = await self._engine.change(coming.parts)
        except BaseException:
            self._trial = trial
            await self._http.drop(coming.http)
            raise
        self._http.take(coming.http)
        self.config = coming.config
        self.on_config(coming.config)
        now = asyncio.get_running_loop().time()
        # One that begins nobody, such as the second of a storm, ends no trial.
        self._trial = Trial(former, begun, ends_at=now + TRIAL_SECONDS) if begun else trial
        warn_of_silences(self._engine, now=self._around.clock())

    def close(self) -> None:
        """No reload begins any more."""
        self._is_over.set()

    # --- on trial --------------------------------------------------------------------------------

    def died(self, part: object) -> None:
        """A part died; it is begun again in any case, ever more slowly."""
        trial, now = self._trial, asyncio.get_running_loop().time()
        if trial is None or now >= trial.ends_at:
            return
        if any(part is each for each in trial.parts):
            self._lost = trial
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
        if trial is None or trial is not self._lost:  # another reload came first
            return
        log.error("config_taken_back", file=str(self._file.path))
        self._note(success=False)
        problems = await _tried(lambda: self._go_back(trial.former), self._around.bugs)
        if problems:  # then those who died are begun again with what they died of
            log.error("former_config_not_taken_up", problems=problems)

    async def _go_back(self, former: Config) -> Problems:
        problems: Problems = []
        try:
            http = await self._http.open(self._making.http(former))
        except ListenError as error:  # then it goes on where it is: no reason to keep the rest
            http, problems = None, [str(error)]
        await self._swap(Coming(former, self._making.parts(former), http))
        self._trial = None  # it is the last resort
        return problems

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


def _say_what_needs_a_restart(former: Config, config: Config) -> None:
    if config.storage != former.storage:
        log.warning("restart_needed", section="storage")
