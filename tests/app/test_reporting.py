"""What is logged and counted of each step."""

from typing import Any

import pytest
from fakes.notifications import all_new, api_unavailable, lost, resolved
from fakes.values import ACME, at, registration
from msgspec import structs
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from regwatch.app.reporting import Reporting
from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.model import AlertName, ChangeKind, ExtensionId, Incident
from regwatch.core.outcome import Outcome
from regwatch.core.phones.diff import Change
from regwatch.core.phones.memory import Loss
from regwatch.guard import Bugs
from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt
from regwatch.web.metrics.instruments import Instruments


class Scene:
    def __init__(self) -> None:
        self.instruments = Instruments(CollectorRegistry())
        bugs = Bugs(count=self.instruments.bug_met)
        self.reporting = Reporting(self.instruments, bugs)

    def count(self, name: str, **labels: str) -> float | None:
        return self.instruments.registry.get_sample_value(name, labels)

    def logged(self, outcome: Outcome) -> list[Any]:
        with capture_logs() as logs:
            self.reporting.outcome(ACME, outcome)
        return logs


def of_alert(alert: AlertName) -> Incident:
    return structs.replace(api_unavailable(), alert=alert)


@pytest.mark.parametrize(
    ("incident", "decision", "level", "event"),
    [
        pytest.param(lost(), Decision.FIRED, "info", "incident_fired", id="a phone is lost"),
        pytest.param(lost(), Decision.ESCALATED, "info", "incident_fired", id="it got worse"),
        pytest.param(lost(), Decision.ALTERED, "info", "incident_fired", id="it is another one"),
        pytest.param(lost(), Decision.HELD_DOWN, "debug", "incident_changed", id="it may pass"),
        pytest.param(
            resolved(lost()), Decision.RESOLVED, "info", "incident_resolved", id="it is over"
        ),
        pytest.param(
            of_alert(AlertName.API_UNAVAILABLE),
            Decision.FIRED,
            "warning",
            "incident_fired",
            id="the source is gone",
        ),
        pytest.param(
            of_alert(AlertName.CREDENTIALS_REFUSED),
            Decision.FIRED,
            "error",
            "incident_fired",
            id="a person is needed",
        ),
    ],
)
def test_a_step_is_logged_as_what_it_is(
    incident: Incident, decision: Decision, level: str, event: str
) -> None:
    (line,) = Scene().logged(Outcome(steps=[Step(incident, decision)]))
    assert (line["log_level"], line["event"], line["decision"]) == (level, event, decision.value)
    assert line["incident"] == incident.id


def test_only_what_fires_is_counted_as_fired() -> None:
    it = Scene()
    steps = [Step(lost(), d) for d in (Decision.FIRED, Decision.HELD_DOWN, Decision.RESOLVED)]
    it.logged(Outcome(steps=[*steps, Step(None, Decision.DROPPED)]))
    assert it.count("regwatch_incidents_total", alert="extension_lost") == 1


def test_a_refresh_is_counted_and_not_logged() -> None:
    it = Scene()
    kinds = (ChangeKind.REFRESHED, ChangeKind.UNREGISTERED)
    changes = [Change(kind, ExtensionId(7), at(5)) for kind in kinds]
    (line,) = it.logged(Outcome(changes=changes))
    assert line["change"] == "unregistered"
    for kind in kinds:
        found = it.count("regwatch_registration_changes_total", account="acme", change=kind.value)
        assert found == 1


def test_how_late_a_loss_was_seen_is_counted_where_its_lease_is_known() -> None:
    it = Scene()
    known = Loss(registration(ends=60), "expired", last_seen_at=at(0), detected_at=at(70))
    unknown = structs.replace(known, reason="unregistered")
    it.logged(Outcome(losses=[known, unknown]))
    name = "regwatch_loss_detection_lag_seconds"
    assert it.count(f"{name}_count", account="acme") == 1
    assert it.count(f"{name}_sum", account="acme") == 10


def test_a_delivery_is_counted_and_a_lost_one_is_a_bug() -> None:
    it = Scene()
    message = all_new([lost()], receiver="pager")
    taken = DeliveryAttempt("pager", message, Delivery.DELIVERED, 1, at(5), latency_seconds=2.0)
    gone = DeliveryAttempt("pager", message, Delivery.GIVEN_UP, 1, at(5), is_unstorable=True)
    it.reporting.delivery(taken)
    it.reporting.delivery(gone)
    for outcome in ("delivered", "given_up"):
        name = "regwatch_notifications_total"
        assert it.count(name, receiver="pager", outcome=outcome) == 1
    assert it.count("regwatch_notification_latency_seconds_sum", receiver="pager") == 2.0
    assert it.count("regwatch_bugs_total", where="outbox") == 1
