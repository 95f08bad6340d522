"""A daemon as a process of its own, while somebody sets its clock, or stops it for a while, beside
a simulated PBX whose clock nobody touches. One phone is truly lost meanwhile.

libfaketime stands between the process and the wall clock. The steady clock is left alone.
"""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from fakes.clocks import NAMED_STEPS
from fakes.daemon import DaemonProcess, daemon
from fakes.debian import program
from fakes.sink import sink

from regwatch.clock import wall_clock
from regwatch.simulator import Simulator, SimulatorSettings
from regwatch.simulator.server import Served

PHONES = 30
INTERVAL_SECONDS = 1.0
LOOK_SECONDS = 0.05
AFTERWARDS_SECONDS = 3.0
"""How long what is not so may still be told."""
DAY = 86_400.0
AT_ONCE = 3
"""So many daemons run side by side."""


@dataclass(frozen=True)
class Happening:
    """What becomes of the clock, or of the process, in seconds after the phone died."""

    name: str
    offsets: tuple[tuple[float, float], ...] = ()
    """From when on the clock is ahead by how much."""
    drift: float = 0.0
    """Seconds that it gains in each minute."""
    stopped: tuple[float, float] | None = None
    """From when to when the process stands still."""
    lasts: float = 0.0
    """At least so long it is watched."""


HAPPENINGS = (
    Happening("undisturbed"),
    *(Happening(name, ((2.0, by),)) for name, by in NAMED_STEPS.items()),
    Happening("-1 day for a minute", ((2.0, -DAY), (62.0, 0.0)), lasts=75.0),
    Happening("+1 s per minute", drift=1.0, lasts=130.0),
    Happening("stopped for 75 s", stopped=(2.0, 77.0), lasts=90.0),
)


@dataclass
class Came:
    """What came of it."""

    happening: Happening
    told_after: float = float("inf")
    """Seconds from when the loss could be seen, by a process that was not stopped, until it was
    told.
    """
    wrong: list[str] = field(default_factory=list)
    steps: int = 0
    """So often it was noticed that the clock was set."""
    polls: int = 0
    longest_pause: float = 0.0
    """Between two polls, while the process was not stopped."""


async def happening(what: Happening, folder: Path, *, lease: float = 30.0) -> Came:
    """One daemon, one loss."""
    clock = FakedClock(folder / "clock")
    settings = SimulatorSettings(
        extensions=PHONES, seed=5, leases=str(lease), quota=1_000_000, calm=True
    )
    came = Came(what)
    async with (
        Simulator(settings).serving() as pbx,
        sink() as hook,
        daemon(folder, pbx=pbx.url, hook=hook.url, environ=clock.environ) as regwatch,
    ):
        await regwatch.until_ready()
        victim, visible_at = lose(pbx)
        if what.stopped is not None:
            visible_at = max(visible_at, wall_clock() + what.stopped[1])
        async with counted(pbx, came), lived_through(what, clock, regwatch):
            await hook.until(lambda h: h.of(victim, "firing"))
            came.told_after = wall_clock() - visible_at
            await asyncio.sleep(max(0.0, visible_at + what.lasts - wall_clock()))
            await asyncio.sleep(AFTERWARDS_SECONDS)
        others = (a for a in hook.alerts if a["labels"].get("extension_id") != str(victim))
        came.wrong = [a["annotations"]["summary"] for a in others]
        _, metrics = await regwatch.get("/metrics")
        found = re.search(r"^regwatch_clock_steps_total (\S+)", metrics, re.MULTILINE)
        came.steps = int(float(found[1])) if found else 0
        assert await regwatch.stop() == 0
    return came


class FakedClock:
    """What a process is told of the time."""

    def __init__(self, file: Path) -> None:
        program("faketime")
        self._file = file
        self.set_by(0.0)

    def set_by(self, seconds: float) -> None:
        """It is ahead by so much."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+.3f}\n")
        new.rename(self._file)  # nobody reads the half of it

    @property
    def environ(self) -> Mapping[str, str]:
        """For the process."""
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


def lose(pbx: Served) -> tuple[int, float]:
    """A phone whose lease goes on for longest; returns it, and when its loss can be seen."""
    world = pbx.control.world
    now = world.now()
    phones = {p.id: p for p in world.registrar.phones.values() if len(p.bindings) == 1}
    ends_at = {i: phone.bindings[0].lease_ends_at(now) for i, phone in phones.items()}
    victim = max(ends_at, key=lambda i: ends_at[i])
    pbx.control.act(victim, "die")
    return victim, ends_at[victim]


@asynccontextmanager
async def counted(pbx: Served, came: Came) -> AsyncIterator[None]:
    """The polls, as long as it lasts."""

    async def count() -> None:
        loop = asyncio.get_running_loop()
        began, seen, stop = loop.time(), pbx.control.overview()["served"], came.happening.stopped
        last_at = began
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            served, now = pbx.control.overview()["served"], loop.time()
            if served != seen:
                seen, came.polls = served, came.polls + 1
                slept = stop is not None and last_at - began < stop[1] and now - began > stop[0]
                came.longest_pause = max(came.longest_pause, 0.0 if slept else now - last_at)
                last_at = now

    counting = asyncio.create_task(count())
    try:
        yield
    finally:
        counting.cancel()


@asynccontextmanager
async def lived_through(
    what: Happening, clock: FakedClock, regwatch: DaemonProcess
) -> AsyncIterator[None]:
    """What is to happen does, as long as it lasts."""
    process = regwatch.process
    assert process is not None

    async def do() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            passed = loop.time() - began
            by = next((by for at, by in reversed(what.offsets) if passed >= at), 0.0)
            clock.set_by(by + what.drift * passed / 60)
            if what.stopped is not None:
                is_stopped = what.stopped[0] <= passed < what.stopped[1]
                process.send_signal(signal.SIGSTOP if is_stopped else signal.SIGCONT)
            await asyncio.sleep(0.25)

    doing = asyncio.create_task(do())
    try:
        yield
    finally:
        doing.cancel()
        with suppress(asyncio.CancelledError):
            await doing
        process.send_signal(signal.SIGCONT)


def table(found: Sequence[Came]) -> str:
    """One line each."""
    titles = ("what happens", "noticed", "polls", "longest pause", "wrong messages", "told after")
    rows = [titles, ("---",) * len(titles)]
    rows += [
        (
            came.happening.name,
            f"{came.steps} times",
            f"{came.polls}",
            f"{came.longest_pause:.1f} s",
            f"{len(came.wrong)}",
            f"{came.told_after:.1f} s",
        )
        for came in found
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


async def all_of_them(folder: Path) -> list[Came]:
    """A few at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, what: Happening) -> Came:
        mine = folder / str(number)
        mine.mkdir()
        async with room:
            return await happening(what, mine)

    return await asyncio.gather(*(one(*each) for each in enumerate(HAPPENINGS)))


def main(_arguments: Sequence[str]) -> None:
    with TemporaryDirectory() as folder:
        print(table(asyncio.run(all_of_them(Path(folder)))))


if __name__ == "__main__":
    os.environ["PYTHONSAFEPATH"] = "1"
    main(sys.argv[1:])
