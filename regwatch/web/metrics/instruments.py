"""What is counted as it happens: counters and histograms, on the registry given. What can be read
off the daemon at scrape time is in `collector.py`.
"""

import platform
from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
)

from regwatch import __version__
from regwatch.core.bugs import Where
from regwatch.core.model import AccountName, AlertName, ChangeKind, Timestamp

REQUEST_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# A loss is seen a request slot after its lease ended at best, a sweep of an hour at worst.
LAG_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
LOOP_LAG_SECONDS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5)
WRITE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# A receiver's outage is bridged for up to a day.
LATENCY_SECONDS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400)


class Instruments:
    """The daemon's counters and histograms; one per daemon, never a global registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._add_process(registry)
        self._add_requests(registry)
        self._add_changes(registry)
        self._add_notifications(registry)
        self._add_config(registry)
        self._add_store(registry)

    def _add_process(self, registry: CollectorRegistry) -> None:
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        build = Info(
            "regwatch_build", "The version that runs, and on which Python.", registry=registry
        )
        build.info({"version": __version__, "python": platform.python_version()})
        self._bugs = Counter(
            "regwatch_bugs_total",
            "How often a bug in regwatch was met, by where.",
            ("where",),
            registry=registry,
        )
        for where in Where:
            self._bugs.labels(where.value)
        self.loop_lag = Histogram(
            "regwatch_event_loop_lag_seconds",
            "How much longer than asked for the event loop let wait, looked at twice a second.",
            buckets=LOOP_LAG_SECONDS,
            registry=registry,
        )
        """In seconds."""
        self._clock_steps = Counter(
            "regwatch_clock_steps_total",
            "How often the machine's clock was set by more than a second.",
            registry=registry,
        )

    def _add_requests(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "regwatch_api_requests_total",
            "Requests made to the PBX, by how they ended.",
            ("account", "endpoint", "outcome"),
            registry=registry,
        )
        self._request_seconds = Histogram(
            "regwatch_api_request_duration_seconds",
            "How long requests to the PBX took, failed ones too.",
            ("account", "endpoint"),
            buckets=REQUEST_SECONDS,
            registry=registry,
        )

    def _add_changes(self, registry: CollectorRegistry) -> None:
        self._changes = Counter(
            "regwatch_registration_changes_total",
            "What was seen to happen to registrations and extensions.",
            ("account", "change"),
            registry=registry,
        )
        self._lag = Histogram(
            "regwatch_loss_detection_lag_seconds",
            "From the end of a lost registration's lease to its detection.",
            ("account",),
            buckets=LAG_SECONDS,
            registry=registry,
        )
        self._incidents = Counter(
            "regwatch_incidents_total", "Incidents that fired.", ("alert",), registry=registry
        )
        for alert in AlertName:
            self._incidents.labels(alert.value)

    def _add_notifications(self, registry: CollectorRegistry) -> None:
        self._notifications = Counter(
            "regwatch_notifications_total",
            "Attempts to deliver a notification, by how they ended.",
            ("receiver", "outcome"),
            registry=registry,
        )
        self._latency = Histogram(
            "regwatch_notification_latency_seconds",
            "From the making of a notification to its delivery.",
            ("receiver",),
            buckets=LATENCY_SECONDS,
            registry=registry,
        )

        self._heartbeats = Counter(
            "regwatch_heartbeats_total",
            "Beats of the dead-man's switch, by what became of them.",
            ("outcome",),
            registry=registry,
        )

    def _add_config(self, registry: CollectorRegistry) -> None:
        self._reload_successful = Gauge(
            "regwatch_config_last_reload_successful",
            "Whether the last attempt to load the configuration succeeded.",
            registry=registry,
        )
        self._reload_success_at = Gauge(
            "regwatch_config_last_reload_success_timestamp_seconds",
            "When the configuration was last loaded successfully.",
            registry=registry,
        )

    def _add_store(self, registry: CollectorRegistry) -> None:
        self._store_up = Gauge(
            "regwatch_store_up",
            "Whether what is to survive a restart can be stored.",
            registry=registry,
        )
        self._write_seconds = Histogram(
            "regwatch_store_write_duration_seconds",
            "How long transactions of the store took, failed ones too.",
            buckets=WRITE_SECONDS,
            registry=registry,
        )

        self._store_unreadable = Counter(
            "regwatch_store_unreadable_rows_total",
            "Rows of the database that could not be read any more, and were left out.",
            registry=registry,
        )
        self._store_set_aside = Counter(
            "regwatch_store_set_aside_total",
            "Times that the database was damaged, and another one begun.",
            registry=registry,
        )

    def store_looked_at(self, *, unreadable: int, set_aside: int) -> None:
        """Count what was left out, and which files were set aside, since it was looked at last."""
        self._store_unreadable.inc(unreadable)
        self._store_set_aside.inc(set_aside)

    def store_turned(self, problem: str) -> None:
        """Note why nothing can be stored; empty: all is well again."""
        self._store_up.set(not problem)

    def store_written(self, seconds: float) -> None:
        """Note how long a transaction took."""
        self._write_seconds.observe(seconds)

    def initialize_account(
        self, account: AccountName, endpoints: Iterable[str], outcomes: Iterable[str]
    ) -> None:
        """Make every series of an account exist at 0, so that the first event is an increase."""
        outcomes = tuple(outcomes)
        for endpoint in endpoints:
            self._request_seconds.labels(account, endpoint)
            for outcome in outcomes:
                self._requests.labels(account, endpoint, outcome)
        for change in ChangeKind:
            self._changes.labels(account, change.value)
        self._lag.labels(account)

    def initialize_receiver(self, receiver: str, outcomes: Iterable[str]) -> None:
        """Make every series of a receiver exist at 0."""
        for outcome in outcomes:
            self._notifications.labels(receiver, outcome)
        self._latency.labels(receiver)

    def initialize_heartbeat(self, outcomes: Iterable[str]) -> None:
        """Make every series of the heartbeat exist at 0."""
        for outcome in outcomes:
            self._heartbeats.labels(outcome)

    def heart_beat(self, outcome: str) -> None:
        """Count one beat."""
        self._heartbeats.labels(outcome).inc()

    def bug_met(self, where: Where) -> None:
        """Count one time that a bug was met."""
        self._bugs.labels(where.value).inc()

    def clock_set(self) -> None:
        """Count one step of the machine's clock."""
        self._clock_steps.inc()

    def request_made(
        self, account: AccountName, endpoint: str, outcome: str, duration_seconds: float
    ) -> None:
        """Count one request to the PBX."""
        self._requests.labels(account, endpoint, outcome).inc()
        self._request_seconds.labels(account, endpoint).observe(duration_seconds)

    def change_seen(self, account: AccountName, change: ChangeKind) -> None:
        """Count one change of a registration or an extension."""
        self._changes.labels(account, change.value).inc()

    def loss_detected(self, account: AccountName, lag_seconds: float) -> None:
        """Note how long after its lease's end a loss was seen."""
        self._lag.labels(account).observe(lag_seconds)

    def incident_fired(self, alert: AlertName) -> None:
        """Count one incident that began to fire."""
        self._incidents.labels(alert.value).inc()

    def delivery_attempted(
        self, receiver: str, outcome: str, latency_seconds: float | None
    ) -> None:
        """Count one attempt; `latency_seconds` is None unless this one delivered."""
        self._notifications.labels(receiver, outcome).inc()
        if latency_seconds is not None:
            self._latency.labels(receiver).observe(latency_seconds)

    def config_reloaded(self, success: bool, at: Timestamp) -> None:
        """Note a load of the configuration; the first one at start counts too."""
        self._reload_successful.set(success)
        if success:
            self._reload_success_at.set(at)
