"""The daemon: one engine at a time, the HTTP side, signals, the service manager.

A reload tries the new configuration out, up to a whole engine, before it stops the old one; one
that cannot be used changes nothing. The engine that runs is then built from the store once the old
one has left its state there; if that fails all the same, the former configuration is built again.
Only then the reload is answered. What only a restart can change (where it listens, where the state
is kept) is said.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb

import structlog
from prometheus_client import CollectorRegistry

from regwatch.app.assembly import Surroundings, build_engine
from regwatch.app.engine import Engine
from regwatch.app.operations import Operations, warn_of_silences
from regwatch.app.settled import release
from regwatch.clock import Clock, SteadyClock, steady_clock, wall_clock
from regwatch.config import Config, ConfigError, load_config, storage_url
from regwatch.core.model import ExtensionState, Incident, IncidentState, Timestamp
from regwatch.shapes.values import revealed
from regwatch.sources.source import SourceError
from regwatch.store import Store, StoreError
from regwatch.systemd import Notifier
from regwatch.web.auth import Gate
from regwatch.web.listener import Address, ListenError, listening
from regwatch.web.metrics.instruments import Instruments
from regwatch.web.server import WebSettings, build_app
from regwatch.web.views import AccountView
from regwatch.web.webconfig import WebConfig, WebConfigError, load_web_config

STATUS_SECONDS = 5.0
STOP_SECONDS = 15.0
REBUILD_SECONDS = 5.0
"""Between two tries to go on with the former configuration."""
EXPECTED = (ConfigError, StoreError, WebConfigError, SourceError)
"""What their words say of a configuration that cannot be used; they hold no secrets."""

log = structlog.get_logger(__name__)

Problems = list[str]
"""What is wrong with a configuration; none: it can be used."""
PACKAGE = str(Path(__file__).parents[1])
STOPPING: Problems = ["regwatch is stopping"]


class StartError(Exception):
    """The daemon cannot start; the message says why."""


@dataclass(frozen=True, slots=True)
class _Swap:
    """A configuration that was tried out, and waits for its turn."""

    config: Config
    done: "asyncio.Future[Problems]"

    def end(self, problems: Problems) -> None:
        """Tell whoever waits, if somebody still does."""
        if not self.done.done():
            self.done.set_result(problems)


class Daemon:
    """One configuration file, watched over."""

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
        self._notifier = Notifier.from_environ(self._environ)
        self._instruments = Instruments(CollectorRegistry())
        self._engine: Engine | None = None
        self._swap = asyncio.Event()
        self._next: _Swap | None = None
        self._is_over = False
        self._reloading = asyncio.Lock()
        self._around: Surroundings | None = None

    # --- running ------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Run until the event is set; raises `StartError`."""
        for notice in self._config.notices:
            log.warning("config_notice", notice=str(notice))
        async with AsyncExitStack() as stack:
            try:
                await self._start(stack)
            except (StoreError, ListenError, WebConfigError, SourceError) as error:
                raise StartError(str(error)) from error
            await self._run_until(stop)
            self._notifier.stopping()
            log.info("stopping")
        log.info("stopped")

    async def _start(self, stack: AsyncExitStack) -> None:
        web = _web_config(self._config)
        store = await Store.open(storage_url(self._config, self._environ), clock=self._clock)
        stack.push_async_callback(store.close)
        self._around = Surroundings(
            store, self._instruments, self._clock, self._steady, self._record
        )
        self._engine = await self._build()
        stack.push_async_callback(self._close_engine)
        self._instruments.config_reloaded(success=True, at=self._clock())
        app = build_app(
            self,
            self._instruments,
            reload=self.reload,
            clock=self._clock,
            settings=self._web_settings(),
            gate=Gate(web.users) if web and web.users else None,
            operations=Operations(lambda: self._current, store.operations, clock=self._clock),
        )
        listen = self._config.http.listen
        tls = web.tls if web else None
        self.address = await stack.enter_async_context(listening(app, listen, tls=tls))
        log.info("started", listen=str(self.address), accounts=len(self._config.accounts))

    def _web_settings(self) -> WebSettings:
        return WebSettings(
            per_extension=self._config.metrics.per_extension,
            external_url=self._config.http.external_url,
            api_token=revealed(self._config.http.api_token),
        )

    async def _run_until(self, stop: asyncio.Event) -> None:
        self._notifier.ready(self._status())
        self.started.set()
        async with asyncio.TaskGroup() as group:
            background = [
                group.create_task(self._tell_status(), name="status"),
                group.create_task(self._feed_watchdog(), name="watchdog"),
            ]
            stopping = group.create_task(stop.wait(), name="stop")
            try:
                while not stop.is_set():
                    await self._run_engine(group, stopping)
                    while self._swap.is_set():
                        await self._change_engine(group, stopping)
            finally:
                self._is_over = True
                self._end_swap(STOPPING)
            for task in background:
                task.cancel()

    async def _run_engine(self, group: asyncio.TaskGroup, stopping: asyncio.Task[bool]) -> None:
        """Run the engine until the stop, or until a reload has another one ready."""
        running = group.create_task(self._current.run(), name="engine")
        swapping = group.create_task(self._swap.wait(), name="swap")
        await asyncio.wait([running, stopping, swapping], return_when=asyncio.FIRST_COMPLETED)
        swapping.cancel()
        running.cancel()
        _, late = await asyncio.wait([running], timeout=STOP_SECONDS)
        if late:
            log.error("engine_stop_timed_out", seconds=STOP_SECONDS)

    async def _change_engine(self, group: asyncio.TaskGroup, stopping: asyncio.Task[bool]) -> None:
        """Build what is to run from now on: what was reloaded or, if that fails, what ran before.
        The old engine has ended, and left its state in the store.
        """
        self._swap.clear()
        swap, former = self._next, self._config
        if swap is None or stopping.done():
            return
        self._config = swap.config
        problems = await self._tried(self._install)
        if problems:
            self._config = former
        self._end_swap(problems)
        if problems:
            await self._go_on(group, stopping)

    async def _go_on(self, group: asyncio.TaskGroup, stopping: asyncio.Task[bool]) -> None:
        """Build the former engine again, however long it takes; another reload may come first."""
        said: Problems = []
        swapping = group.create_task(self._swap.wait(), name="swap")
        events = (stopping, swapping)
        while not self._swap.is_set() and (problems := await self._tried(self._install)):
            if problems != said:
                log.error("former_engine_not_built", problems=problems)
            said = problems
            await asyncio.wait(events, timeout=REBUILD_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                break
        swapping.cancel()

    def _end_swap(self, problems: Problems) -> None:
        if self._next is not None:
            self._next.end(problems)
            self._next = None

    async def _install(self) -> None:
        self._engine = await self._build()
        release()

    async def _build(self) -> Engine:
        """The engine that is to run; what waits for receivers that are gone is given up."""
        known = [receiver.name for receiver in self._config.receivers]
        around = self._surroundings
        lost = await around.store.outbox.forget_receivers(known, at=self._clock())
        for receiver, messages in lost.items():
            log.error("receiver_removed", receiver=receiver, notifications_lost=messages)
        engine = await build_engine(self._config, around)
        warn_of_silences(engine, now=self._clock())
        return engine

    async def _close_engine(self) -> None:
        """Of an engine that never ran; one that did has closed itself."""
        await self._current.close()

    @property
    def _surroundings(self) -> Surroundings:
        if self._around is None:
            raise RuntimeError("the daemon has not started")
        return self._around

    @property
    def _current(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the daemon has not started")
        return self._engine

    # --- reload ------------------------------------------------------------

    async def reload(self) -> list[str]:
        """Read the configuration again; returns what is wrong with it, and then changes nothing."""
        async with self._reloading:
            self._notifier.reloading()
            former = self._config
            try:
                problems = await self._tried(self._try_out) or await self._swapped()
            finally:
                self._notifier.ready(self._status())
            self._instruments.config_reloaded(success=not problems, at=self._clock())
            if problems:
                log.error("config_not_reloaded", problems=problems)
            else:
                _say_what_needs_a_restart(former, self._config)
                log.info("config_reloaded", file=str(self._file))
            return problems

    async def _try_out(self) -> None:
        """All that may fail, before anything is stopped."""
        if self._is_over:
            return
        config = load_config(self._file, environ=self._environ, clock=self._clock)
        _web_config(config)
        await self._surroundings.store.check_writable()
        trial = await build_engine(config, self._surroundings)
        await trial.close()
        self._next = _Swap(config, asyncio.get_running_loop().create_future())

    async def _swapped(self) -> Problems:
        """Let the engine that runs give way; what went wrong with that."""
        if self._next is None or self._is_over:
            return STOPPING
        self._swap.set()
        return await self._next.done

    async def _tried(self, step: Callable[[], Awaitable[None]]) -> Problems:
        """What keeps a step from being taken. Of a bug, only where it was met: its words may quote
        a secret.
        """
        try:
            await step()
        except ConfigError as error:
            return [str(problem) for problem in error.problems]
        except EXPECTED as error:
            return [str(error)]
        except Exception as error:  # noqa: BLE001 - the guard of a reload: the daemon goes on
            return [f"a bug in regwatch: {type(error).__name__}{_place(error)}"]
        return []

    # --- the service manager ------------------------------------------------------------

    async def _tell_status(self) -> None:
        said = ""
        while True:
            if (status := self._status()) != said:
                said = status
                self._notifier.status(status)
            await asyncio.sleep(STATUS_SECONDS)

    def _status(self) -> str:
        totals = dict.fromkeys(ExtensionState, 0)
        for account in self.accounts():
            for (_, state), count in account.counts().items():
                totals[state] += count
        firing = sum(1 for i in self.incidents() if i.state is IncidentState.FIRING)
        watched = sum(totals.values()) - totals[ExtensionState.REMOVED]
        words = [f"{count} {state}" for state, count in totals.items() if count]
        return f"Watching {watched} extensions: {', '.join(words) or 'none yet'}; {firing} alerts"

    async def _feed_watchdog(self) -> None:
        if (seconds := self._notifier.watchdog_seconds) is None:
            return
        while True:
            # Not its health: a start anew mends neither a full disk nor a receiver.
            if self.live_problem() is None:
                self._notifier.watchdog()
            await asyncio.sleep(seconds / 2)

    # --- what the HTTP side sees: the engine of the moment --------------------------------------

    def accounts(self) -> Sequence[AccountView]:
        """Each account as it is now."""
        return self._current.accounts()

    def incidents(self) -> Sequence[Incident]:
        """Those pending and those firing."""
        return self._current.incidents()

    def recently_resolved(self) -> Sequence[Incident]:
        """The last ones that ended."""
        return self._current.recently_resolved()

    def outbox_backlog(self) -> Mapping[str, tuple[int, Timestamp | None]]:
        """By receiver: how many notifications wait, and the oldest's time."""
        return self._current.outbox_backlog()

    def health_problem(self) -> str | None:
        """What is wrong with the daemon itself."""
        return self._current.health_problem()

    def live_problem(self) -> str | None:
        """Why only a start anew would help."""
        return self._current.live_problem()


def _web_config(config: Config) -> WebConfig | None:
    path = config.path(config.http.web_config_file)
    return load_web_config(path) if path else None


def _say_what_needs_a_restart(former: Config, config: Config) -> None:
    for section in ("http", "storage", "metrics", "log"):
        if getattr(config, section) != getattr(former, section):
            log.warning("restart_needed", section=section)


def _place(error: Exception) -> str:
    """The last of our own lines that it came from."""
    own = [frame for frame in extract_tb(error.__traceback__) if PACKAGE in frame.filename]
    return f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
