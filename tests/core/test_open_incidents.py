from fakes.values import ACME, EVERY_ALERT, at

from regwatch.core.conditions import Condition
from regwatch.core.incidents import AlertPolicy, Decision
from regwatch.core.model import AlertName, ExtensionId, Facts, Incident, IncidentState, Severity
from regwatch.core.open_incidents import OpenIncidents

HELD = EVERY_ALERT | {AlertName.EXTENSION_LOST: AlertPolicy(Severity.CRITICAL, hold_for=60.0)}


def lost(number: int = 3, since: float = 0) -> Condition:
    return Condition(
        alert=AlertName.EXTENSION_LOST,
        subject=f"extension:{number}",
        since=at(since),
        summary="lost",
        explanation="",
        facts=Facts(account=ACME, extension_id=ExtensionId(number), site="riga"),
    )


def opened(
    policies: object = HELD, recover_after: float = 0.0, incidents: tuple[Incident, ...] = ()
) -> OpenIncidents:
    labels = {"riga": {"team": "ops"}}
    return OpenIncidents(ACME, policies, recover_after, labels, incidents)  # type: ignore[arg-type]


def test_an_incident_carries_the_labels_of_its_site() -> None:
    step = opened().apply("extension:3", lost(), now=at(0))
    assert step.incident is not None
    assert step.incident.labels["team"] == "ops"


def test_time_alone_makes_it_fire() -> None:
    incidents = opened()
    incidents.apply("extension:3", lost(), now=at(0))
    assert incidents.next_wake() == at(60)
    assert list(incidents.wake(now=at(59), blind=False)) == []
    (step,) = incidents.wake(now=at(60), blind=False)
    assert step.decision is Decision.FIRED
    assert incidents.next_wake() is None


def test_while_blind_time_concludes_nothing_of_extensions() -> None:
    incidents = opened()
    incidents.apply("extension:3", lost(), now=at(0))
    assert list(incidents.wake(now=at(60), blind=True)) == []
    assert incidents.apply("extension:3", lost(), now=at(61)).decision is Decision.FIRED


def test_while_blind_the_api_own_alert_does_fire() -> None:
    incidents = opened()
    condition = Condition(
        alert=AlertName.API_UNAVAILABLE,
        subject="api",
        since=at(0),
        summary="",
        explanation="",
        facts=Facts(account=ACME),
    )
    incidents.apply("api", condition, now=at(0))
    (step,) = incidents.wake(now=at(120), blind=True)
    assert step.decision is Decision.FIRED


def test_time_alone_ends_a_recovery() -> None:
    incidents = opened(EVERY_ALERT, recover_after=30.0)
    incidents.apply("extension:3", lost(), now=at(0))
    incidents.apply("extension:3", None, now=at(10))
    (step,) = incidents.wake(now=at(40), blind=False)
    assert step.decision is Decision.RESOLVED
    assert list(incidents) == []
    assert incidents.of_extension(ExtensionId(3)) == ()


def test_a_timer_of_what_has_ended_is_of_no_consequence() -> None:
    incidents = opened()
    incidents.apply("extension:3", lost(), now=at(0))
    incidents.apply("extension:3", None, now=at(10))
    incidents.apply("extension:3", lost(since=50), now=at(50))
    assert list(incidents.wake(now=at(60), blind=False)) == []
    assert [s.decision for s in incidents.wake(now=at(110), blind=False)] == [Decision.FIRED]


def test_after_a_restart_only_a_fresh_answer_takes_an_incident_further() -> None:
    first = opened()
    pending = first.apply("extension:3", lost(), now=at(0)).incident
    assert pending is not None
    again = opened(incidents=(pending,))
    assert again.get("extension:3") == pending
    assert again.next_wake() is None
    step = again.apply("extension:3", lost(), now=at(100))
    assert step.decision is Decision.FIRED
    assert step.incident is not None
    assert (step.incident.id, step.incident.state) == (pending.id, IncidentState.FIRING)


def test_open_incidents_are_found_by_extension() -> None:
    incidents = opened(EVERY_ALERT)
    for number in (3, 4):
        incidents.apply(f"extension:{number}", lost(number), now=at(0))
    assert [i.subject for i in incidents.of_extension(ExtensionId(3))] == ["extension:3"]
    assert incidents.of_extension(ExtensionId(9)) == ()
