"""A simulated life, watched in virtual time by the real account and grouping, as the default
configuration makes them. What was told is kept, for a judge who knows what truly happened.

Imports nothing that is newer than the rules which are judged by it, so that it can be laid over an
older regwatch: `make reliability-before`.
"""

import gc
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from bench.life.truth import Census, census
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
    Notification,
    Quota,
    Timestamp,
)
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome
from regwatch.core.polling.planner import Ask, Planner
from regwatch.core.polling.selection import Discovery, Selection
from regwatch.core.steps import AskList, Failure, Tell
from regwatch.simulator.life import Happening, Living
from regwatch.simulator.rates import Rates
from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.world import World
from regwatch.sources.ringme.wire import decode_registrations

DAY, HOUR = 86_400.0, 3600.0
MIDNIGHT = 1_800_230_400.0
"""Before a Monday, UTC."""
NOON = MIDNIGHT + 14 * HOUR
"""When most lives begin: everybody is at work, and has been seen to be."""
WARM_UP = 4 * HOUR
"""In which habits are learned; what is told then does not count."""
LATENCY, TICK, MOMENT = 0.2, 5.0, 0.001
DISCOVERY = Discovery("phone", "active", 900.0)
CONFIG = """\
accounts: [{url: "https://pbx.example.com", access_token: t0ken, name: acme}]
receivers: [{name: chat, webhook: {url: "https://chat.example.com"}}]
routes:
  - {match: {severity: critical}, receivers: [chat]}
  - {receivers: [chat]}
"""


@dataclass(frozen=True)
class Saying:
    """An incident was told as new."""

    at: float
    incident: Incident
    """As it was then."""
    census: Census | None = None
    """Of the place that it is about: how it truly was then."""

    @property
    def alert(self) -> AlertName:
        return self.incident.alert

    @property
    def who(self) -> ExtensionId | None:
        return self.incident.facts.extension_id


@dataclass
class Told:
    """What a life made of messages, beside what truly happened."""

    begins: float
    ends: float = 0.0
    messages: list[Notification] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    """All there were, as they were last; also those of which nobody was told."""
    covers: dict[IncidentId, set[IncidentId]] = field(default_factory=lambda: defaultdict(set))
    """Of an incident: those that spoke for it meanwhile."""
    truth: Sequence[Happening] = ()
    doubled: frozenset[int] = frozenset()
    """Extensions with two devices."""
    never: frozenset[int] = frozenset()
    """Those on which no phone ever registers."""

    def news(self) -> Iterator[Saying]:
        """What was told as new since the life began."""
        return (each for each in self.sayings if each.at >= self.begins)

    def counts(self) -> Mapping[str, int]:
        """How many incidents were told, by alert."""
        return dict(sorted(Counter(each.alert.value for each in self.news()).items()))

    def by_severity(self) -> Counter[str]:
        """How many messages, by the worst that is in them."""
        return Counter(message.severity.value for message in self.messages)


class Scripted(World):
    """A PBX to which only this happens."""

    def __init__(
        self, settings: SimulatorSettings, script: Sequence[Happening], *, begins: float
    ) -> None:
        self._script = script
        super().__init__(settings, clock=lambda: begins)

    def _begun_life(self) -> Living:
        def plan(since: float, before: float) -> Sequence[Happening]:
            return [each for each in self._script if since <= each.at < before]

        seed, begins = self.settings.seed, self.began_at
        return Living(self.registrar, self.faults, plan, seed=seed, begins=begins)


