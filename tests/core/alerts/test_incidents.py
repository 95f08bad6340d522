from fakes.values import ACME, EVERY_ALERT, at
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch.core.alerts.conditions import Condition
from regwatch.core.alerts.incidents import (
    AlertPolicies,
    AlertPolicy,
    Decision,
    Step,
    advance,
    due_at,
    of_the_past,
)
from regwatch.core.model import (
    AlertName,
    Facts,
    Incident,
    IncidentState,
    Severity,
    Timestamp,
)

HELD = {AlertName.EXTENSION_LOST: AlertPolicy(Severity.CRITICAL, hold_for=60.0)}
BOTH = {
    AlertName.REFRESH_OVERDUE: AlertPolicy(Severity.WARNING),
    AlertName.EXTENSION_LOST: AlertPolicy(Severity.CRITICAL),
}


def condition(
    alert: AlertName = AlertName.EXTENSION_LOST, since: float = 0, summary: str = "lost"
) -> Condition:
    return Condition(
        alert=alert,
        subject="extension:3",
        since=at(since),
        summary=summary,
        explanation="",
        facts=Facts(account=ACME),
    )


def step(
    incident: Incident | None,
    holds: Condition | None,
    when: float,
    policies: AlertPolicies = EVERY_ALERT,
    recover_after: float = 0.0,
) -> Step:
    return advance(
        incident, holds, policies, account=ACME, recover_after=recover_after, now=at(when)
    )


def fired(when: float = 0) -> Incident:
    incident = step(None, condition(since=when), when).incident
    assert incident is not None
    return incident


def state(result: Step) -> IncidentState | None:
    return result.incident.state if result.incident else None


def test_without_condition_nothing_begins() -> None:
    assert step(None, None, 0) == Step(None, Decision.NOTHING)


def test_it_fires_at_once_without_a_delay() -> None:
    result = step(None, condition(), 5)
    assert result.decision is Decision.FIRED
    assert result.incident is not None
    assert (result.incident.started_at, result.incident.fired_at) == (at(0), at(5))


def test_it_is_held_down_until_its_delay_is_over() -> None:
    first = step(None, condition(), 1, HELD)
    assert (first.decision, state(first)) == (Decision.FIRST_SEEN, IncidentState.PENDING)
    second = step(first.incident, condition(), 59, HELD)
    assert second == Step(first.incident, Decision.HELD_DOWN)
    third = step(second.incident, condition(), 60, HELD)
    assert (third.decision, state(third)) == (Decision.FIRED, IncidentState.FIRING)


def test_the_delay_counts_from_the_beginning_of_the_condition() -> None:
    assert step(None, condition(since=-100), 0, HELD).decision is Decision.FIRED


def test_what_ends_before_it_fired_was_never_told() -> None:
    first = step(None, condition(), 1, HELD)
    result = step(first.incident, None, 30, HELD)
    assert (result.decision, state(result)) == (Decision.DROPPED, IncidentState.RESOLVED)


def test_a_firing_one_stays_as_it_is_while_the_condition_holds() -> None:
    incident = fired()
    assert step(incident, condition(summary="other words"), 100) == Step(incident, Decision.STILL)


def test_it_resolves_when_the_condition_ends() -> None:
    result = step(fired(), None, 100)
    assert result.decision is Decision.RESOLVED
    assert result.incident is not None
    assert result.incident.resolved_at == at(100)


def test_it_resolves_only_once_it_has_been_well_for_long_enough() -> None:
    first = step(fired(), None, 100, recover_after=30)
    assert (first.decision, state(first)) == (Decision.RECOVERING, IncidentState.FIRING)
    assert first.incident is not None
    assert due_at(first.incident, EVERY_ALERT, 30) == at(130)
    second = step(first.incident, None, 130, recover_after=30)
    assert second.decision is Decision.RESOLVED
    assert second.incident is not None
    assert second.incident.resolved_at == at(100)


def test_a_relapse_while_recovering_is_the_same_incident() -> None:
    incident = fired()
    recovering = step(incident, None, 100, recover_after=30).incident
    assert step(recovering, condition(), 110) == Step(incident, Decision.RELAPSED)


