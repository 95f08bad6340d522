"""From incidents to stored messages, in virtual time."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec
import pytest
from fakes.clocks import STEPS, Clocks
from fakes.values import ACME, START
from structlog.testing import capture_logs

from regwatch.core.bugs import Where
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.dispatch.routing import Escalation, Route
from regwatch.core.model import (
    AlertName,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    Notification,
    Notified,
    Severity,
    Timestamp,
)
from regwatch.core.unstorable import UnstorableError
from regwatch.guard import Bugs
from regwatch.notify.delivery.dispatch import PIECE, Dispatcher

pytestmark = pytest.mark.looptime

ROUTE = Route(key="all", receivers=("chat",), group_wait=10.0, group_interval=60.0)


def now() -> Timestamp:
    return Timestamp(START + asyncio.get_running_loop().time())


def incident(name: str = "i1", state: IncidentState = IncidentState.FIRING) -> Incident:
    resolved_at = now() if state is IncidentState.RESOLVED else None
    return Incident(
        id=IncidentId(name),
        account=ACME,
        alert=AlertName.EXTENSION_LOST,
        severity=Severity.CRITICAL,
        subject=name,
        state=state,
        started_at=START,
        fired_at=START,
        resolved_at=resolved_at,
        facts=Facts(account=ACME),
    )


class Log:
    """A notification log in memory that can be out of order for a while."""

    def __init__(self) -> None:
        self.stored: list[tuple[float, Notification]] = []
        self.is_broken = False
        self.unsaid: list[Notified] = []
        self.unstorable: set[str] = set()
        """Group keys of messages that it never takes."""

    async def enqueue(
        self, notification: Notification | None, notified: Sequence[Notified]
    ) -> None:
        if self.is_broken:
            raise OSError("disk full")
        if notification is None:
            self.unsaid += notified
            return
        if notification.group_key in self.unstorable:
            raise UnstorableError("half a character")
        assert notified
        self.stored.append((asyncio.get_running_loop().time(), notification))


async def test_a_message_is_stored_when_its_group_is_due_and_the_outbox_woken() -> None:
    log, woken = Log(), list[str]()
    dispatcher = Dispatcher(Grouping([ROUTE]), log, wake=woken.append, clock=now)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(dispatcher.run())
        await asyncio.sleep(5)
        dispatcher.take([incident("i1"), incident("i2")])
        await asyncio.sleep(30)
        running.cancel()
    ((at, notification),) = log.stored
    assert at == pytest.approx(15, abs=0.1)
    assert len(notification.items) == 2
    assert woken == ["chat"]


async def test_what_could_not_be_stored_is_stored_later_and_once() -> None:
    log = Log()
    log.is_broken = True
    dispatcher = Dispatcher(Grouping([ROUTE]), log, wake=lambda _name: None, clock=now)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(dispatcher.run())
        dispatcher.take([incident()])
        await asyncio.sleep(60)
        assert log.stored == []
        log.is_broken = False
        await asyncio.sleep(60)
        running.cancel()
    assert len(log.stored) == 1


async def test_what_can_never_be_stored_is_given_up_and_its_end_is_not_told() -> None:
    log, bugs = Log(), Bugs()
    route = replace(ROUTE, group_by=("alertname",), repeat=(600.0,))
    dispatcher = Dispatcher(
        Grouping([route]),
        log,
        wake=lambda _name: None,
        clock=now,
        bugs=bugs,
    )
    other = msgspec.structs.replace(incident("i2"), alert=AlertName.SITE_LOST)
    log.unstorable = {route.group_key(incident().labels)}
    with capture_logs() as lines:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(dispatcher.run())
            dispatcher.take([incident("i1"), other])
            await asyncio.sleep(60)
            log.unstorable = set()
            dispatcher.take([incident("i1", IncidentState.RESOLVED)])
            dispatcher.take([incident("i3")])
            await asyncio.sleep(60)
            running.cancel()
    told = [[item.incident.id for item in each.items] for _, each in log.stored]
    assert told == [["i2"], ["i3"]]
    assert bugs.kept == 1
    assert [line["event"] for line in lines if line["log_level"] == "error"] == [
        "notification_lost"
    ]


async def test_what_was_told_before_is_told_to_its_end_though_a_reminder_was_given_up() -> None:
    log = Log()
    route = replace(ROUTE, repeat=(600.0,))
    dispatcher = Dispatcher(Grouping([route]), log, wake=lambda _name: None, clock=now)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(dispatcher.run())
        dispatcher.take([incident("i1")])
        await asyncio.sleep(60)
        log.unstorable = {route.group_key(incident().labels)}
        await asyncio.sleep(900)
        log.unstorable = set()
        dispatcher.take([incident("i1", IncidentState.RESOLVED)])
        await asyncio.sleep(60)
        running.cancel()
    statuses = [[item.status.value for item in each.items] for _, each in log.stored]
    assert statuses == [["new"], ["resolved"]]


@pytest.mark.parametrize("step", STEPS)
async def test_a_group_waits_no_longer_and_no_shorter_when_the_clock_is_set(step: float) -> None:
    log, clocks = Log(), Clocks()
    route = replace(ROUTE, group_interval=300.0, repeat=(1000.0,))
    dispatcher = Dispatcher(Grouping([route]), log, wake=lambda _name: None, clock=clocks.wall)

    def set_clock(by: float) -> None:
        clocks.set_by += by
        dispatcher.clock_set(by)

    async with asyncio.TaskGroup() as group:
        running = group.create_task(dispatcher.run())
        dispatcher.take([incident("i1")])
        await asyncio.sleep(5)
        set_clock(step)
        await asyncio.sleep(55)
        dispatcher.take([incident("i2")])
        await asyncio.sleep(140)
        set_clock(-step)
        dispatcher.take([incident("i3")])
        await asyncio.sleep(1300)
        running.cancel()
    at = [at for at, _ in log.stored]
    assert at == pytest.approx([10, 310, 1310], abs=0.1), "first, news, reminder"
    assert [len(note.items) for _, note in log.stored] == [1, 3, 3]


class Turns:
    """How often others had their turn."""

    def __init__(self) -> None:
        self.count = 0

    async def run(self) -> None:
        while True:
            self.count += 1
            await asyncio.sleep(0)


async def test_thousands_are_taken_in_and_noted_in_pieces() -> None:
    """Not one after the other: each piece ends with a turn of the others."""
    taken = list[int]()

    class Counting(Grouping):
        def take(self, incident: Incident, *, now: Timestamp) -> None:
            super().take(incident, now=now)
            taken.append(turns.count)

        def told_by(self, rows: Iterable[Notified], *, now: Timestamp) -> None:
            rows = list(rows)
            noted.extend([turns.count] * len(rows))
            super().told_by(rows, now=now)

    noted, turns, log = list[int](), Turns(), Log()
    grouping = Counting([replace(ROUTE, group_wait=0.0)])
    dispatcher = Dispatcher(grouping, log, wake=lambda _name: None, clock=now)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(turns.run()), group.create_task(dispatcher.run())]
        dispatcher.take([incident(f"i{n}") for n in range(3 * PIECE)])
        dispatcher.take([incident("last")])
        while len(noted) <= 3 * PIECE:
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
    assert max(Counter(taken).values()) <= PIECE
    assert max(Counter(noted).values()) <= PIECE
    assert len(taken) == len(noted) == 3 * PIECE + 1


async def test_what_was_stored_is_known_though_we_were_cancelled_while_it_was_noted() -> None:
    log, grouping = Log(), Grouping([replace(ROUTE, group_wait=0.0)])
    for n in range(3 * PIECE):
        grouping.take(incident(f"i{n}"), now=now())
    dispatcher = Dispatcher(grouping, log, wake=lambda _name: None, clock=now)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(dispatcher.run())
        while not log.stored:
            await asyncio.sleep(0)
        running.cancel()
    assert len(grouping.told("chat")) == 3 * PIECE
    assert grouping.due(now=now()) == []


async def test_an_incident_that_meets_a_bug_leaves_the_others_to_be_told() -> None:
    log, bugs = Log(), Bugs()
    dispatcher = Dispatcher(Grouping([ROUTE]), log, wake=lambda _name: None, clock=now, bugs=bugs)
    poisoned = msgspec.structs.replace(incident("i2"), facts=None)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(dispatcher.run())
        dispatcher.take([incident("i1"), poisoned, incident("i3")])
        await asyncio.sleep(30)
        running.cancel()
    ((_, notification),) = log.stored
    assert [item.incident.id for item in notification.items] == ["i1", "i3"]
    assert [(each.where, each.what) for each in bugs.latest()] == [(Where.DISPATCH, "incident i2")]


async def test_a_group_that_meets_a_bug_is_put_off_and_said_once() -> None:
    log, bugs = Log(), Bugs()
    grouping = Grouping([replace(ROUTE, group_by=("alertname",))])
    other = msgspec.structs.replace(incident("i2"), alert=AlertName.SITE_LOST)
    dispatcher = Dispatcher(grouping, log, wake=lambda _name: None, clock=now, bugs=bugs)
    sound = grouping.rows

    def rows(notification: Notification, *, now: Timestamp) -> Sequence[Notified]:
        if notification.items[0].incident.id == "i1":
            raise ZeroDivisionError
        return sound(notification, now=now)

    grouping.rows = rows  # type: ignore[method-assign]
    with capture_logs() as lines:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(dispatcher.run())
            dispatcher.take([incident("i1"), other])
            await asyncio.sleep(300)
            (met,) = bugs.latest()
            assert 4 <= met.times <= 6
            grouping.rows = sound  # type: ignore[method-assign]
            await asyncio.sleep(100)
            running.cancel()
    told = [each.items[0].incident.id for _, each in log.stored]
    assert told == ["i2", "i1"]
    errors = [line["event"] for line in lines if line["log_level"] == "error"]
    assert errors == ["group_put_off"]
    assert bugs.latest() == [], "it is told now"


async def test_that_nobody_is_to_hear_of_an_end_is_stored_once_it_can_be() -> None:
    log = Log()
    route = replace(ROUTE, send_resolved=False)
    dispatcher = Dispatcher(Grouping([route]), log, wake=lambda _name: None, clock=now)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(dispatcher.run())
        dispatcher.take([incident()])
        await asyncio.sleep(60)
        log.is_broken = True
        dispatcher.take([incident("i1", IncidentState.RESOLVED)])
        await asyncio.sleep(60)
        assert log.unsaid == []
        log.is_broken = False
        await asyncio.sleep(60)
        running.cancel()
    (row,) = log.unsaid
    assert (row.incident_id, row.resolved_at is not None) == ("i1", True)
    assert len(log.stored) == 1


async def test_what_nobody_acknowledges_is_told_to_others_in_its_time() -> None:
    log, woken = Log(), list[str]()
    route = replace(ROUTE, escalation=Escalation(900.0, ("pager",)), repeat=())
    dispatcher = Dispatcher(Grouping([route]), log, wake=woken.append, clock=now)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(dispatcher.run())
        dispatcher.take([incident(f"i{number}") for number in range(1000)])
        await asyncio.sleep(2000)
        running.cancel()
    assert woken == ["chat", "pager"]
    (first, _), (second, message) = log.stored
    assert second - first == pytest.approx(900, abs=1)
    assert len(message.items) == 1000