class Life:
    """One account, watched for some days."""

    def __init__(
        self,
        rates: Rates,
        *,
        phones: int = 500,
        seed: int = 1,
        quota: int = 1000,
        begins: float = NOON,
        warm_up: float = WARM_UP,
        leases: str = "mixed",
        site_size: int = 40,
        faults: Mapping[str, object] | None = None,
        script: Sequence[Happening] | None = None,
    ) -> None:
        """`script`: what happens in place of what the rates say."""
        settings = SimulatorSettings(
            extensions=phones,
            seed=seed,
            rates=rates,
            leases=leases,
            site_size=site_size,
            faults=faults or {},
        )
        self._now = begins - warm_up
        if script is None:
            self.world = World(settings, clock=lambda: self._now)
        else:
            self.world = Scripted(settings, script, begins=self._now)
            self.world.real_now = lambda: self._now
        self.told = Told(begins)
        self._quota = quota
        self._used = Counter[int]()
        self._tick_at = self._now
        self._begin()

    def _begin(self) -> None:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "regwatch.yml"
            file.write_text(CONFIG)
            config = load_config(file, environ={})
        account = config.accounts[0]
        monitor = Monitor(account.name, monitor_policy(config, account), sites(config.sites))
        planner = Planner(polling_policy(account))
        self.account = Account(monitor, planner, Selection(discovery=DISCOVERY))
        self.grouping = Grouping(routes(config))
        phones = self.world.registrar.phones.values()
        self.told.doubled = frozenset(p.id for p in phones if len(p.bindings) > 1)
        self.told.never = frozenset(p.id for p in phones if p.never)

    def live(self, days: float) -> Told:
        """So long, after the warm-up."""
        end = self.told.begins + days * DAY
        gc.freeze()
        while self._now < end:
            self._step()
            if self._now >= self._tick_at:
                self._tick_at = self._now + TICK
                self._take(self.account.tick(now=both(self._now)))
        self.told.ends = end
        self.told.truth = self.world.happened()
        return self.told

    # --- what is asked -------------------------------------------------------------------------

    def _step(self) -> None:
        step = self.account.next(now=both(self._now))
        if isinstance(step, Tell):
            self._take(step.outcome)
        elif isinstance(step, AskList):
            self._list(step)
        elif isinstance(step, Ask):
            self._ask(step)
        else:
            until = self._tick_at if step.until is None else min(step.until, self._tick_at)
            self._now = max(self._now + MOMENT, until)

    def _is_answered(self) -> bool:
        """One request, which counts in any case."""
        self._now += LATENCY
        hour = int(self._now // HOUR)
        self._used[hour] += 1
        left = max(0, self._quota - self._used[hour])
        seen = Quota(self._quota, left, Timestamp((hour + 1) * HOUR), Timestamp(self._now))
        self.world.now()
        self.account.request_made(seen, now=both(self._now))
        return self._used[hour] <= self._quota and not self.world.happens("http_503")

    def _fail(self, ask: Ask | AskList) -> None:
        failed = Failure(FailureReason.SERVER_ERROR)
        self._take(self.account.failed(ask, failed, now=both(self._now)))

    def _list(self, ask: AskList) -> None:
        if not self._is_answered():
            self._fail(ask)
            return
        faults, share = self.world.faults, self.world.faults.number("list_missing")
        found = [p for p in self.world.listed() if not faults.strikes("list_missing", p.id)]
        named = tuple(Extension(ExtensionId(p.id), p.name, p.label) for p in found if share < 1)
        for outcome in self.account.listed(Listing(named, complete=True), now=both(self._now)):
            self._take(outcome)

    def _ask(self, ask: Ask) -> None:
        if not self._is_answered():
            self._fail(ask)
            return
        body = msgspec.json.encode(self.world.answers(ask.ids))
        found = decode_registrations(body, asked=ask.ids, answered_at=Timestamp(self._now))
        batch = BatchAnswer(ask.ids, found.answers, contradictions=found.contradictions)
        self._take(self.account.answered(batch, now=both(self._now)))

    # --- what is told --------------------------------------------------------------------------

    def _take(self, outcome: Outcome) -> None:
        now = Timestamp(self._now)
        for incident in outcome.incidents:
            self.told.incidents[incident.id] = incident
            if incident.inhibited_by is not None:
                self.told.covers[incident.id].add(incident.inhibited_by)
            self.grouping.take(incident, now=now)
        for message in self.grouping.due(now=now):
            self.grouping.queued(message, now=now)
            self._note(message)

    def _note(self, message: Notification) -> None:
        if message.created_at >= self.told.begins:
            self.told.messages.append(message)
        for item in message.items:
            if item.status is ItemStatus.NEW:
                place = item.incident.facts.place
                seen = census(self.world.registrar, place, self._now) if place else None
                self.told.sayings.append(Saying(message.created_at, item.incident, seen))
