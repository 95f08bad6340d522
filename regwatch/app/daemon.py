"""The daemon: the engine, the HTTP side, the service manager; begun and ended in order.

What is opened first is closed last: the store before all that writes to it, the HTTP side after
all that it shows. It answers until the engine has stopped, so that whoever looks sees it stop.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import structlog
from prometheus_client import CollectorRegistry

from regwatch.app.assembly import Assembly
from regwatch.app.daemon_view import DaemonSight
from regwatch.app.engine import Engine
from regwatch.app.operations import Operations, warn_of_silences
from regwatch.app.reloading import Reloader, web_config
from regwatch.app.reporting import Reporting
from regwatch.app.service_manager import ServiceManager
from regwatch.app.surroundings import Surroundings
from regwatch.clock import Clock, SteadyClock, steady_clock, wall_clock
from regwatch.config import Config, storage_url
from regwatch.core.alerts.mutes import Mutes
from regwatch.core.bugs import Where
from regwatch.guard import Bugs, Guard
from regwatch.shapes.values import revealed
from regwatch.sources.source import SourceError
from regwatch.store import Store, StoreError
from regwatch.systemd import Notifier
from regwatch.web.auth import Gate
from regwatch.web.listener import Address, ListenError, listening
from regwatch.web.metrics.instruments import Instruments
from regwatch.web.server import WebSettings, build_app
from regwatch.web.webconfig import WebConfigError

log = structlog.get_logger(__name__)


class StartError(Exception):
    """The daemon cannot start; the message says why."""


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
    ) -> None:
        """`record`: a file that keeps the PBX's answers."""
        self.address: Address | None = None
        """Where the HTTP side listens, once it does."""
        self.started = asyncio.Event()
        self._file = file
        self._config = config
        self._environ = os.environ if environ is None else environ
        self._clock = clock
        self._steady = steady
        self._record = record
        self._is_begun = False
        self._begun: Begun | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Run until the event is set; raises `StartError`."""
        if self._is_begun:
            raise StartError("this daemon was started already")
        self._is_begun = True
        for notice in self._config.notices:
            log.warning("config_notice", notice=str(notice))
        async with AsyncExitStack() as stack:
            try:
                self._begun = await self._begin(stack)
            except (StoreError, ListenError, WebConfigError, SourceError) as error:
                raise StartError(str(error)) from error
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

    async def _begin(self, stack: AsyncExitStack) -> "Begun":
        web = web_config(self._config)
        around = await self._surroundings(stack)
        begun = await self._load(around)
        log_in = Gate(web.users) if web and web.users else None
        app = build_app(
            begun.view,
            around.instruments,
            reload=begun.reloader.reload,
            clock=self._clock,
            settings=self._web_settings(),
            gate=log_in,
            operations=Operations(begun.engine, around.store.operations, clock=self._clock),
            bugs=around.bugs,
        )
        listen, tls = self._config.http.listen, web.tls if web else None
        self.address = await stack.enter_async_context(listening(app, listen, tls=tls))
        log.info("started", listen=str(self.address), accounts=len(self._config.accounts))
        return begun

    async def _surroundings(self, stack: AsyncExitStack) -> Surroundings:
        store = await Store.open(storage_url(self._config, self._environ), clock=self._clock)
        stack.push_async_callback(store.close)
        # No cookies: nothing one receiver sets may reach another.
        session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        instruments = Instruments(CollectorRegistry())
        return Surroundings(
            store=store,
            session=await stack.enter_async_context(session),
            mutes=Mutes(silences=await store.operations.silences()),
            instruments=instruments,
            bugs=Bugs(clock=self._clock, count=instruments.bug_met),
            clock=self._clock,
            steady=self._steady,
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
        reloader = Reloader(
            self._file,
            self._config,
            engine,
            around,
            environ=self._environ,
            parts_of=assembly.parts,
            manager=manager,
        )
        engine.exchange.on_death = reloader.died
        return Begun(around, engine, view, manager, reloader)

    def _web_settings(self) -> WebSettings:
        return WebSettings(
            per_extension=self._config.metrics.per_extension,
            external_url=self._config.http.external_url,
            api_token=revealed(self._config.http.api_token),
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
    yield Guard("status", Where.STATUS, bugs), manager.tell_status
    if (seconds := manager.watchdog_seconds) is not None:
        # Begun again before the service manager misses it.
        pause = seconds / 4
        yield Guard("watchdog", Where.WATCHDOG, bugs, longest_pause=pause), manager.feed_watchdog
    yield Guard("trials", Where.RELOAD, bugs), begun.reloader.watch_trials


@dataclass(frozen=True, slots=True)
class Begun:
    """What a daemon that has started consists of."""

    around: Surroundings
    engine: Engine
    view: DaemonSight
    """What is seen of it."""
    manager: ServiceManager
    reloader: Reloader
