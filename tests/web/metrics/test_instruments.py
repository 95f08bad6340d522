"""Counters and histograms: each event moves its series, and each starts at 0."""

from fakes.web import NOW, instruments

from regwatch.core.model import AccountName, AlertName, ChangeKind
from regwatch.web.metrics.instruments import Instruments

ACME = AccountName("acme")


def value(made: Instruments, name: str, **labels: str) -> float | None:
    return made.registry.get_sample_value(name, labels)


def test_closed_label_sets_start_at_zero() -> None:
    made = instruments()
    made.initialize_account(ACME, ("token", "registrations"), iter(("ok", "timeout")))
    made.initialize_receiver("pager", ("delivered", "retried"))
    for endpoint in ("token", "registrations"):
        for outcome in ("ok", "timeout"):
            labels = {"account": "acme", "endpoint": endpoint, "outcome": outcome}
            assert value(made, "regwatch_api_requests_total", **labels) == 0
        name = "regwatch_api_request_duration_seconds_count"
        assert value(made, name, account="acme", endpoint=endpoint) == 0
    for change in ChangeKind:
        labels = {"account": "acme", "change": change.value}
        assert value(made, "regwatch_registration_changes_total", **labels) == 0
    for alert in AlertName:
        assert value(made, "regwatch_incidents_total", alert=alert.value) == 0
    for where in ("state", "self_watch", "dispatch", "outbox"):
        assert value(made, "regwatch_bugs_total", where=where) == 0
    for outcome in ("delivered", "retried"):
        labels = {"receiver": "pager", "outcome": outcome}
        assert value(made, "regwatch_notifications_total", **labels) == 0
    assert value(made, "regwatch_notification_latency_seconds_count", receiver="pager") == 0
    assert value(made, "regwatch_loss_detection_lag_seconds_count", account="acme") == 0


def test_what_became_of_the_database_is_counted_from_zero_on() -> None:
    made = instruments()
    names = ("regwatch_store_unreadable_rows_total", "regwatch_store_set_aside_total")
    assert [value(made, name) for name in names] == [0, 0]
    made.store_looked_at(unreadable=3, set_aside=1)
    made.store_looked_at(unreadable=0, set_aside=0)
    assert [value(made, name) for name in names] == [3, 1]


def test_a_request_is_counted_and_timed() -> None:
    made = instruments()
    made.request_made(ACME, "registrations", "timeout", 10.5)
    labels = {"account": "acme", "endpoint": "registrations"}
    assert value(made, "regwatch_api_requests_total", **labels, outcome="timeout") == 1
    assert value(made, "regwatch_api_request_duration_seconds_sum", **labels) == 10.5


def test_changes_losses_and_incidents_are_counted() -> None:
    made = instruments()
    made.change_seen(ACME, ChangeKind.EXPIRED)
    made.loss_detected(ACME, 2.5)
    made.incident_fired(AlertName.EXTENSION_LOST)
    labels = {"account": "acme", "change": "expired"}
    assert value(made, "regwatch_registration_changes_total", **labels) == 1
    name = "regwatch_loss_detection_lag_seconds_bucket"
    assert value(made, name, account="acme", le="2.0") == 0
    assert value(made, name, account="acme", le="5.0") == 1
    assert value(made, "regwatch_incidents_total", alert="extension_lost") == 1


def test_only_a_delivery_has_a_latency() -> None:
    made = instruments()
    made.delivery_attempted("pager", "retried", None)
    made.delivery_attempted("pager", "delivered", 4.0)
    assert value(made, "regwatch_notifications_total", receiver="pager", outcome="retried") == 1
    assert value(made, "regwatch_notification_latency_seconds_count", receiver="pager") == 1
    assert value(made, "regwatch_notification_latency_seconds_sum", receiver="pager") == 4


def test_a_failed_reload_keeps_the_time_of_the_last_good_one() -> None:
    made = instruments()
    made.config_reloaded(True, NOW)
    made.config_reloaded(False, NOW + 60)
    assert value(made, "regwatch_config_last_reload_successful") == 0
    assert value(made, "regwatch_config_last_reload_success_timestamp_seconds") == NOW


def test_the_store_is_up_as_long_as_nothing_speaks_against_it() -> None:
    made = instruments()
    for problem in ("", "disk full", ""):
        made.store_turned(problem)
        assert value(made, "regwatch_store_up") == (not problem)
    made.store_written(0.25)
    assert value(made, "regwatch_store_write_duration_seconds_sum") == 0.25


def test_two_daemons_in_a_process_count_apart() -> None:
    one, other = instruments(), instruments()
    one.incident_fired(AlertName.EXTENSION_LOST)
    assert value(other, "regwatch_incidents_total", alert="extension_lost") == 0
