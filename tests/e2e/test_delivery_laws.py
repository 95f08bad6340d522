"""What every receiver is owed, whatever befalls it and us: the real grouping, outbox and database,
receivers with moods, a process that is killed at any moment, in virtual time.
"""

import asyncio
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import looptime
import pytest
from fakes.values import ACME
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec.structs import replace
from structlog.testing import capture_logs

from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.dispatch.mentions import from_stored, stored_form
from regwatch.core.dispatch.routing import Escalation, Route
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AlertName,
    Consequences,
    ExtensionId,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    ItemStatus,
    Notification,
    Notified,
    Severity,
    Timestamp,
    Word,
)
from regwatch.core.schedules import Hours, Schedule
from regwatch.notify.delivery.backoff import RetryPolicy
from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt
from regwatch.notify.delivery.dispatch import Dispatcher
from regwatch.notify.delivery.outbox import Outbox
from regwatch.notify.errors import ReceiverRefusedError, ReceiverUnavailableError
from regwatch.store import Store
from regwatch.store.database import Database
from regwatch.store.outbox import StoredOutbox

DAY = Schedule("day", frozenset(range(7)), (Hours(13 * 60, 14 * 60),), UTC)
"""Ends thirteen minutes after the beginning, and comes again a day later: few lives see that."""
ROUTES = [
    Route(
        key="day",
        receivers=("desk",),
        group_by=("site",),
        group_wait=5.0,
        active=DAY,
        continue_=True,
    ),
    Route(
        key="mild by night",
        receivers=("night",),
        matchers=Matchers.of({"severity": "warning"}),
        active=Schedule("night", frozenset(range(7)), (Hours(14 * 60, 13 * 60),), UTC),
        continue_=True,
    ),
    Route(
        key="critical",
        receivers=("pager", "chat"),
        matchers=Matchers.of({"severity": "critical"}),
        group_by=("site", "alertname"),
        group_wait=5.0,
        group_interval=30.0,
        repeat=(1800.0,),
        escalation=Escalation(300.0, ("boss",)),
    ),
    Route(key="all", receivers=("chat",), group_by=("site",), group_wait=5.0, repeat=(3600.0,)),
]
FALLBACKS = {"pager": "mail"}
NEW, RESOLVED = ItemStatus.NEW, ItemStatus.RESOLVED
NAMES = ("pager", "chat", "mail", "desk", "night", "boss")
T = TypeVar("T")
START = 1_000_000.0
"""Early, so that a float still tells a microsecond: waits that round to nothing would never end."""
STEPS, CALM_CYCLES = 25, 10
IMPATIENT = 1000.0
LONG_ENOUGH = 2 * 3600.0
"""Seconds: beyond every back-off and the hour that a refusal waits."""


class Receiver:
    """Takes what it is sent, or behaves as its mood is."""

    kind = "moody"

    def __init__(self, name: str) -> None:
        self.name = name
        self.mood: Callable[[], Awaitable[None]] = self.well
        self.taken: list[Notification] = []
        self.excused: set[str] = set()
        """Messages that may come twice: their answer was lost, or we were killed meanwhile."""
        self.doubtful: set[IncidentId] = set()
        """Of which it may have heard, for all that we know."""
        self.refused_in_doubt: set[IncidentId] = set()
        """Refused, though it may have heard of them: their end may pass the beginning."""
        self._in_hand: Notification | None = None

    async def deliver(self, notification: Notification) -> None:
        self._in_hand = notification
        await self.mood()
        self._take(notification)

    def _take(self, notification: Notification) -> None:
        self.taken.append(notification)

    def excuse(self) -> None:
        """We were killed: the message at hand, or the last one taken, may come again."""
        recent = (*self.taken[-1:], *((self._in_hand,) if self._in_hand else ()))
        self.excused.update(message.id for message in recent)

    def doubt(self, message: Notification | None) -> None:
        """It may have arrived."""
        assert message is not None
        self.doubtful.update(word.id for word in message.words)

    async def well(self) -> None:
        await asyncio.sleep(0.1)

    async def unreachable(self) -> None:
        raise ReceiverUnavailableError("no connection", may_have_arrived=False)

    async def busy(self) -> None:
        raise ReceiverUnavailableError("429", retry_after=90.0, may_have_arrived=False)

    async def failing(self) -> None:
        self.doubt(self._in_hand)
        raise ReceiverUnavailableError("500")

    async def forgetful(self) -> None:
        """It takes the message, and the answer is lost."""
        assert self._in_hand is not None
        self.excused.add(self._in_hand.id)
        self.doubt(self._in_hand)
        self._take(self._in_hand)
        raise ReceiverUnavailableError("connection lost")

    async def hanging(self) -> None:
        self.doubt(self._in_hand)
        await asyncio.sleep(400.0)
        raise ReceiverUnavailableError("no answer")

    async def refusing(self) -> None:
        raise ReceiverRefusedError("403")

    async def buggy(self) -> None:
        self.doubt(self._in_hand)
        self.refused_in_doubt |= self.doubtful
        raise KeyError("a bug of ours")


