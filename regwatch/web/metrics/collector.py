"""What can be read off the daemon when Prometheus asks: made at scrape, so that what is
gone leaves no series behind.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from regwatch.core.bugs import Where
from regwatch.core.model import AlertName, ExtensionState, IncidentState, Severity
from regwatch.guard import Bugs
from regwatch.web.views import AccountView, DaemonView

OfAccounts = Callable[[Sequence[AccountView]], Iterator[Metric]]


class StateCollector(Collector):
    """The state gauges of all accounts, incidents and receivers."""

    def __init__(self, view: DaemonView, bugs: Bugs) -> None:
        self._view = view
        self._bugs = bugs

    def collect(self) -> Iterator[Metric]:
        """The families in their order; a value not known yet is left out, never guessed. So is a
        family that a bug keeps from being made.
        """
        for make in OF_ACCOUNTS:
            yield from self._made(make.__name__, partial(self._of_accounts, make))
        yield from self._made("_incidents", self._incidents)
        yield from self._made("_outbox", self._outbox)

    def _of_accounts(self, make: OfAccounts) -> Iterator[Metric]:
        return make(self._view.accounts())

    def _made(self, name: str, make: Callable[[], Iterable[Metric]]) -> Sequence[Metric]:
        try:
            return tuple(make())
        except Exception as error:  # noqa: BLE001 - a guard: the other families are told
            what = name.strip("_").replace("_", " ")
            self._bugs.met("metric_left_out", Where.METRICS, what, error, family=what)
            return ()

    def _incidents(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "regwatch_incidents_firing", "Incidents that fire now.", labels=("alert", "severity")
        )
        firing = Counter(
            (i.alert, i.severity) for i in self._view.incidents() if i.state is IncidentState.FIRING
        )
        for alert in AlertName:
            for severity in Severity:
                family.add_metric((alert.value, severity.value), firing[alert, severity])
        yield family

    def _outbox(self) -> Iterator[Metric]:
        pending = GaugeMetricFamily(
            "regwatch_outbox_pending", "Notifications that wait for delivery.", labels=("receiver",)
        )
        oldest = GaugeMetricFamily(
            "regwatch_outbox_oldest_timestamp_seconds",
            "When the oldest waiting notification was made; absent if none waits.",
            labels=("receiver",),
        )
        for receiver, (count, oldest_at) in self._view.outbox_backlog().items():
            pending.add_metric((receiver,), count)
            if oldest_at is not None:
                oldest.add_metric((receiver,), oldest_at)
        yield pending
        yield oldest


def _by_account(name: str, documentation: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, labels=("account",))


def _api_up(accounts: Sequence[AccountView]) -> Iterator[Metric]:
    family = _by_account("regwatch_api_up", "Whether the last request to the PBX succeeded.")
    for account in accounts:
        if account.api_up is not None:
            family.add_metric((account.name,), account.api_up)
    yield family


def _quotas(accounts: Sequence[AccountView]) -> Iterator[Metric]:
    limit = _by_account("regwatch_api_quota_limit", "Requests allowed in a window of the PBX.")
    remaining = _by_account("regwatch_api_quota_remaining", "Requests left in this window.")
    resets = _by_account(
        "regwatch_api_quota_reset_timestamp_seconds", "When the quota is counted anew."
    )
    for account in accounts:
        if (quota := account.quota) is not None:
            limit.add_metric((account.name,), quota.limit)
            remaining.add_metric((account.name,), quota.remaining)
            resets.add_metric((account.name,), quota.resets_at)
    yield from (limit, remaining, resets)


def _extensions(accounts: Sequence[AccountView]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "regwatch_extensions",
        "Extensions watched, by what is known of them.",
        labels=("account", "site", "state"),
    )
    for account in accounts:
        counts = account.counts()
        for site in account.sites:
            for state in ExtensionState:
                family.add_metric((account.name, site, state.value), counts.get((site, state), 0))
    yield family


def _registrations(accounts: Sequence[AccountView]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "regwatch_registrations", "Active registrations.", labels=("account", "site")
    )
    for account in accounts:
        counts = account.registration_counts()
        for site in account.sites:
            family.add_metric((account.name, site), counts.get(site, 0))
    yield family


def _oldest_answers(accounts: Sequence[AccountView]) -> Iterator[Metric]:
    family = _by_account(
        "regwatch_oldest_answer_timestamp_seconds",
        "When the extension unasked longest was last answered.",
    )
    for account in accounts:
        if account.oldest_answer_at is not None:
            family.add_metric((account.name,), account.oldest_answer_at)
    yield family


def _sweeps(accounts: Sequence[AccountView]) -> Iterator[Metric]:
    family = _by_account(
        "regwatch_sweep_seconds",
        "How long asking for every extension takes at the pace that the quota allows.",
    )
    for account in accounts:
        family.add_metric((account.name,), account.sweep_seconds)
    yield family


def _ids_asked(accounts: Sequence[AccountView]) -> Iterator[Metric]:
    family = CounterMetricFamily(
        "regwatch_api_ids_asked",
        "Extensions asked for, by what for: in turn, or since an answer was to tell something.",
        labels=("account", "purpose"),
    )
    for account in accounts:
        for purpose, count in account.ids_asked.items():
            family.add_metric((account.name, purpose.value), count)
    yield family


def _warnings(accounts: Sequence[AccountView]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "regwatch_refresh_warnings",
        "The last twenty warnings of a missing refresh, by what became of them.",
        labels=("account", "outcome"),
    )
    for account in accounts:
        found = account.warnings
        family.add_metric((account.name, "came_true"), found.came_true)
        family.add_metric((account.name, "taken_back"), found.taken_back)
    yield family


OF_ACCOUNTS = (
    _api_up,
    _quotas,
    _ids_asked,
    _extensions,
    _registrations,
    _oldest_answers,
    _sweeps,
    _warnings,
)
