"""A calm account whose PBX lies for a while, watched in virtual time by the real account and grouping
as the default configuration makes them: what a receiver was told meanwhile.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from fakes.clocks import both

from regwatch.app.settings.policies import monitor_policy, polling_policy, routes, sites
from regwatch.config import load_config
from regwatch.core.account import Account
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.model import (
    AlertName,
    BatchAnswer,
    Extension,
    ExtensionId,
    FailureReason,
    Incident,
    IncidentId,
    ItemStatus,
    Listing,
    Quota,
    Timestamp,
)
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome
from regwatch.core.polling.planner import Ask, Planner
from regwatch.core.polling.selection import Discovery, Selection
from regwatch.core.steps import AskList, Failure, Tell
from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.world import World
from regwatch.sources.ringme.wire import decode_registrations

BEGINS = 1_800_000_000.0
WARM_UP = 2 * 3600.0
LATENCY, TICK, MOMENT = 0.2, 1.0, 0.01
DISCOVERY = Discovery("phone", "active", 900.0)
CONFIG = """\
accounts: [{url: "https://pbx.example.com", access_token: t0ken, name: acme}]
receivers: [{name: chat, webhook: {url: "https://chat.example.com"}}]
routes: [{match: {severity: critical}, receivers: [chat]}, {receivers: [chat]}]
"""
Act = Callable[[World, float], object]
"""What happens at a time."""
Script = Sequence[tuple[float, Act]]
"""What happens, and how many seconds after the warm-up; in order."""


def switched(**faults: object) -> Act:
    """Faults of the answers, on or off."""
    return lambda world, _: world.faults.set(faults)


def doing(number: int, action: str) -> Act:
    """What the phone of this place in line does."""
    return lambda world, now: world.registrar.act(list(world.registrar.phones)[number], action, now)


class LiedTo:
    """One account, from its warm-up on."""

    def __init__(
        self, script: Script, *, phones: int = 120, quota: int = 1000, **settings: object
    ) -> None:
        self._now = BEGINS - WARM_UP
        about = {"leases": "mixed", "site_size": 40} | settings
        calm = SimulatorSettings(extensions=phones, calm=True, **about)  # type: ignore[arg-type]
        self.world = World(calm, clock=lambda: self._now)
        self.incidents: dict[IncidentId, Incident] = {}
        self.told: list[tuple[float, Incident]] = []
        """What was told as new, and how many seconds after the warm-up."""
        self.over: list[tuple[float, Incident]] = []
        self._script = [(BEGINS + after, act) for after, act in script]
        self._quota = quota
        self._used = Counter[int]()
        self._tick_at = self._now
        with TemporaryDirectory() as folder:
            file = Path(folder) / "regwatch.yml"
            file.write_text(CONFIG)
            config = load_config(file, environ={})
        settings_of = config.accounts[0]
        self.make_monitor = lambda: Monitor(
            settings_of.name, monitor_policy(config, settings_of), sites(config.sites)
        )
        planner = Planner(polling_policy(settings_of))
        self.account = Account(self.make_monitor(), planner, Selection(discovery=DISCOVERY))
        self._grouping = Grouping(routes(config.routes))

    def play(self, seconds: float) -> "LiedTo":
        """So long, after the warm-up."""
        while self._now < BEGINS + seconds:
            while self._script and self._script[0][0] <= self._now:
                self.world.now()
                self._script.pop(0)[1](self.world, self._now)
            self._step()
            if self._now >= self._tick_at:
                self._tick_at = self._now + TICK
                self._take(self.account.tick(now=both(self._now)))
        return self

    def counts(self) -> Mapping[AlertName, int]:
        """How many incidents were told of, by alert."""
        return Counter(incident.alert for _, incident in self.told)

    def about(self, number: int) -> list[tuple[float, Incident]]:
        """What was told of the phone of this place in line alone."""
        who = list(self.world.registrar.phones)[number]
        return [(at, each) for at, each in self.told if each.facts.extension_id == who]

    def _step(self) -> None:
        step = self.account.next(now=both(self._now))
        if isinstance(step, Tell):
            self._take(step.outcome)
        elif isinstance(step, Ask | AskList):
            self._now += LATENCY
            for outcome in self._asked(step):
                self._take(outcome)
        else:
            until = self._tick_at if step.until is None else min(step.until, self._tick_at)
            self._now = max(self._now + MOMENT, until)

    def _asked(self, ask: Ask | AskList) -> Iterator[Outcome]:
        hour = int(self._now // 3600)
        self._used[hour] += 1
        left, resets_at = max(0, self._quota - self._used[hour]), Timestamp((hour + 1) * 3600.0)
        now = both(self._now)
        seen = Quota(self._quota, left, resets_at, Timestamp(self._now))
        self.account.request_made(seen, now=now)
        if self.world.happens("http_503"):
            yield self.account.failed(ask, Failure(FailureReason.SERVER_ERROR), now=now)
        elif isinstance(ask, AskList):
            yield from self.account.listed(self._listing(), now=now)
        else:
            body = json.dumps(self.world.answers(ask.ids)).encode()
            found = decode_registrations(body, asked=ask.ids, answered_at=Timestamp(self._now))
            batch = BatchAnswer(ask.ids, found.answers, contradictions=found.contradictions)
            yield self.account.answered(batch, now=now)

    def _listing(self) -> Listing:
        faults = self.world.faults
        found = [p for p in self.world.listed() if not faults.strikes("list_missing", p.id)]
        found = [] if faults.number("list_missing") == 1 else found
        named = tuple(Extension(ExtensionId(p.id), p.name, p.label) for p in found)
        return Listing(named, complete=True)

    def _take(self, outcome: Outcome) -> None:
        now = Timestamp(self._now)
        for incident in outcome.incidents:
            self.incidents[incident.id] = incident
            self._grouping.take(incident, now=now)
        for message in self._grouping.due(now=now):
            self._grouping.queued(message, now=now)
            if now < BEGINS:
                continue
            news = [i.incident for i in message.items if i.status is ItemStatus.NEW]
            over = [i.incident for i in message.items if i.status is ItemStatus.RESOLVED]
            self.told += [(now - BEGINS, each) for each in news]
            self.over += [(now - BEGINS, each) for each in over]
