"""A part of a simulated life against the real daemon at sixty times its speed, beside the same in
virtual time: what was told of whom. libfaketime makes time fast for the daemon and for the
simulated PBX, each a process of its own; the receiver of the messages is in this one.

The two cannot ask in the same moments. So who was away only shortly may be told of by one alone,
and so may a phone of a place, just before it is told that the place is out; and a good-bye may be
a lease that ran out. What may differ is counted, and bounded.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import looptime
import structlog
from fakes.clocks import Clocks
from fakes.daemon import DaemonProcess
from fakes.debian import program
from fakes.living import at_once, database_at_once
from fakes.patience import PATIENCE
from fakes.sink import Alert, Sink, sink

from regwatch.app.daemon import Daemon
from regwatch.config import load_config
from regwatch.core.model import Timestamp
from regwatch.simulator import Simulator, SimulatorSettings
from regwatch.simulator.rates import named

SPEED = 60.0
HOUR, MINUTE = 3600.0, 60.0
FRIDAY_AFTERNOON = 1_800_000_000.0 + 9.4 * HOUR
"""17:24 UTC: people begin to go home."""
CONFIG = """\
accounts:
  - {{name: acme, url: "{pbx}", client_id: demo, client_secret: demo-secret,
     polling: {{interval: 60s, timeout: 2m, connect_timeout: 1m}}}}