MOODS = ("well", "unreachable", "busy", "failing", "forgetful", "hanging", "refusing", "buggy")


@dataclass
class Life:
    """One process from its start to its death."""

    grouping: Grouping
    dispatcher: Dispatcher
    outbox: Outbox
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class CountedStore(Store):
    """One whose database is known to be at work or not."""

    def __init__(self, database: Database) -> None:
        self.database = CountedDatabase(database.engine, database._lock, path=database.path)
        super().__init__(self.database)
        self.outbox = WitnessedOutbox(self.database)


class WitnessedOutbox(StoredOutbox):
    """Knows what was given up."""

    lost: set[tuple[str, IncidentId]]
    """Of what a receiver was not told something."""
    shows_one = False
    """Of each part, as it shows few of thousands."""

    async def enqueue(self, notification: Notification | None, rows: Sequence[Notified]) -> None:
        shown = None if notification is None else self._shown(notification)
        await super().enqueue(shown, rows)

    async def forward(self, notifications: Sequence[Notification], *, receiver: str) -> None:
        await super().forward([self._shown(each) for each in notifications], receiver=receiver)

    def _shown(self, notification: Notification) -> Notification:
        shortened = from_stored(stored_form(notification, most=1))
        return shortened if self.shows_one else notification

    async def mark_given_up(
        self,
        ids: Sequence[int],
        consequences: Consequences | None = None,
        *,
        at: Timestamp,
        error: str,
    ) -> None:
        assert consequences is not None
        name = consequences.receiver
        for entry in await self.pending(name, limit=1000):
            if entry.id in ids:
                self.lost |= {(name, word.id) for word in entry.notification.words}
        await super().mark_given_up(ids, consequences, at=at, error=error)


class CountedDatabase(Database):
    """Knows whether it is at work: while it is, no virtual time may pass."""

    at_work = 0

    async def read(self, query: Any) -> Any:
        with self._working():
            return await super().read(query)

    async def _transact(self, works: Any) -> None:
        with self._working():
            await super()._transact(works)

    @contextmanager
    def _working(self) -> Iterator[None]:
        self.at_work += 1
        try:
            yield
        finally:
            self.at_work -= 1


