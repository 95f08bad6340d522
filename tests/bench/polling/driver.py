"""The real planner, habits and monitor against the simulated phones, event by event."""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from bench.polling.case import HOUR, LATENCY, Case
from bench.polling.world import SharedQuota, World
from fakes.clocks import both
from fakes.values import EVERY_ALERT

from regwatch.core.account import Account
from regwatch.core.model import (
    AccountName,
    AlertName,
    BatchAnswer,
    Extension,
    ExtensionId,
    FailureReason,
    IncidentState,
    Listing,
    Quota,
    Timestamp,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.polling.planner import Ask, Planner, PollingPolicy, Wait
from regwatch.core.polling.selection import Selection
from regwatch.core.sites import Sites
from regwatch.core.steps import Failure, Tell

TICK = 10.0
AFTERMATH = 900.0
"""How long losses may still be found after the last one has shown."""


@dataclass
class Run:
    """What came of a case."""

    case: Case
    world: World
    quota: SharedQuota
    requests: int = 0
    """During the time in which losses happen."""
    asked: int = 0
    longest_unasked: float = 0.0
    """Seconds."""
    passed_over: int = 0
    """Requests, the most that were made while one extension was not asked."""
    by_appointment: int = 0
    """Of those asked: whose appointment had come."""
    into_reserve: Counter[int] = field(default_factory=Counter)
    """Requests made though no more than the reserve was left, by all that was known then; by clock
    hour.
    """
    probes: Counter[int] = field(default_factory=Counter)
    """Requests made though none at all was; by clock hour."""
    false_losses: int = 0
    restarts: set[str] = field(default_factory=set)
    """Incidents that told of a registrar's restart."""
    false_warnings: int = 0
    phone_hours: float = 0.0
    _number: int = 0
    """Of the last request."""
    _asked_at: dict[ExtensionId, tuple[float, int]] = field(default_factory=dict)
    """With which request."""

    def note_asked(self, ask: Ask, now: float) -> None:
        """Keep how long each was not asked."""
        case = self.case
        self._number += 1
        if case.begins_at <= now < case.ends_at:
            self.requests += 1
            self.asked += len(ask.ids)
            self.by_appointment += len(ask.ids) - ask.in_turn
        for extension_id in ask.ids:
            before, number = self._asked_at.get(extension_id, (0.0, 0))
            if before >= case.begins_at:
                self.longest_unasked = max(self.longest_unasked, now - before)
                self.passed_over = max(self.passed_over, self._number - number)
            self._asked_at[extension_id] = now, self._number

    @property
    def requests_per_hour(self) -> float:
        return self.requests / self.case.hours


class Driver:
    """One account, from the first request to the last loss found."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.world = World(case)
        self.quota = SharedQuota(case)
        self.run = Run(case, self.world, self.quota)
        policy = PollingPolicy(
            interval=case.interval, batch_size=case.batch, reserve=case.reserve, concurrency=4
        )
        self.account = Account(self.make_monitor(), Planner(policy), Selection())
        self._random = Random(case.seed + 3)
        self._flying: list[tuple[float, int, Ask]] = []
        self._number = 0
        self._known: Quota | None = None

    def make_monitor(self) -> Monitor:
        """The one that judges the answers."""
        return Monitor(AccountName("acme"), MonitorPolicy(EVERY_ALERT), Sites())

    def play(self) -> Run:
        """All of it."""
        now = self.world_start()
        end = self.case.ends_at + self.case.longest_lease + AFTERMATH
        tick_at = now
        while now < end:
            now = self._step(now, tick_at)
            if now >= tick_at:
                self._judge(self.account.tick(now=both(now)), now)
                tick_at = now + TICK
        self.run.phone_hours = self.case.extensions * (end - self.case.begins_at) / 3600
        return self.run

    def world_start(self) -> float:
        """Everything is listed; the first request is yet to come."""
        now = Timestamp(self.case.begins_at - self.case.warm_up)
        everybody = tuple(Extension(i, f"000*{i}") for i in self.world.ids)
        for outcome in self.account.listed(Listing(everybody, complete=True), now=both(now)):
            self._judge(outcome, now)
        return now

    def _step(self, now: float, tick_at: float) -> float:
        """Do what is due now; returns when something is next."""
        while self._flying and self._flying[0][0] <= now:
            _, _, ask = heapq.heappop(self._flying)
            self._land(ask, now)
        step = self.account.next(now=both(now))
        if isinstance(step, Tell):
            self._judge(step.outcome, now)
            return now
        if isinstance(step, Ask):
            self._ask(step, now)
            return now
        assert isinstance(step, Wait), "there is no list to be read"
        answer_at = self._flying[0][0] if self._flying else float("inf")
        until = float("inf") if step.until is None else step.until
        return max(now, min(answer_at, until, tick_at))

    def _ask(self, ask: Ask, now: float) -> None:
        self._number += 1
        self.run.note_asked(ask, now)
        known = self._known
        if known is not None and known.resets_at > now:
            left = known.remaining - len(self._flying)
            if known.remaining <= 0:
                self.run.probes[int(now // HOUR)] += 1
            elif left <= self.case.reserve * known.limit:
                self.run.into_reserve[int(now // HOUR)] += 1
        heapq.heappush(self._flying, (now + LATENCY, self._number, ask))

    def _land(self, ask: Ask, now: float) -> None:
        is_taken = self.quota.take(now)
        self._known = self.quota.seen(now)
        self.account.request_made(self._known, now=both(now))
        if not is_taken or self._random.random() < self.case.failing:
            reason = FailureReason.TIMEOUT if is_taken else FailureReason.QUOTA_EXHAUSTED
            outcome = self.account.failed(ask, Failure(reason), now=both(now))
        else:
            batch = BatchAnswer(ask.ids, self.world.answers(ask.ids, now))
            outcome = self.account.answered(batch, now=both(now))
        self._judge(outcome, now)

    def _judge(self, outcome: Outcome, now: float) -> None:
        for incident in outcome.incidents:
            extension_id = incident.facts.extension_id
            if incident.alert is AlertName.REGISTRAR_RESTARTED:
                self.run.restarts.add(incident.id)
            if incident.state is not IncidentState.FIRING or extension_id is None:
                continue
            loss = self.world.gone.get(extension_id)
            if incident.alert in (AlertName.EXTENSION_LOST, AlertName.SIGNED_OFF):
                is_signed_off = incident.alert is AlertName.SIGNED_OFF
                if loss is None or loss.visible_at > now or (is_signed_off and loss.kind == "die"):
                    self.run.false_losses += 1
                elif loss.found_at is None:
                    loss.found_at = now
            elif incident.alert is AlertName.REFRESH_OVERDUE:
                if loss is None or loss.kind != "die":
                    self.run.false_warnings += 1
                elif loss.warned_at is None:
                    loss.warned_at = now
