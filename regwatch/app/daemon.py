"""The daemon: the engine, the HTTP side, the service manager; begun and ended in order.

What is opened first is closed last: the store before all that writes to it, the HTTP side after
all that it shows. It answers until the engine has stopped, so that whoever looks sees it stop.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from regwatch.app.assembly import Assembly
from regwatch.app.daemon_view import DaemonSight
from regwatch.app.engine import Engine
from regwatch.app.http_side import HttpSettings, HttpSide, http_settings
from regwatch.app.loop_lag import watch_lag
from regwatch.app.operations import Operations, warn_of_silences
from regwatch.app.reloading import Making, Reloader
from regwatch.app.reporting import Reporting
from regwatch.app.service_manager import ServiceManager
from regwatch.app.soundness import ConfigFile, Read, in_thread
from regwatch.app.surroundings import Surroundings
from regwatch.clock import Clock, EvenClock, SteadyClock, steady_clock, wall_clock
from regwatch.config import Config, storage_url
from regwatch.core.alerts.mutes import Mutes
from regwatch.core.bugs import Where
from regwatch.guard import Bugs, Guard
from regwatch.notify.http import following
from regwatch.sources.source import SourceError
from regwatch.store import Store, StoreError, StoreVersionError
from regwatch.store.writer import Listeners
from regwatch.systemd import Notifier
from regwatch.web.auth import Gate
from regwatch.web.listener import Address, ListenError, listening
from regwatch.web.metrics.instruments import Instruments
from regwatch.web.server import build_app

log = structlog.get_logger(__name__)


class StartError(Exception):
    """The daemon cannot start; it may at another time."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
        """Each in a line."""


class UnusableError(StartError):
    """The daemon cannot start, and never will before somebody has mended something."""