class Deliveries(RuleBasedStateMachine):
    """Incidents come and go, receivers have moods, the process dies."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = looptime.new_event_loop(start=0.0)
        self.folder = Path(tempfile.mkdtemp(prefix="regwatch-laws-"))
        self.receivers = {name: Receiver(name) for name in NAMES}
        self.incidents: dict[IncidentId, Incident] = {}
        self.given_up: list[DeliveryAttempt] = []
        self.lost: set[tuple[str, IncidentId]] = set()
        self.patience = RetryPolicy().give_up_after
        self.shows_one = False
        self.numbers = count(1)
        self.breath = threading.Event()

    def clock(self) -> Timestamp:
        return Timestamp(START + self.loop.time())

    def do(self, work: Awaitable[None]) -> None:
        with capture_logs():  # printed tracebacks would take longer than all the rest
            self.loop.run_until_complete(work)

    async def steadily(self, work: Coroutine[Any, Any, T]) -> T:
        """What the database does takes no virtual time."""
        task = self.loop.create_task(work)
        while not task.done():
            await asyncio.sleep(0)
            self.breath.wait(0.0002)
        return task.result()

    async def let_pass(self, seconds: float) -> None:
        """In steps, each of which waits for the database."""
        step = max(1.0, seconds / STEPS)
        for _ in range(round(seconds / step)):
            await self._quiet()
            await asyncio.sleep(step)
        await self._quiet()

    async def _quiet(self) -> None:
        calm = 0
        while calm < CALM_CYCLES:
            await asyncio.sleep(0)
            calm = 0 if self.store.database.at_work else calm + 1
            if not calm:  # the database works in a thread, which needs the interpreter
                self.breath.wait(0.0002)

    # --- the process ------------------------------------------------------------

    @initialize(is_patient=st.booleans(), shows_one=st.booleans())
    def begin(self, is_patient: bool, shows_one: bool) -> None:
        """The impatient one gives up within the hour what else it would after a day."""
        self.shows_one = shows_one
        self.patience = RetryPolicy().give_up_after if is_patient else IMPATIENT
        self.do(self.steadily(self._start()))

    async def _start(self) -> None:
        self.store = await CountedStore.open(f"sqlite:///{self.folder}/laws.db", clock=self.clock)
        self.store.outbox.lost = self.lost
        self.store.outbox.shows_one = self.shows_one
        for receiver in self.receivers.values():
            for entry in await self.store.outbox.pending(receiver.name, limit=1000):
                if entry.may_have_arrived:
                    receiver.doubt(entry.notification)
        grouping = Grouping(
            ROUTES,
            incidents=await self.store.incidents.unsettled(),
            notified=await self.store.outbox.notified(),
            now=self.clock(),
        )
        outbox = Outbox(
            list(self.receivers.values()),
            self.store.outbox,
            clock=self.clock,
            steady=self.clock,
            listeners=[self._note],
            jitter=lambda: 0.5,
            fallbacks=FALLBACKS,
            policy=RetryPolicy(look_again=3600.0, give_up_after=self.patience),
        )
        dispatcher = Dispatcher(grouping, self.store.outbox, wake=outbox.wake, clock=self.clock)
        self.life = Life(grouping, dispatcher, outbox)
        self.life.tasks = [self.loop.create_task(part.run()) for part in (outbox, dispatcher)]

    def _note(self, attempt: DeliveryAttempt) -> None:
        if attempt.outcome is Delivery.GIVEN_UP:
            self.given_up.append(attempt)

    async def _die(self) -> None:
        for receiver in self.receivers.values():
            receiver.excuse()
        for task in self.life.tasks:
            task.cancel()
        await asyncio.gather(*self.life.tasks, return_exceptions=True)
        await self.store.close()

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.3, 4.9, 5.05, 7.0, 18.0]))
    def killed_and_started_again(self, seconds: float) -> None:
        async def go() -> None:
            await self.let_pass(int(seconds))
            await asyncio.sleep(seconds % 1)
            await self.steadily(self._die())
            await self.steadily(self._start())

        self.do(go())

    @rule(seconds=st.sampled_from([1.0, 6.0, 40.0, 400.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.do(self.let_pass(seconds))

    @rule(name=st.sampled_from(NAMES), mood=st.sampled_from(MOODS))
    def a_receiver_changes(self, name: str, mood: str) -> None:
        self.receivers[name].mood = getattr(self.receivers[name], mood)

    @rule(name=st.sampled_from(NAMES), refuses=st.booleans())
    def a_receiver_is_away_for_long(self, name: str, refuses: bool) -> None:
        receiver = self.receivers[name]
        receiver.mood = receiver.refusing if refuses else receiver.unreachable
        self.do(self.let_pass(IMPATIENT + 300.0))
        receiver.mood = receiver.well

    # --- incidents ------------------------------------------------------------

    @rule(site=st.sampled_from(["riga", "tallinn"]), mild=st.booleans())
    def fires(self, site: str, mild: bool) -> None:
        number = next(self.numbers)
        incident = Incident(
            id=IncidentId(f"i{number}"),
            account=ACME,
            alert=AlertName.REFRESH_OVERDUE if mild else AlertName.EXTENSION_LOST,
            severity=Severity.WARNING if mild else Severity.CRITICAL,
            subject=f"extension:{number}",
            state=IncidentState.FIRING,
            started_at=self.clock(),
            fired_at=self.clock(),
            facts=Facts(account=ACME, extension_id=ExtensionId(number), site=site),
        )
        self._change(incident)

    def _open(self) -> list[Incident]:
        return [i for i in self.incidents.values() if i.state is IncidentState.FIRING]

    @rule(which=st.integers(0, 100))
    def escalates(self, which: int) -> None:
        milder = [i for i in self._open() if i.severity is Severity.WARNING]
        if milder:
            worse = replace(
                milder[which % len(milder)],
                alert=AlertName.EXTENSION_LOST,
                severity=Severity.CRITICAL,
                escalated_from=AlertName.REFRESH_OVERDUE,
                acknowledged_by="",
                acknowledged_at=None,
            )
            self._change(worse)

    @rule(which=st.integers(0, 100))
    def is_silenced_or_no_more(self, which: int) -> None:
        if found := self._open():
            incident = found[which % len(found)]
            self._change(replace(incident, silenced_by="" if incident.silenced_by else "silence s"))

    @rule(which=st.integers(0, 100))
    def is_acknowledged(self, which: int) -> None:
        if found := self._open():
            taken = replace(
                found[which % len(found)], acknowledged_by="anna", acknowledged_at=self.clock()
            )
            self._change(taken)

    @rule(which=st.integers(0, 100))
    def resolves(self, which: int) -> None:
        if found := self._open():
            over = replace(
                found[which % len(found)],
                state=IncidentState.RESOLVED,
                cleared_at=self.clock(),
                resolved_at=self.clock(),
            )
            self._change(over)

    def _change(self, incident: Incident) -> None:
        self.incidents[incident.id] = incident

        async def go() -> None:
            await self.steadily(self.store.accounts.save(ACME, watched=(), incidents=[incident]))
            self.life.dispatcher.take([incident])

        self.do(go())

    # --- what must be so ------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if hasattr(self, "life"):
                for receiver in self.receivers.values():
                    receiver.mood = receiver.well
                self.do(self.let_pass(LONG_ENOUGH))
                self._check()
                self.do(self.steadily(self._die()))
        finally:
            self.loop.close()
            shutil.rmtree(self.folder)

    def _check(self) -> None:
        is_patient = self.patience > IMPATIENT
        assert not is_patient or not self.given_up, "nothing was undeliverable for long enough"
        for receiver in self.receivers.values():
            told = self._told(receiver)
            for incident_id, items in told.items():
                self._check_story(receiver, items, self.incidents[incident_id])
            self._check_repetitions(receiver)
        for incident in self.incidents.values():
            self._check_reached(incident)

    def _told(self, receiver: Receiver) -> dict[IncidentId, list[Word]]:
        told: dict[IncidentId, list[Word]] = defaultdict(list)
        for message in receiver.taken:
            for word in message.words:
                told[word.id].append(word)
        return told

    def _check_story(self, receiver: Receiver, words: list[Word], incident: Incident) -> None:
        """In order: it begins with the beginning, and ends with the end if it is over."""
        statuses = [word.status for word in words]
        story = receiver.name, incident.id, statuses
        is_lost = (receiver.name, incident.id) in self.lost
        # Given up or refused in doubt, the beginning is supposed to be known.
        is_in_doubt = is_lost and incident.id in receiver.doubtful
        is_in_doubt = is_in_doubt or incident.id in receiver.refused_in_doubt
        assert statuses[0] is NEW or is_in_doubt, story
        if RESOLVED in statuses:
            assert set(statuses[statuses.index(RESOLVED) :]) == {RESOLVED}, story
        is_over = incident.state is IncidentState.RESOLVED
        assert is_over or RESOLVED not in statuses, story
        assert not is_over or is_lost or statuses[-1] is RESOLVED, story
        alerts = [word.alert for word in words]
        if AlertName.EXTENSION_LOST in alerts:  # no step back to the warning
            assert AlertName.REFRESH_OVERDUE not in alerts[alerts.index(AlertName.EXTENSION_LOST) :]

    def _check_repetitions(self, receiver: Receiver) -> None:
        seen: set[str] = set()
        for message in receiver.taken:
            assert message.id not in seen or message.id in receiver.excused, receiver.name
            seen.add(message.id)

    def _check_reached(self, incident: Incident) -> None:
        """What fires, and is not silenced, was told under its present name."""
        if incident.state is IncidentState.RESOLVED or incident.is_quiet:
            return
        for name in self._owed(incident):
            words = self._told(self.receivers[name])[incident.id]
            assert incident.alert in [word.alert for word in words], (name, incident.id)

    def _owed(self, incident: Incident) -> Iterator[str]:
        yield "chat"
        is_taken = bool(incident.acknowledged_by)
        if incident.severity is Severity.CRITICAL:
            yield "pager"
            if not is_taken:
                yield "boss"
        is_day = DAY.stretch_at(self.clock()) is not None
        if not is_taken and (is_day or incident.severity is Severity.WARNING):
            yield "desk" if is_day else "night"


Deliveries.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestDeliveries = pytest.mark.long(Deliveries.TestCase)
