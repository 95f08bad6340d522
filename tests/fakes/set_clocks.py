"""What it costs when the wall clock is set: one account, watched in virtual time while somebody
sets the clock, beside the same hours undisturbed. One phone is truly lost meanwhile, a place is
out, a phone comes and goes, and then the registrar restarts.
"""

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from types import SimpleNamespace

import looptime
import structlog
from bench.polling.case import HOUR, START, Case
from bench.polling.world import World
from fakes.clocks import NAMED_STEPS, Clocks
from fakes.state import MemoryStore
from fakes.values import ACME, EVERY_ALERT

from regwatch.app.engines.clock_care import ClockCare
from regwatch.clock import Clock, EvenClock
from regwatch.core.account import Account
from regwatch.core.clock_steps import moved
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.dispatch.routing import Route
from regwatch.core.model import (
    AlertName,
    BatchAnswer,
    ExtensionId,
    Instant,
    ItemStatus,
    Listing,
    Notification,
    Notified,
    Timestamp,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.phones.flapping import FlappingPolicy
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.polling.planner import Planner, PollingPolicy
from regwatch.core.polling.selection import Selection
from regwatch.core.sites import Sites
from regwatch.guard import Bugs
from regwatch.notify.delivery.dispatch import Dispatcher
from regwatch.watcher.keeper import Keeper
from regwatch.watcher.watcher import Watcher

DAY = 86_400.0
MINUTE = 60.0
WHEN = 0.75 * HOUR
"""After the start: by then most habits are learned."""
LOST_AT = WHEN - 2 * MINUTE
"""It dies before the clock is set, and its lease ends after that."""
LATENCY = 0.2


GROUP_WAIT = 10.0


@dataclass(frozen=True)
class Setting:
    """Somebody sets the clock: by how many seconds, and when, in seconds after the start."""

    name: str
    steps: tuple[tuple[float, float], ...] = ()
    drift: float = 0.0
    """Seconds that it gains in each minute."""


UNDISTURBED = Setting("undisturbed")
SETTINGS = (
    *(Setting(name, ((WHEN, by),)) for name, by in NAMED_STEPS.items()),
    Setting("-1 day for a minute", ((WHEN, -DAY), (WHEN + MINUTE, DAY))),
    Setting("+1 s per minute", drift=1.0),
    Setting("-1 s per minute", drift=-1.0),
)


class SetClocks(Clocks):
    """The clocks of a machine on which somebody sets one."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(Timestamp(START))
        self._setting = setting

    def wall(self) -> Timestamp:
        passed = asyncio.get_running_loop().time()
        by = sum(by for at, by in self._setting.steps if passed >= at)
        return Timestamp(self.steady() + by + self._setting.drift * passed / MINUTE)


@dataclass
class Told:
    """What came of it."""

    setting: Setting
    polls: list[float] = field(default_factory=list)
    """When each was begun, in seconds after the start."""
    messages: list[tuple[float, Notification]] = field(default_factory=list)
    victim: ExtensionId | None = None
    """Who is lost."""
    steps: int = 0
    """So often it was noticed."""
    visible_at: float = 0.0
    """When the loss could first be seen."""

    @property
    def news(self) -> Counter[tuple[str, str, str]]:
        """What was told as new and as over, in which order ever."""
        items = [item for _, message in self.messages for item in message.items]
        told = [item for item in items if item.status is not ItemStatus.STILL]
        return Counter((i.status, i.incident.alert, i.incident.subject) for i in told)

    @property
    def losses(self) -> list[tuple[float, float]]:
        """When it was told that the phone is lost, and since when by those words; in true seconds
        after the start.
        """
        return [
            (at, at + item.incident.facts.lease_ended - message.created_at)
            for at, message in self.messages
            for item in message.items
            if item.incident.alert is AlertName.EXTENSION_LOST
            and item.incident.facts.extension_id == self.victim
            and item.incident.facts.lease_ended is not None
        ]

    @property
    def late(self) -> float:
        """Seconds from when the loss could be seen until it was told."""
        return next((at for at, _ in self.losses), float("inf")) - self.visible_at


class Pbx:
    """The phones of a case; what they answer is stamped by the clock of a daemon."""

    batch_limit = 50

    def __init__(self, world: World, told: Told, clock: Clock, clocks: Clocks) -> None:
        self._world, self._told = world, told
        self._clock, self._clocks = clock, clocks

    async def registrations(self, ids: Sequence[ExtensionId]) -> BatchAnswer:
        self._told.polls.append(asyncio.get_running_loop().time())
        await asyncio.sleep(LATENCY)
        now = self._clocks.steady()
        answers = self._world.answers(tuple(ids), now)
        by = self._clock() - now
        return BatchAnswer(tuple(ids), {i: moved(each, by) for i, each in answers.items()})

    async def extensions(self, *, type: str | None, status: str | None) -> Listing:  # noqa: A002
        raise AssertionError("there is no list to be read")


class Log:
    """Where messages are stored: each of them is told."""

    def __init__(self, told: Told) -> None:
        self._told = told

    async def enqueue(self, message: Notification, _notified: Sequence[Notified]) -> None:
        self._told.messages.append((asyncio.get_running_loop().time(), message))


async def lived(
    setting: Setting,
    *,
    phones: int,
    hours: float,
    is_followed: bool = True,
) -> Told:
    """So many phones, watched for so long. `is_followed`: whether anybody looks at the clock."""
    world = World(Case(phones, 50, 1000, "mixed", losses=0, seed=3, site_size=12))
    clocks = SetClocks(setting)
    clock, told = EvenClock(clocks.wall, clocks.steady), Told(setting)
    shown: Clock = clock if is_followed else clocks.wall
    policy = MonitorPolicy(
        EVERY_ALERT, recover_after=30.0, outages=OutagePolicy(), flapping=FlappingPolicy()
    )
    monitor = Monitor(ACME, policy, Sites())
    dispatcher = Dispatcher(
        Grouping([Route(key="all", receivers=("chat",), group_wait=GROUP_WAIT)]),
        Log(told),
        wake=lambda _receiver: None,
        clock=shown,
    )
    keeper = Keeper(
        monitor, MemoryStore(), clock=shown, steady=clocks.steady, on_incidents=dispatcher.take
    )
    selection = Selection(ids=frozenset(world.ids))
    watcher = Watcher(
        Account(monitor, Planner(PollingPolicy()), selection),
        Pbx(world, told, shown, clocks),
        keeper,
        clock=shown,
        steady=clocks.steady,
    )

    async def follow(look: object) -> None:
        by = look()  # type: ignore[operator]
        if by:
            told.steps += 1
            watcher.clock_set(by)
            dispatcher.clock_set(by)

    around = SimpleNamespace(
        clock=clock, bugs=Bugs(clock=clock), instruments=SimpleNamespace(clock_set=lambda: None)
    )
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each) for each in (watcher.run(), dispatcher.run())]
        care = ClockCare(around, follow=follow)  # type: ignore[arg-type]
        if is_followed:
            care.start(tasks)
        await asyncio.sleep(LOST_AT)
        told.victim, told.visible_at = _lose(world, clocks.steady())
        _trouble(world, clocks.steady())
        await asyncio.sleep(hours * HOUR - LOST_AT)
        await care.stop()
        for task in running:
            task.cancel()
    return told


def _lose(world: World, now: Instant) -> tuple[ExtensionId, float]:
    """Returns which phone it is, and when its loss can be seen: well after the clock is set."""
    world.advance(now)
    phones = world.registrar.phones.values()
    single = (p for p in phones if len(p.bindings) == 1 and p.site == 0)
    phone = next(p for p in single if p.bindings[0].lease_ends_at(now) > now + 5 * MINUTE)
    world.registrar.act(phone.id, "die", now)
    return ExtensionId(phone.id), phone.bindings[0].lease_ends_at(now) - START


def _trouble(world: World, now: Instant) -> None:
    registrar = world.registrar
    registrar.site(1, dark=True, now=now)
    for phone in (p.id for p in registrar.phones.values() if p.site == 1):
        registrar._schedule(now + 25 * MINUTE, "revive", phone)
    flapper = next(p.id for p in registrar.phones.values() if p.site == 2 and p.bindings)
    for number in range(8):
        verb = ("unregister", "revive")[number % 2]
        registrar._schedule(now + 4 * MINUTE * number + 1, verb, flapper)
    world._restart_at = now + 40 * MINUTE


def table(runs: Sequence[Told]) -> str:
    """Each beside the first, which is the undisturbed one."""
    calm = runs[0]
    titles = ("the clock is set by", "noticed", "polls missed", "wrong", "untold", "told after")
    rows = [titles, ("---",) * len(titles), *(_row(run, calm) for run in runs)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(run: Told, calm: Told) -> tuple[str, ...]:
    return (
        run.setting.name,
        f"{run.steps} times",
        f"{max(0, len(calm.polls) - len(run.polls))} of {len(calm.polls)}",
        f"{(run.news - calm.news).total()}",
        f"{(calm.news - run.news).total()} of {calm.news.total()}",
        f"{run.late:.0f} s",
    )


def main(arguments: Sequence[str]) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    phones, hours = (int(arguments[0]) if arguments else 60), 3.0
    for is_followed in (True, False):
        runs = []
        for setting in (UNDISTURBED, *SETTINGS):
            with closing(looptime.new_event_loop()) as loop:
                living = lived(setting, phones=phones, hours=hours, is_followed=is_followed)
                runs.append(loop.run_until_complete(living))
        print("" if is_followed else "\nIf nobody looked:\n")
        print(table(runs))


if __name__ == "__main__":
    main(sys.argv[1:])