def test_a_warning_that_comes_true_is_the_same_incident_escalated() -> None:
    warned = step(None, condition(AlertName.REFRESH_OVERDUE), 0, BOTH).incident
    result = step(warned, condition(AlertName.EXTENSION_LOST, since=300), 301, BOTH)
    assert result.decision is Decision.ESCALATED
    assert warned is not None
    assert result.incident is not None
    assert result.incident.id == warned.id
    assert result.incident.alert is AlertName.EXTENSION_LOST
    assert result.incident.escalated_from is AlertName.REFRESH_OVERDUE
    assert result.incident.severity is Severity.CRITICAL


def test_an_escalation_waits_for_the_worse_alerts_own_delay() -> None:
    policies = BOTH | HELD
    warned = step(None, condition(AlertName.REFRESH_OVERDUE), 0, policies).incident
    worse = condition(AlertName.EXTENSION_LOST, since=300)
    assert step(warned, worse, 301, policies).decision is Decision.STILL
    assert step(warned, worse, 360, policies).decision is Decision.ESCALATED


def test_another_alert_of_the_same_weight_alters_the_incident() -> None:
    policies = BOTH | {AlertName.EXTENSION_LOST: AlertPolicy(Severity.WARNING)}
    warned = step(None, condition(AlertName.REFRESH_OVERDUE), 0, policies).incident
    assert step(warned, condition(), 10, policies).decision is Decision.ALTERED


def test_a_pending_one_takes_the_words_and_the_delay_of_the_alert_that_holds_now() -> None:
    policies = HELD | {AlertName.NEVER_REGISTERED: AlertPolicy(Severity.INFO, hold_for=3600.0)}
    pending = step(None, condition(AlertName.NEVER_REGISTERED), 0, policies).incident
    result = step(pending, condition(since=100), 101, policies)
    assert state(result) is IncidentState.PENDING
    assert result.incident is not None
    assert (result.incident.alert, result.incident.started_at) == (
        AlertName.EXTENSION_LOST,
        at(100),
    )


def test_an_alert_switched_off_is_as_a_condition_that_does_not_hold() -> None:
    assert step(None, condition(), 0, {}) == Step(None, Decision.NOTHING)
    assert step(fired(), condition(), 10, {}).decision is Decision.RESOLVED


def test_time_alone_takes_a_pending_one_further_at_the_end_of_its_delay() -> None:
    pending = step(None, condition(), 1, HELD).incident
    assert pending is not None
    assert due_at(pending, HELD, 0) == at(60)
    assert due_at(pending, {}, 0) is None
    assert due_at(fired(), EVERY_ALERT, 0) is None


def test_the_same_input_gives_the_same_incident_id() -> None:
    assert fired(7).id == fired(7).id
    assert fired(7).id != fired(8).id


steps = st.lists(
    st.tuples(
        st.floats(0, 100),
        st.sampled_from([None, AlertName.EXTENSION_LOST, AlertName.REFRESH_OVERDUE]),
    ),
    max_size=30,
)


@given(steps, st.sampled_from([0.0, 50.0]), st.sampled_from([0.0, 30.0]))
def test_it_never_resolves_before_it_fired_and_never_fires_twice(
    history: list[tuple[float, AlertName | None]], hold_for: float, recover_after: float
) -> None:
    policies = {
        AlertName.EXTENSION_LOST: AlertPolicy(Severity.CRITICAL, hold_for),
        AlertName.REFRESH_OVERDUE: AlertPolicy(Severity.WARNING, hold_for),
    }
    incident, now, firing = None, 0.0, False
    for pause, alert in history:
        now += pause
        holds = condition(alert, since=now) if alert else None
        result = step(incident, holds, now, policies, recover_after)
        if result.decision is Decision.FIRED:
            assert not firing
            firing = True
        elif result.decision is Decision.RESOLVED:
            assert firing
            firing = False
        elif result.decision in (Decision.DROPPED, Decision.FIRST_SEEN, Decision.HELD_DOWN):
            assert not firing
        incident = result.incident
        if incident is not None and incident.state is IncidentState.RESOLVED:
            assert incident.fired_at is None or incident.fired_at <= Timestamp(at(now))
            incident = None


def test_a_step_changes_no_incident_in_place() -> None:
    incident = fired()
    copy = replace(incident)
    step(incident, None, 10)
    assert incident == copy


def test_what_was_stored_of_the_future_is_of_now() -> None:
    incident = fired()
    assert of_the_past(incident, now=at(1e6)) is incident
    began = incident.started_at
    by_now = of_the_past(incident, now=Timestamp(began - 1000))
    assert max(by_now.started_at, by_now.fired_at or 0.0) == began - 1000
