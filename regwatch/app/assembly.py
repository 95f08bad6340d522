"""From a configuration to a whole engine: the composition root."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from regwatch.app.engine import RESOLVED_SHOWN, Engine, Parts
from regwatch.app.heart import Heart
from regwatch.app.reporting import Reporting
from regwatch.app.self_watch import SelfWatch
from regwatch.app.settings.clients import pbx_settings, selection
from regwatch.app.settings.policies import (
    alert_policies,
    expectations,
    maintenance,
    monitor_policy,
    polling_policy,
    routes,
    sites,
)
from regwatch.app.settings.receivers import receiver_settings
from regwatch.app.settled import freeze
from regwatch.app.sources import ENDPOINTS, pbx_of
from regwatch.clock import Clock, SteadyClock
from regwatch.config.label_checks import known_labels
from regwatch.config.sections import AccountShape, HeartbeatShape
from regwatch.config.top import Config
from regwatch.core.account import Account
from regwatch.core.alerts.conditions import NO_ACCOUNT
from regwatch.core.alerts.mutes import Mutes
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.model import AccountName, Incident, Timestamp
from regwatch.core.monitor import Monitor
from regwatch.core.now import Now
from regwatch.core.polling.planner import Planner
from regwatch.core.watches.receiver_watch import ReceiverWatch
from regwatch.notify.delivery.deliveries import Delivery
from regwatch.notify.delivery.dispatch import Dispatcher
from regwatch.notify.delivery.outbox import Outbox
from regwatch.notify.heartbeat import Beat, Heartbeat, HeartbeatSettings
from regwatch.notify.receiver import Receiver
from regwatch.notify.receivers.build import build_receiver
from regwatch.shapes.values import revealed
from regwatch.sources.source import OUTCOMES, Connection, RequestMade
from regwatch.store import Store
from regwatch.watcher.keeper import Keeper
from regwatch.watcher.recorder import Recorder
from regwatch.watcher.watcher import Watcher
from regwatch.web.metrics.instruments import Bug, Instruments

DAY = 86_400.0
WATCHDOG_SECONDS = 60.0
"""How old a whole poll may be for `RegwatchWatchdog`, where no heartbeat says otherwise."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an engine is built into, and what outlives it."""

    store: Store
    instruments: Instruments
    clock: Clock
    steady: SteadyClock
    record: Path | None = None
    """A file that keeps the PBX's answers."""


class _Late:
    """Stands in for a listener that is not made yet: the parts form a ring."""

    def __init__(self) -> None:
        self.to: Callable[[Sequence[Incident]], None] = lambda _incidents: None

    def __call__(self, incidents: Sequence[Incident]) -> None:
        self.to(incidents)


async def build_engine(config: Config, around: Surroundings) -> Engine:
    """Build everything, start nothing; raises `StoreError` or `SourceError`."""
    # No cookies: nothing one receiver sets may reach another.
    session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    try:
        engine = await _build(config, session, around)
        engine.prepare()
    except BaseException:
        await session.close()
        raise
    return engine


async def _build(config: Config, session: aiohttp.ClientSession, around: Surroundings) -> Engine:
    now = around.clock()
    unsettled = await around.store.incidents.unsettled()
    resolved = await around.store.incidents.resolved(
        since=Timestamp(now - DAY), limit=RESOLVED_SHOWN
    )
    reporting, on_incidents = Reporting(around.instruments), _Late()
    receivers = _receivers(config, session, around)
    mutes = Mutes(maintenance(config), await around.store.operations.silences())
    self_watch = _self_watch(config, around, mutes, reporting, on_incidents, unsettled)
    outbox = Outbox(
        receivers,
        around.store.outbox,
        clock=around.clock,
        steady=around.steady,
        listeners=[reporting.delivery, self_watch.delivery],
        fallbacks={r.name: r.fallback for r in config.receivers if r.fallback is not None},
    )
    grouping = Grouping(
        routes(config.routes),
        incidents=unsettled,
        notified=await around.store.outbox.notified(),
        now=now,
    )
    dispatcher = Dispatcher(
        grouping,
        around.store.outbox,
        wake=outbox.wake,
        clock=around.clock,
        steady=around.steady,
        on_bug=partial(around.instruments.bug_met, Bug.DISPATCH),
    )
    builder = _AccountBuilder(config, around, reporting, on_incidents, mutes, unsettled)
    accounts = [builder.build(account) for account in config.accounts]
    watchers = [watcher for watcher, _ in accounts]
    shape = config.heartbeat
    every = shape.every if shape is not None else WATCHDOG_SECONDS
    heart = Heart(watchers, every=every, clock=around.clock, steady=around.steady)
    parts = Parts(
        watchers=watchers,
        clients=[client for _, client in accounts],
        session=session,
        receivers=receivers,
        grouping=grouping,
        dispatcher=dispatcher,
        outbox=outbox,
        mutes=mutes,
        known_labels=known_labels(config),
        self_watch=self_watch,
        heart=heart,
        heartbeat=_heartbeat(shape, session, heart, around) if shape is not None else None,
    )
    engine = Engine(
        parts, around.store, clock=around.clock, steady=around.steady, resolved=resolved
    )
    on_incidents.to = engine.publish
    return engine


