"""Days of 500 phones through the real daemon, its database and its HTTP, in virtual time: whether
anything grows. Every day brings the same: sites that go dark, phones that come and go, a restarted
registrar, an API and a receiver that are away, extensions that are removed and added, a reload.
"""

import asyncio
import ctypes
import gc
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import aiohttp
import looptime
import structlog
from aiohttp import web
from fakes.clocks import Clocks
from fakes.holdings import holdings
from fakes.living import at_once, database_at_once
from fakes.sink import Sink, sink

from regwatch.app.daemon import Daemon
from regwatch.app.engines import store_care
from regwatch.config import load_config
from regwatch.core.model import Timestamp
from regwatch.simulator import Control, Simulator, SimulatorSettings

PHONES, SITES = 500, 25
DAY, HOUR = 24, 3600.0
QUIET_CYCLES = 8
"""Turns of the loop in which nothing happens, before time passes."""
LOOK_SECONDS = 60.0
"""How often what waits is counted: every two seconds would be most of the work."""
PAGES = ("/metrics", "/", "/-/healthy", "/api/v1/incidents", "/api/v1/extensions")
CONFIG = """\
accounts:
  - {{name: acme, url: "{pbx}", client_id: demo, client_secret: demo-secret,
     extensions: {{discover: {{every: 30m}}}}, polling: {{interval: 5m, requests_per_hour: 400}}}}
alerts: {{site_lost: false}}
receivers:
  - {{name: hook, webhook: {{url: "{hook}"}}}}
  - {{name: all, webhook: {{url: "{hook}", max_alerts: 0}}}}
routes:
  - match: {{severity: critical}}
    receivers: [hook, all]
    group_by: [account, alert]
    repeat: [2h]
  - {{receivers: [hook], group_by: [account, alert], repeat: [{repeat}]}}
http: {{listen: "127.0.0.1:0"}}
storage: {{url: "sqlite:///{folder}/regwatch.db", history: 1d}}
"""


@dataclass(frozen=True)
class Sample:
    """What there was at the end of an hour."""

    memory: float
    """MB of this process, simulator and all."""
    held: float
    """Thousands of values in the containers of the daemon."""
    tasks: float
    file: float
    """MB."""
    wal: float
    """MB."""
    message: float
    """kB: the largest of the hour."""


Happens = Callable[[Control, Sink], None]
NAMES = tuple(field.name for field in fields(Sample))


class Forgetful(Sink):
    """Takes messages, and keeps nothing of them."""

    async def receive(self, request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=self.status)