receivers: [{{name: hook, webhook: {{url: "{hook}", max_alerts: 0}}}}]
routes: [{{receivers: [hook], group_by: [account, site, alert], group_wait: 10s}}]
http: {{listen: "{listen}"}}
storage: {{url: "sqlite:///{folder}/regwatch.db"}}
"""
APART_SECONDS = 60.0
"""By how much the two may differ in when something began: they ask each phone once in so long."""
WORDS = ("RegwatchExtensionLost", "RegwatchSignedOff")
WORDS_SECONDS = 180.0
"""Which word it is, and whether a warning came before, may depend on when a phone was asked."""
UNSURE = ("RegwatchRefreshOverdue", "RegwatchRegistrationLost")
"""Told by the seconds between answers: 33 ms of a busy machine are two of them, sixty times as
fast, and by so much a lease may be seen to move."""
SHORTLY_SECONDS = 120.0
"""Who is away no longer may be asked by one of them only."""
QUIET_CYCLES = 8
"""Turns of the loop in which nothing happens, before virtual time passes."""


@dataclass(frozen=True)
class Stretch:
    """What is lived through."""

    hours: float
    phones: int
    leases: str = "60,300,600"
    life: str = "honest"
    rates: tuple[str, ...] = ()
    begins: float = FRIDAY_AFTERNOON
    seed: int = 5


CLOSING_TIME = Stretch(
    1.0, 200, rates=("silent_death=240", "line_cut=200", "reboot=200", "switch_death=20")
)
"""An hour in a minute, in which about as much happens as in a week."""
DAY = Stretch(24.0, 500, leases="mixed", life="real", begins=1_800_000_000.0)


Key = tuple[str, str]
"""An alert and of what it is: `("RegwatchExtensionLost", "extension_id 17")`."""


@dataclass
class Came:
    """What came of a stretch."""

    began: float
    """When the simulated PBX did."""
    ready: float = 0.0
    """How many seconds later the daemon did."""
    told: Mapping[Key, float] = field(default_factory=dict)
    """By alert and subject: when it first began, by its first message."""
    messages: int = 0
    life: Sequence[Mapping[str, Any]] = ()
    """What truly happened."""


def told(alerts: Iterable[Alert]) -> Mapping[Key, float]:
    """By alert and subject, the first time."""
    found: dict[Key, float] = {}
    for alert in alerts:
        labels = alert["labels"]
        names = ("extension_id", "site", "place", "device", "registration_id")
        subject = next((f"{n} {labels[n]}" for n in names if labels.get(n)), "account")
        began = datetime.fromisoformat(alert["startsAt"]).timestamp()
        found.setdefault((labels["alertname"], subject), began)
    return found


# --- in real time, sixty times as fast ------------------------------------------------------------


class FastTime:
    """One time for all processes, from now on."""

    def __init__(self, begins: float) -> None:
        program("faketime")
        self._real, self._begins = time.time(), begins

    def now(self) -> float:
        """The fast time."""
        return self._begins + SPEED * (time.time() - self._real)

    def environ(self) -> Mapping[str, str]:
        """For a process that starts at once: its own time begins with it."""
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
        ahead = self.now() - time.time()
        return {"LD_PRELOAD": str(library), "FAKETIME": f"{ahead:+.3f} x{SPEED:g}"}


async def at_speed(stretch: Stretch, folder: Path) -> Came:
    """The real daemon."""
    fast = FastTime(stretch.begins)
    async with simulating(stretch, fast) as (pbx, session), sink() as hook:
        running = DaemonProcess(folder / "regwatch.yml", fast.environ())
        _configure(folder, pbx, hook, running.listen)
        await running.start()
        ready_at = fast.now()
        try:
            await asyncio.sleep(stretch.hours * HOUR / SPEED)
        finally:
            assert await running.stop() == 0
        async with session.get(pbx + "/_simulator/life") as response:
            life = [json.loads(line) for line in (await response.text()).splitlines()]
        async with session.get(pbx + "/_simulator/") as response:
            began = (await response.json())["began_at"]
    return Came(began, ready_at - began, told(hook.alerts), len(hook.bodies), life)


@asynccontextmanager
async def simulating(
    stretch: Stretch, fast: FastTime
) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    """The simulated PBX, and a session to ask it by."""
    words = [f"--rate={rate}" for rate in stretch.rates]
    words += [f"--extensions={stretch.phones}", f"--seed={stretch.seed}", "--quota=1000"]
    words += [f"--leases={stretch.leases}", f"--life={stretch.life}", "--listen=127.0.0.1:0"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "regwatch", "simulate", *words),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **fast.environ()},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            welcome = (await process.stdout.readuntil(b"Ctrl-C ends it.\n")).decode()
        async with aiohttp.ClientSession() as session:
            yield welcome.splitlines()[0].rpartition(" ")[2], session
    finally:
        process.terminate()
        await process.wait()


def _configure(folder: Path, pbx: str, hook: Sink, listen: str) -> None:
    text = CONFIG.format(pbx=pbx, hook=hook.url, listen=listen, folder=folder)
    (folder / "regwatch.yml").write_text(text)


# --- in virtual time ------------------------------------------------------------


def in_virtual_time(stretch: Stretch, folder: Path, real: Came) -> Came:
    """The same daemon in this process, the same life, begun when those were."""
    loop = looptime.new_event_loop(start=0.0, noop_cycles=QUIET_CYCLES)
    try:
        with database_at_once():
            return loop.run_until_complete(_live(stretch, folder, real))
    finally:
        loop.close()


async def _live(stretch: Stretch, folder: Path, real: Came) -> Came:
    clocks = Clocks(Timestamp(real.began))
    settings = SimulatorSettings(
        extensions=stretch.phones,
        seed=stretch.seed,
        leases=stretch.leases,
        rates=named(stretch.life, stretch.rates),
    )
    async with Simulator(settings, clock=clocks.wall).serving() as pbx, sink() as hook:
        _configure(folder, pbx.url, hook, "127.0.0.1:0")
        file, stop = folder / "regwatch.yml", asyncio.Event()
        daemon = Daemon(
            file, load_config(file, environ={}), environ={}, clock=clocks.wall,
            steady=clocks.steady, read=at_once,
        )  # fmt: skip
        await asyncio.sleep(real.ready)
        async with asyncio.TaskGroup() as group:
            group.create_task(daemon.run(stop))
            await daemon.started.wait()
            await asyncio.sleep(stretch.hours * HOUR)
            stop.set()
        life = [json.loads(each.line()) for each in pbx.control.world.happened()]
    return Came(real.began, real.ready, told(hook.alerts), len(hook.bodies), life)


# --- beside each other ------------------------------------------------------------


@dataclass(frozen=True)
class Beside:
    """The two, in order of time."""

    real: Came
    virtual: Came
    ends: float

    def differences(self) -> list[str]:
        """What one alone told of, or much later, though it had the time to see it."""
        return [words for key, words in self._apart() if not self._is_excused(key)]

    def excused(self) -> int:
        """So many more were told by one alone, or later."""
        return len(self._apart()) - len(self.differences())

    def _apart(self) -> list[tuple[Key, str]]:
        found = []
        for key in sorted(self.real.told.keys() | self.virtual.told.keys()):
            times = [came.told.get(key) for came in (self.real, self.virtual)]
            begun = [at for at in times if at is not None]
            if len(begun) == 1 or abs(begun[0] - begun[1]) > APART_SECONDS:
                found.append((key, " ".join(key) + self._when(times)))
        return found

    def _is_excused(self, key: Key) -> bool:
        told = (self.real.told, self.virtual.told)
        begun = [each[key] for each in told if key in each]
        name, _, number = key[1].partition(" ")
        if max(begun) > self.ends - SHORTLY_SECONDS or key[0] in UNSURE:
            return True
        if name != "extension_id":
            return False
        who, at = int(number), begun[0]
        return (
            self._has_another_word(key)
            or self._was_away_shortly(who, at)
            or self._was_out_with_its_place(who, at)
        )

    def _has_another_word(self, key: Key) -> bool:
        """Both told of it at about that time, each in its words."""
        times = [
            [told[word, key[1]] for word in WORDS if (word, key[1]) in told]
            for told in (self.real.told, self.virtual.told)
        ]
        return key[0] in WORDS and any(
            abs(one - other) <= WORDS_SECONDS for one in times[0] for other in times[1]
        )

    def _was_away_shortly(self, extension_id: int, at: float) -> bool:
        """Around that time, from its first missed refresh or its good-bye on."""
        sights = [s for each in self.virtual.life for s in each["sights"]]
        away = [
            (s["missed_at"] or s["off_at"], s["back_at"] or float("inf"))
            for s in sights
            if s["extension_id"] == extension_id
        ]
        return any(
            since - MINUTE <= at <= back + MINUTE and back - since <= SHORTLY_SECONDS
            for since, back in away
        )

    def _was_out_with_its_place(self, extension_id: int, at: float) -> bool:
        """Of a place that both told of: a moment decides who is told alone before that."""
        both = self.real.told.keys() & self.virtual.told.keys()
        outages = [self.real.told[key] for key in both if key[0] == "RegwatchSiteLost"]
        return any(
            each["want"] == "place"
            and extension_id in each["whom"]
            and each["at"] <= at <= each["until"] + MINUTE
            and any(each["at"] <= outage <= each["until"] for outage in outages)
            for each in self.virtual.life
        )

    def _was_away_shortly(self, extension_id: int, at: float) -> bool:
        """Around that time, from its first missed refresh or its good-bye on."""
        sights = [s for each in self.virtual.life for s in each["sights"]]
        away = [
            (s["missed_at"] or s["off_at"], s["back_at"] or float("inf"))
            for s in sights
            if s["extension_id"] == extension_id
        ]
        return any(
            since - MINUTE <= at <= back + MINUTE and back - since <= SHORTLY_SECONDS
            for since, back in away
        )

    def _when(self, times: Sequence[float | None]) -> str:
        words = ("never" if at is None else f"{at - self.real.began:.0f} s" for at in times)
        return ": " + ", in virtual time ".join(words)

    def table(self) -> str:
        """As Markdown."""
        rows = ["| alert | at sixty times the speed | in virtual time |", "|---|---|---|"]
        counts = [Counter(alert for alert, _ in came.told) for came in (self.real, self.virtual)]
        rows += [
            f"| {alert} | {counts[0][alert]} | {counts[1][alert]} |"
            for alert in sorted(counts[0] | counts[1])
        ]
        rows.append(f"| messages | {self.real.messages} | {self.virtual.messages} |")
        return "\n".join(rows)


def beside(stretch: Stretch, folder: Path) -> Beside:
    """Both, one after the other."""
    for name in ("real", "virtual"):
        (folder / name).mkdir()
    real = asyncio.run(at_speed(stretch, folder / "real"))
    virtual = in_virtual_time(stretch, folder / "virtual", real)
    return Beside(real, virtual, real.began + stretch.hours * HOUR)


def main(arguments: Sequence[str]) -> None:
    stretch = CLOSING_TIME if arguments == ["hour"] else DAY
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with TemporaryDirectory() as folder:
        came = beside(stretch, Path(folder))
    print(came.table())
    print(f"told by one alone or later, as may be: {came.excused()}")
    print("\n".join(came.differences()) or "no other difference")


if __name__ == "__main__":
    os.environ["PYTHONSAFEPATH"] = "1"
    main(sys.argv[1:])