class Daemon:
    """One configuration file, watched over. It runs once."""

    def __init__(
        self,
        file: Path,
        config: Config,
        *,
        environ: Mapping[str, str] | None = None,
        clock: Clock = wall_clock,
        steady: SteadyClock = steady_clock,
        record: Path | None = None,
        read: Read = in_thread,
        on_config: Callable[[Config], None] = lambda _config: None,
    ) -> None:
        """`record`: a file that keeps the PBX's answers; `read`: how a reload reads the file;
        `on_config` hears of each configuration that a reload puts in force.
        """
        self.started = asyncio.Event()
        self._config = config
        self._environ = os.environ if environ is None else environ
        self._clock = EvenClock(clock, steady)
        self._steady = steady
        self._record = record
        self._file = ConfigFile(file, self._environ, read)
        self._on_config = on_config
        self._is_begun = False
        self._begun: Begun | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Run until the event is set; raises `StartError`, or `UnusableError` among those."""
        if self._is_begun:
            raise StartError("this daemon was started already")
        self._is_begun = True
        for notice in self._config.notices:
            log.warning("config_notice", notice=str(notice))
        async with AsyncExitStack() as stack:
            try:
                self._begun = await self._begin(stack)
            except (StoreError, ListenError, SourceError) as error:
                raise await self._start_error(error) from error
            await self._run_until(stop)
        log.info("stopped")

    async def reload(self) -> list[str]:
        """Read the configuration again; returns what is wrong with it, and then changes nothing."""
        return await self.begun.reloader.reload()

    @property
    def begun(self) -> "Begun":
        """What there is of it once it has started."""
        if self._begun is None:
            raise RuntimeError("the daemon has not started")
        return self._begun

    @property
    def address(self) -> Address | None:
        """Where the HTTP side listens; None before it does."""
        return None if self._begun is None else self._begun.http.address

    async def _start_error(self, error: Exception) -> StartError:
        """All that is in the way: who mends the one is not to meet the other then."""
        errors = [error]
        if not isinstance(error, ListenError):
            try:
                async with listening(web.Application(), self._config.http.listen):
                    pass
            except ListenError as another:
                errors.append(another)
        kind = UnusableError if any(map(_is_for_editors, errors)) else StartError
        return kind(*map(str, errors))

    async def _begin(self, stack: AsyncExitStack) -> "Begun":
        around = await self._surroundings(stack)
        begun = await self._load(around)
        stack.push_async_callback(begun.http.close)
        begun.http.take(await begun.http.open(self._http_of(self._config)))
        listen = str(begun.http.address)
        log.info("started", listen=listen, accounts=len(self._config.accounts))
        return begun

    async def _surroundings(self, stack: AsyncExitStack) -> Surroundings:
        url = storage_url(self._config, self._environ)
        store = await Store.open_or_stand_in(url, clock=self._clock)
        stack.push_async_callback(store.close)
        instruments = Instruments(CollectorRegistry())
        bugs = Bugs(clock=self._clock, count=instruments.bug_met)
        listeners = Listeners(
            instruments.store_written,
            instruments.store_turned,
            lambda error: bugs.met("store_writer_bug", Where.STORE, "the writer", error),
        )
        store.listen(listeners)
        # No cookies: nothing one receiver sets may reach another.
        session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[following()]
        )
        return Surroundings(
            store=store,
            session=await stack.enter_async_context(session),
            mutes=Mutes(silences=await store.operations.silences()),
            instruments=instruments,
            bugs=bugs,
            clock=self._clock,
            steady=self._steady,
            history_seconds=self._config.storage.history,
            record=self._record,
        )

    async def _load(self, around: Surroundings) -> "Begun":
        """The engine with its first parts, and who reloads it."""
        engine = Engine(around)
        view = DaemonSight(engine, steady=self._steady)
        manager = ServiceManager(Notifier.from_environ(self._environ), view, around.bugs)
        reporting = Reporting(around.instruments, around.bugs)
        assembly = Assembly(around, engine.exchange, engine.heart, reporting)
        await engine.load(assembly.parts(self._config))
        warn_of_silences(engine, now=self._clock())
        around.instruments.config_reloaded(success=True, at=self._clock())
        http = HttpSide(lambda settings: self._app(settings, around, engine, view))
        reloader = Reloader(
            self._file,
            self._config,
            engine,
            http,
            around,
            making=Making(assembly.parts, self._http_of),
            manager=manager,
            is_store_away=lambda: bool(around.store.problem),
        )
        engine.exchange.on_death = reloader.died
        reloader.on_config = self._on_config
        return Begun(around, engine, view, manager, http, reloader)

    def _http_of(self, config: Config) -> HttpSettings:
        return http_settings(config, self._environ)

    def _app(
        self, settings: HttpSettings, around: Surroundings, engine: Engine, view: DaemonSight
    ) -> web.Application:
        users = settings.web.users
        return build_app(
            view,
            around.instruments,
            reload=self.reload,
            clock=self._clock,
            settings=settings.app,
            gate=Gate(users) if users else None,
            operations=Operations(engine, around.store.operations, clock=self._clock),
            bugs=around.bugs,
        )

    async def _run_until(self, stop: asyncio.Event) -> None:
        begun = self.begun
        begun.manager.ready()
        self.started.set()
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(guard.keep(work), name=guard.name)
                for guard, work in _background(begun)
            ]
            begun.engine.start(tasks)
            try:
                await stop.wait()
                begun.manager.stopping()
                log.info("stopping")
            finally:
                # Before the engine: a reload that has not begun to swap is not waited for.
                begun.reloader.close()
                await begun.engine.stop()
                for task in background:
                    task.cancel()


def _background(begun: "Begun") -> Iterator[tuple[Guard, Callable[[], Awaitable[None]]]]:
    """The loops that belong to no part."""
    manager, bugs = begun.manager, begun.around.bugs
    lag = begun.around.instruments.loop_lag
    yield Guard("loop lag", Where.METRICS, bugs), partial(watch_lag, lag.observe)
    yield Guard("status", Where.STATUS, bugs), manager.tell_status
    if (seconds := manager.watchdog_seconds) is not None:
        # Begun again before the service manager misses it.
        pause = seconds / 4
        yield Guard("watchdog", Where.WATCHDOG, bugs, longest_pause=pause), manager.feed_watchdog
    yield Guard("trials", Where.RELOAD, bugs), begun.reloader.watch_trials
    yield Guard("former HTTP sides", Where.RELOAD, bugs), begun.http.close_former_ones


@dataclass(frozen=True, slots=True)
class Begun:
    """What a daemon that has started consists of."""

    around: Surroundings
    engine: Engine
    view: DaemonSight
    """What is seen of it."""
    manager: ServiceManager
    http: HttpSide
    reloader: Reloader


def _is_for_editors(error: Exception) -> bool:
    """Whether time mends it not: a newer database, authorities that are none, a forbidden port."""
    if isinstance(error, ListenError):
        return not error.may_pass
    return isinstance(error, StoreVersionError | SourceError)
