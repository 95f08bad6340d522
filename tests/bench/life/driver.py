"""A simulated life, watched in virtual time by the real account and grouping, as the default
configuration makes them. What was told is kept, for a judge who knows what truly happened.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from fakes.clocks import both
from fakes.observing import MOMENT

from regwatch.app.settings.policies import monitor_policy, polling_policy, routes, sites
from regwatch.config import load_config
from regwatch.core.account import Account
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.model import (
    BatchAnswer,
    Extension,
    ExtensionId,
    FailureReason,
    Incident,
    IncidentId,
    Item,
    ItemStatus,
    Listing,
    Notification,
    Quota,
    Timestamp,
)
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome
from regwatch.core.polling.planner import Ask, Planner
from regwatch.core.polling.selection import Discovery, Selection
from regwatch.core.steps import AskList, Failure, Tell
from regwatch.simulator.life import Happening
from regwatch.simulator.rates import Rates
from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.world import World
from regwatch.sources.ringme.wire import decode_registrations

BEGINS = 1_800_230_400.0
"""Midnight before a Monday, UTC."""
DAY, HOUR = 86_400.0, 3600.0
WARM_UP = 4 * HOUR
"""In which habits are learned; what is told then does not count."""
LATENCY, TICK = 0.2, 5.0
DISCOVERY = Discovery("phone", "active", 900.0)
CONFIG = """\
accounts: [{url: "https://pbx.example.com", access_token: t0ken, name: acme}]
receivers: [{name: chat, webhook: {url: "https://chat.example.com"}}]
routes:
  - {match: {severity: critical}, receivers: [chat]}
  - {receivers: [chat]}
"""


@dataclass
class Told:
    """What a life made of messages."""

    messages: list[Notification] = field(default_factory=list)
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    truth: Sequence[Happening] = ()

    def news(self) -> Iterator[tuple[Notification, Item]]:
        """Each time that an incident was told as new."""
        for message in self.messages:
            for item in message.items:
                if item.status is ItemStatus.NEW:
                    yield message, item

    def counts(self) -> Mapping[str, int]:
        """How many incidents were told, by alert."""
        found: dict[str, set[str]] = defaultdict(set)
        for _, item in self.news():
            found[item.alert.value].add(item.id)
        return {alert: len(ids) for alert, ids in sorted(found.items())}

    def by_severity(self) -> Counter[str]:
        """How many messages, by the worst that is in them."""
        return Counter(message.severity.value for message in self.messages)


class Life:
    """One account, watched for some days."""

    def __init__(
        self, rates: Rates, *, phones: int = 500, seed: int = 1, quota: int = 1000
    ) -> None:
        settings = SimulatorSettings(
            extensions=phones, seed=seed, rates=rates, leases="mixed", site_size=40
        )
        self._now = BEGINS - WARM_UP
        self.world = World(settings, clock=lambda: self._now)
        self.told = Told()
        self._quota = quota
        self._used = Counter[int]()
        self._tick_at = self._now
        with TemporaryDirectory() as folder:
            file = Path(folder) / "regwatch.yml"
            file.write_text(CONFIG)
            config = load_config(file, environ={})
        account = config.accounts[0]
        monitor = Monitor(account.name, monitor_policy(config, account), sites(config.sites))
        planner = Planner(polling_policy(account))
        self.account = Account(monitor, planner, Selection(discovery=DISCOVERY))
        self.grouping = Grouping(routes(config.routes))

    def live(self, days: float) -> Told:
        """So long, from midnight on."""
        end = BEGINS + days * DAY
        while self._now < end:
            self._step()
            if self._now >= self._tick_at:
                self._tick_at = self._now + TICK
                self._take(self.account.tick(now=both(self._now)))
        self.told.truth = self.world.happened()
        return self.told

    def _step(self) -> None:
        step = self.account.next(now=both(self._now))
        if isinstance(step, Tell):
            self._take(step.outcome)
        elif isinstance(step, AskList):
            self._list()
        elif isinstance(step, Ask):
            self._ask(step)
        else:
            until = self._tick_at if step.until is None else min(step.until, self._tick_at)
            self._now = max(self._now + MOMENT, until)

    def _counted(self) -> bool:
        hour = int(self._now // HOUR)
        self._used[hour] += 1
        left = max(0, self._quota - self._used[hour])
        seen = Quota(self._quota, left, Timestamp((hour + 1) * HOUR), Timestamp(self._now))
        self.account.request_made(seen, now=both(self._now))
        return self._used[hour] <= self._quota and not self.world.happens("http_503")

    def _list(self) -> None:
        self._now += LATENCY
        if not self._counted():
            failed = Failure(FailureReason.SERVER_ERROR)
            ask = AskList(DISCOVERY)
            self._take(self.account.failed(ask, failed, now=both(self._now)))
            return
        found = self.world.listed()
        if self.world.faults.on("list_incomplete"):
            found = found[::2]
        named = tuple(Extension(ExtensionId(p.id), p.name, p.label) for p in found)
        for outcome in self.account.listed(Listing(named, complete=True), now=both(self._now)):
            self._take(outcome)

    def _ask(self, ask: Ask) -> None:
        self._now += LATENCY
        if not self._counted():
            failed = Failure(FailureReason.SERVER_ERROR)
            self._take(self.account.failed(ask, failed, now=both(self._now)))
            return
        body = json.dumps(self.world.answers(ask.ids)).encode()
        found = decode_registrations(body, asked=ask.ids, answered_at=Timestamp(self._now))
        batch = BatchAnswer(ask.ids, found.answers, contradictions=found.contradictions)
        self._take(self.account.answered(batch, now=both(self._now)))

    def _take(self, outcome: Outcome) -> None:
        now = Timestamp(self._now)
        for incident in outcome.incidents:
            self.told.incidents[incident.id] = incident
            self.grouping.take(incident, now=now)
        for message in self.grouping.due(now=now):
            self.grouping.queued(message, now=now)
            if now >= BEGINS:
                self.told.messages.append(message)