def _receivers(
    config: Config, session: aiohttp.ClientSession, around: Surroundings
) -> list[Receiver]:
    receivers = []
    for shape in config.receivers:
        settings = receiver_settings(config, shape)
        receivers.append(
            build_receiver(
                shape.name, settings, session, clock=around.clock, memo=around.store.memos
            )
        )
        around.instruments.initialize_receiver(shape.name, [each.value for each in Delivery])
    return receivers


def _heartbeat(
    shape: HeartbeatShape, session: aiohttp.ClientSession, heart: Heart, around: Surroundings
) -> Heartbeat:
    around.instruments.initialize_heartbeat([each.value for each in Beat])
    return Heartbeat(
        HeartbeatSettings(revealed(shape.url), shape.every),
        session,
        clock=around.clock,
        problem=heart.problem,
        on_beat=lambda beat: around.instruments.heart_beat(beat.value),
    )


def _self_watch(
    config: Config,
    around: Surroundings,
    mutes: Mutes,
    reporting: Reporting,
    on_incidents: Callable[[Sequence[Incident]], None],
    unsettled: Sequence[Incident],
) -> SelfWatch:
    rules = AlertRules(Rules(alert_policies(config.alerts), config.recover_after))
    incidents = OpenIncidents(
        NO_ACCOUNT, rules, mutes=mutes, incidents=_open_of(NO_ACCOUNT, unsettled)
    )
    fallbacks = {receiver.name: receiver.fallback or "" for receiver in config.receivers}
    return SelfWatch(
        ReceiverWatch(incidents, fallbacks),
        around.store.accounts,
        clock=around.clock,
        on_outcome=partial(reporting.outcome, NO_ACCOUNT),
        on_incidents=on_incidents,
        on_bug=partial(around.instruments.bug_met, Bug.SELF_WATCH),
    )


def _open_of(account: AccountName, unsettled: Sequence[Incident]) -> list[Incident]:
    return [i for i in unsettled if i.account == account and i.resolved_at is None]


@dataclass(frozen=True, slots=True)
class _AccountBuilder:
    config: Config
    around: Surroundings
    reporting: Reporting
    on_incidents: _Late
    mutes: Mutes
    unsettled: Sequence[Incident]

    def build(self, account: AccountShape) -> tuple[Watcher, Connection]:
        name, clock, steady = AccountName(account.name), self.around.clock, self.around.steady
        self.around.instruments.initialize_account(name, ENDPOINTS, OUTCOMES)
        monitor = Monitor(
            name,
            monitor_policy(self.config, account),
            sites(self.config.sites),
            expectations=expectations(self.config, account),
            mutes=self.mutes,
            incidents=_open_of(name, self.unsettled),
        )
        watched = Account(monitor, Planner(polling_policy(account)), selection(account))
        client = pbx_of(
            pbx_settings(self.config, account),
            clock=clock,
            listeners=[partial(self._request_made, watched)],
        )
        record = self.around.record
        watcher = Watcher(
            watched,
            client if record is None else Recorder(client, name, record, clock=clock),
            Keeper(
                monitor,
                self.around.store.accounts,
                clock=clock,
                steady=steady,
                on_incidents=self.on_incidents,
                on_bug=partial(self.around.instruments.bug_met, Bug.STATE),
            ),
            clock=clock,
            steady=steady,
            on_outcome=self.reporting.outcome,
            on_stage=freeze,
        )
        return watcher, client

    def _request_made(self, account: Account, request: RequestMade) -> None:
        self.reporting.request_made(account.name, request)
        if not request.is_counted:
            return
        now = Now(self.around.steady(), self.around.clock())
        account.request_made(request.quota, now=now)
