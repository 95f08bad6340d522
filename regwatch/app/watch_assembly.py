"""From an account's settings to what polls it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from regwatch.app.engines.account_engine import Watch
from regwatch.app.exchange import Exchange
from regwatch.app.reporting import Reporting
from regwatch.app.settings.accounts import AccountSettings
from regwatch.app.settled import freeze
from regwatch.app.surroundings import Surroundings
from regwatch.core.expectations import Expectations
from regwatch.core.model import AccountName, FailureReason, Incident
from regwatch.core.monitor import Monitor
from regwatch.core.now import Now
from regwatch.core.polling.pacing import Allowance
from regwatch.core.polling.planner import Planner
from regwatch.core.sites import Sites
from regwatch.sources.ringme.client import Endpoint, PbxClient, RequestMade
from regwatch.watcher.keeper import Keeper
from regwatch.watcher.recorder import Recorder
from regwatch.watcher.watcher import Watcher
from regwatch.web.metrics.instruments import Bug

REQUEST_OUTCOMES = ("success", *(reason.value for reason in FailureReason))


@dataclass(frozen=True, slots=True)
class WatchAssembly:
    """Builds as often as it is asked to: each account anew whenever it begins."""

    around: Surroundings
    exchange: Exchange
    reporting: Reporting

    def build(self, settings: AccountSettings, incidents: Sequence[Incident]) -> Watch:
        """A watch that goes on with these incidents; nothing is started or opened."""
        around, name = self.around, settings.name
        endpoints = [endpoint.value for endpoint in Endpoint]
        around.instruments.initialize_account(name, endpoints, REQUEST_OUTCOMES)
        planner = Planner(settings.polling)
        listener = partial(self._request_made, name, planner)
        client = PbxClient(settings.pbx, clock=around.clock, listeners=[listener])
        monitor = Monitor(
            name,
            settings.policy,
            Sites(settings.sites),
            expectations=Expectations(settings.expected, settings.particular),
            mutes=around.mutes,
            incidents=incidents,
        )
        watcher = Watcher(
            monitor,
            planner,
            self._source(client, name),
            self._keeper(monitor),
            settings.selection,
            clock=around.clock,
            steady=around.steady,
            on_outcome=self.reporting.outcome,
            on_stage=freeze,
        )
        return Watch(watcher, client)

    def _source(self, client: PbxClient, name: AccountName) -> PbxClient | Recorder:
        record = self.around.record
        if record is None:
            return client
        return Recorder(client, name, record, clock=self.around.clock)

    def _keeper(self, monitor: Monitor) -> Keeper:
        around = self.around
        return Keeper(
            monitor,
            around.store,
            clock=around.clock,
            steady=around.steady,
            on_incidents=self.exchange.publish,
            on_bug=partial(around.instruments.bug_met, Bug.STATE),
        )

    def _request_made(self, name: AccountName, planner: Planner, request: RequestMade) -> None:
        self.reporting.request_made(name, request)
        if request.endpoint is Endpoint.TOKEN:  # not counted by the PBX
            return
        now = Now(self.around.steady(), self.around.clock())
        planner.request_made(now=now.steady)
        if request.quota is not None:
            planner.quota_seen(Allowance.of(request.quota, now=now))
