"""From an account's settings to what polls it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from regwatch.app.engines.account_engine import Watch
from regwatch.app.exchange import Exchange
from regwatch.app.reporting import Reporting
from regwatch.app.settings.accounts import AccountSettings
from regwatch.app.settled import freeze
from regwatch.app.sources import ENDPOINTS, pbx_of
from regwatch.app.surroundings import Surroundings
from regwatch.core.account import Account
from regwatch.core.bugs import Where
from regwatch.core.expectations import Expectations
from regwatch.core.model import AccountName, Incident, Now
from regwatch.core.monitor import Monitor
from regwatch.core.polling.list_reading import ListRead
from regwatch.core.polling.planner import Planner
from regwatch.core.sites import Sites
from regwatch.guard import Guard
from regwatch.sources.source import OUTCOMES, Connection, RequestMade, Source
from regwatch.watcher.keeper import Keeper
from regwatch.watcher.recorder import Recorder
from regwatch.watcher.watcher import Watcher


@dataclass(frozen=True, slots=True)
class WatchAssembly:
    """Builds as often as it is asked to: each account anew whenever it begins."""

    around: Surroundings
    exchange: Exchange
    reporting: Reporting

    def build(
        self,
        settings: AccountSettings,
        incidents: Sequence[Incident],
        list_read: ListRead | None = None,
    ) -> Watch:
        """A watch that goes on with these incidents, and with a list that was read before; nothing
        is started or opened.
        """
        around, name = self.around, settings.name
        around.instruments.initialize_account(name, ENDPOINTS, OUTCOMES)
        monitor = Monitor(
            name,
            settings.policy,
            Sites(settings.sites),
            expectations=Expectations(settings.expected, settings.particular),
            mutes=around.mutes,
            incidents=incidents,
        )
        planner = Planner(settings.polling)
        account = Account(monitor, planner, settings.selection, list_read=list_read)
        listener = partial(self._request_made, account)
        client = pbx_of(settings.pbx, clock=around.clock, listeners=[listener])
        watcher = Watcher(
            account,
            self._source(client, name),
            self._keeper(monitor),
            clock=around.clock,
            steady=around.steady,
            on_outcome=self.reporting.outcome,
            on_stage=freeze,
            ticking=Guard(
                f"tick {name}",
                Where.WATCH,
                around.bugs,
                on_death=partial(self.exchange.died, name),
            ),
        )
        return Watch(watcher, client)

    def _source(self, client: Connection, name: AccountName) -> Source:
        record = self.around.record
        if record is None:
            return client
        return Recorder(client, name, record, clock=self.around.clock, bugs=self.around.bugs)

    def _keeper(self, monitor: Monitor) -> Keeper:
        around = self.around
        return Keeper(
            monitor,
            around.store.accounts,
            clock=around.clock,
            steady=around.steady,
            on_incidents=self.exchange.publish,
            bugs=around.bugs,
        )

    def _request_made(self, account: Account, request: RequestMade) -> None:
        self.reporting.request_made(account.name, request)
        if not request.is_counted:
            return
        now = Now(self.around.steady(), self.around.clock())
        account.request_made(request.quota, now=now)