class Soak:
    """So many hours, one sample each."""

    def __init__(
        self,
        folder: Path,
        *,
        daemon: type[Daemon] = Daemon,
        events: Mapping[int, tuple[Happens, Happens]] | None = None,
        keeps_held: bool = False,
    ) -> None:
        """`events`: by the hour of the day, what begins with it and what ends with it;
        `keeps_held`: what the daemon holds, by name, at the end of each hour: for a few hours.
        """
        self._keeps_held = keeps_held
        self._events = EVENTS if events is None else events
        self.samples: list[Sample] = []
        self.held: list[Counter[str]] = []
        self._folder = folder
        self._kind = daemon

    async def live(self, hours: int, tell: Callable[[str], None] = lambda _line: None) -> None:
        """`tell` hears of each hour."""
        settings = SimulatorSettings(
            extensions=PHONES, seed=7, leases="desk", calm=True, quota=1000, site_size=20
        )
        clocks = Clocks()
        async with (
            Simulator(settings, clock=clocks.wall).serving() as pbx,
            sink(Forgetful()) as hook,
        ):
            self._write_config(pbx.url, hook.url, "4h")
            async with self._running(clocks) as daemon:
                for hour in range(hours):
                    await self._let(hour, daemon, pbx.control, hook)
                    self.samples.append(await self._look(daemon, clocks.wall()))
                    tell(f"hour {hour + 1:3}: {line(astuple(self.samples[-1]))}")
                    # What the simulator keeps for tests is no growth of ours.
                    pbx.control.world.registrar.truth._events.clear()

    def _write_config(self, pbx: str, hook: str, repeat: str) -> None:
        text = CONFIG.format(pbx=pbx, hook=hook, folder=self._folder, repeat=repeat)
        (self._folder / "regwatch.yml").write_text(text)
        self._rewrite = lambda other: self._write_config(pbx, hook, other)

    @asynccontextmanager
    async def _running(self, clocks: Clocks) -> AsyncIterator[Daemon]:
        file, stop = self._folder / "regwatch.yml", asyncio.Event()
        config = load_config(file, environ={})
        daemon = self._kind(
            file, config, environ={}, clock=clocks.wall, steady=clocks.steady, read=at_once
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(daemon.run(stop))
            await daemon.started.wait()
            yield daemon
            stop.set()

    # --- what happens ------------------------------------------------------------

    async def _let(self, hour: int, daemon: Daemon, pbx: Control, hook: Sink) -> None:
        """An hour pass; the same in each hour of the day."""
        of_day, phones = hour % DAY, list(pbx.world.registrar.phones)
        some = [phones[(of_day * 37 + n * 11) % PHONES] for n in range(8)]
        begin, end = self._events.get(of_day, (_nothing, _nothing))
        begin(pbx, hook)
        for each in some:
            pbx.act(each, "unregister" if each % 2 else "die")
        if of_day % 6 == 5:
            self._rewrite("4h" if hour % DAY > 12 else "5h")
            assert await daemon.reload() == []
        await asyncio.sleep(HOUR / 2)
        for each in some:
            pbx.act(each, "revive")
        await self._browse(daemon)
        await asyncio.sleep(HOUR / 2)
        end(pbx, hook)

    async def _browse(self, daemon: Daemon) -> None:
        async with aiohttp.ClientSession(f"http://{daemon.address}") as session:
            for page in PAGES:
                async with session.get(page) as response:
                    await response.read()

    # --- what there is ------------------------------------------------------------

    async def _look(self, daemon: Daemon, now: Timestamp) -> Sample:
        held = holdings(daemon.begun)
        if self._keeps_held:
            self.held.append(held)
        file = self._folder / "regwatch.db"
        return Sample(
            memory=_resident(),
            held=held.total() / 1e3,
            tasks=len(asyncio.all_tasks()),
            file=_size(file),
            wal=_size(file.with_name("regwatch.db-wal")),
            message=_largest(file, since=now - HOUR),
        )


def _nothing(_pbx: Control, _hook: Sink) -> None:
    """A quiet hour."""


def _dark(*sites: int, dark: bool) -> Happens:
    return lambda pbx, _hook: [pbx.site(each, dark=dark) for each in sites] and None


def _faults(**faults: object) -> Happens:
    return lambda pbx, _hook: pbx.set_faults(faults) if faults else pbx.clear_faults()


def _listed(*, listed: bool) -> Happens:
    def change(pbx: Control, _hook: Sink) -> None:
        for each in list(pbx.world.registrar.phones)[10:20]:
            pbx.list_extension(each, listed=listed)

    return change


def _hook_status(status: int) -> Happens:
    return lambda _pbx, hook: setattr(hook, "status", status)


EVENTS: Mapping[int, tuple[Happens, Happens]] = {
    1: (_dark(3, dark=True), _nothing),
    2: (_nothing, _dark(3, dark=False)),
    4: (_faults(http_500=1.0), _faults()),
    6: (lambda pbx, _hook: pbx.restart_registrar(), _nothing),
    8: (_listed(listed=False), _nothing),
    11: (_nothing, _listed(listed=True)),
    13: (_dark(*range(5, 20), dark=True), _nothing),
    14: (_nothing, _dark(*range(5, 20), dark=False)),
    16: (_hook_status(503), _hook_status(200)),
    18: (_hook_status(403), _hook_status(200)),
    20: (_faults(quota_exhausted="on"), _faults()),
}


def _resident() -> float:
    gc.collect()
    with suppress(OSError, AttributeError):  # glibc's; else what was freed may be kept for later
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def _size(file: Path) -> float:
    return file.stat().st_size / 1e6 if file.exists() else 0.0


def _largest(file: Path, *, since: float) -> float:
    query = "SELECT max(length(notification)) FROM outbox WHERE created_at >= ?"
    connection = sqlite3.connect(file)
    with connection:
        (found,) = connection.execute(query, (since,)).fetchone()
    connection.close()
    return (found or 0) / 1e3


# --- the table ------------------------------------------------------------


def line(values: Sequence[float]) -> str:
    return " · ".join(f"{name} {value:.1f}" for name, value in zip(NAMES, values, strict=True))


def thirds(samples: Sequence[Sample]) -> list[tuple[float, ...]]:
    """The means of each third; of messages and the WAL the largest."""
    size = len(samples) // 3
    parts = (samples[n * size : (n + 1) * size] for n in range(3))
    return [
        tuple(
            (max if name in ("wal", "message") else fmean)(getattr(each, name) for each in part)
            for name in NAMES
        )
        for part in parts
    ]


def growth(samples: Sequence[Sample]) -> dict[str, float]:
    """By which share the last third is above the middle one."""
    _, middle, last = thirds(samples)
    return {
        name: after / before - 1 if before else 0.0
        for name, before, after in zip(NAMES, middle, last, strict=True)
    }


def table(samples: Sequence[Sample]) -> str:
    """As Markdown."""
    grown, (first, middle, last) = growth(samples), thirds(samples)
    lines = ["| | first third | middle third | last third | grown |", "|---|---|---|---|---|"]
    units = {"memory": "MB", "held": "thousands", "file": "MB", "wal": "MB", "message": "kB"}
    for index, name in enumerate(NAMES):
        what = f"{name}, {units[name]}" if name in units else name
        values = " | ".join(f"{part[index]:.2f}" for part in (first, middle, last))
        lines.append(f"| {what} | {values} | {100 * grown[name]:+.1f} % |")
    return "\n".join(lines)


def run(soak: Soak, hours: int, tell: Callable[[str], None] = lambda _line: None) -> None:
    """All of it, in virtual time, and in silence."""
    usual, store_care.BACKLOG_SECONDS = store_care.BACKLOG_SECONDS, LOOK_SECONDS
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    loop = looptime.new_event_loop(start=0.0, noop_cycles=QUIET_CYCLES)
    try:
        with database_at_once():
            loop.run_until_complete(soak.live(hours, tell))
    finally:
        loop.close()
        structlog.reset_defaults()
        store_care.BACKLOG_SECONDS = usual


def main(arguments: Sequence[str]) -> None:
    hours = int(arguments[0]) if arguments else 10 * DAY
    with TemporaryDirectory() as folder:
        soak = Soak(Path(folder))
        run(soak, hours, lambda said: print(said, flush=True))
    print(table(soak.samples))


if __name__ == "__main__":
    main(sys.argv[1:])
