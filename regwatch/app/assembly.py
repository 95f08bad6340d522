"""From a configuration to a whole engine: the composition root."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import aiohttp

from regwatch.app.clients import pbx_settings, selection
from regwatch.app.engine import RESOLVED_SHOWN, Engine, Parts
from regwatch.app.policies import monitor_policy, polling_policy, routes, sites
from regwatch.app.receivers import receiver_settings
from regwatch.app.reporting import Reporting
from regwatch.clock import Clock
from regwatch.config.sections import AccountShape
from regwatch.config.top import Config
from regwatch.core.grouping import Grouping
from regwatch.core.model import AccountName, FailureReason, Incident, Timestamp
from regwatch.core.monitor import Monitor
from regwatch.core.planner import Planner
from regwatch.notify.assembly import build_receiver
from regwatch.notify.deliveries import Outcome
from regwatch.notify.dispatch import Dispatcher
from regwatch.notify.outbox import Outbox
from regwatch.notify.receiver import Receiver
from regwatch.pbx.client import Endpoint, PbxClient, RequestMade
from regwatch.store import Store
from regwatch.watcher.keeper import Keeper
from regwatch.watcher.watcher import Watcher
from regwatch.web.instruments import Instruments

DAY = 86_400.0
REQUEST_OUTCOMES = ("success", *(reason.value for reason in FailureReason))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an engine is built into, and what outlives it."""

    store: Store
    instruments: Instruments
    clock: Clock


class _Late:
    """Stands in for a listener that is not made yet: the parts form a ring."""

    def __init__(self) -> None:
        self.to: Callable[[Sequence[Incident]], None] = lambda _incidents: None

    def __call__(self, incidents: Sequence[Incident]) -> None:
        self.to(incidents)


async def build_engine(config: Config, around: Surroundings) -> Engine:
    """Build everything, start nothing; raises `StoreError`."""
    now = around.clock()
    unsettled = await around.store.unsettled_incidents()
    resolved = await around.store.resolved_incidents(
        since=Timestamp(now - DAY), limit=RESOLVED_SHOWN
    )
    reporting, on_incidents = Reporting(around.instruments), _Late()
    # No cookies: nothing one receiver sets may reach another.
    session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    receivers = _receivers(config, session, around)
    outbox = Outbox(receivers, around.store, clock=around.clock, listeners=[reporting.delivery])
    grouping = Grouping(
        routes(config.routes), incidents=unsettled, notified=await around.store.notified()
    )
    dispatcher = Dispatcher(grouping, around.store, wake=outbox.wake, clock=around.clock)
    builder = _AccountBuilder(config, around, reporting, on_incidents, unsettled)
    accounts = [builder.build(account) for account in config.accounts]
    parts = Parts(
        watchers=[watcher for watcher, _ in accounts],
        clients=[client for _, client in accounts],
        session=session,
        receivers=receivers,
        grouping=grouping,
        dispatcher=dispatcher,
        outbox=outbox,
    )
    engine = Engine(parts, around.store, clock=around.clock, resolved=resolved)
    on_incidents.to = engine.note
    return engine


def _receivers(
    config: Config, session: aiohttp.ClientSession, around: Surroundings
) -> list[Receiver]:
    receivers = []
    for shape in config.receivers:
        settings = receiver_settings(config, shape)
        receivers.append(
            build_receiver(shape.name, settings, session, clock=around.clock, memo=around.store)
        )
        around.instruments.initialize_receiver(shape.name, [each.value for each in Outcome])
    return receivers


@dataclass(frozen=True, slots=True)
class _AccountBuilder:
    config: Config
    around: Surroundings
    reporting: Reporting
    on_incidents: _Late
    unsettled: Sequence[Incident]

    def build(self, account: AccountShape) -> tuple[Watcher, PbxClient]:
        name, clock = AccountName(account.name), self.around.clock
        endpoints = [endpoint.value for endpoint in Endpoint]
        self.around.instruments.initialize_account(name, endpoints, REQUEST_OUTCOMES)
        planner = Planner(polling_policy(account))
        client = PbxClient(
            pbx_settings(self.config, account),
            clock=clock,
            listeners=[partial(self._request_made, name, planner)],
        )
        monitor = Monitor(
            name,
            monitor_policy(self.config, account),
            sites(self.config.sites),
            incidents=[i for i in self.unsettled if i.account == name and i.resolved_at is None],
        )
        watcher = Watcher(
            monitor,
            planner,
            client,
            Keeper(monitor, self.around.store, clock=clock, on_incidents=self.on_incidents),
            selection(account),
            clock=clock,
            on_outcome=self.reporting.outcome,
        )
        return watcher, client

    def _request_made(self, name: AccountName, planner: Planner, request: RequestMade) -> None:
        self.reporting.request_made(name, request)
        if request.endpoint is Endpoint.TOKEN:  # not counted by the PBX
            return
        planner.request_made(now=self.around.clock())
        if request.quota is not None:
            planner.quota_seen(request.quota)
