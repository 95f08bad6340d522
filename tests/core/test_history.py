"""What is kept of what happened."""

from fakes.notifications import NEW, RESOLVED, STILL, lost, notification, resolved
from fakes.observing import observed
from fakes.values import ACME, answer, at, extension, listing, registration
from msgspec.structs import replace

from regwatch.core.alerts.incidents import AlertPolicy, Decision, Step
from regwatch.core.history import Happening, Kind, of_notification, of_outcome
from regwatch.core.model import AlertName, NotifyReason, Severity
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.sites import Sites


def watched_loss() -> list[Happening]:
    """A phone registers, and is lost."""
    policy = MonitorPolicy({AlertName.EXTENSION_LOST: AlertPolicy(Severity.CRITICAL)})
    monitor = Monitor(ACME, policy, Sites())
    outcomes = [monitor.watch(listing(1).extensions, now=at(0))]
    for when, held in ((0, (registration(),)), (599, (registration(),)), (601, ())):
        seen = answer(1, *held, when=when)
        outcomes.append(observed(monitor, seen))
    by_id = monitor.roster.by_id
    return [
        happening
        for outcome in outcomes
        for happening in of_outcome(ACME, outcome, watched=by_id, now=at(700))
    ]


def test_a_loss_is_two_lines_what_the_registration_did_and_what_was_decided() -> None:
    change, decision = watched_loss()
    assert (change.kind, change.event, change.at) == (Kind.REGISTRATION, "expired", at(601))
    assert change.extension == extension(1).name
    assert change.text == "Yealink SIP-T46G 28.72.14.5 at 203.0.113.7:62338"
    assert (decision.kind, decision.event, decision.at) == (Kind.INCIDENT, "fired", at(700))
    assert decision.text.startswith("101 lost its registration")
    assert decision.because.startswith("Last seen registered 2 s")
    assert decision.words == decision.text, "that an incident says itself is not said twice"
    assert decision.incident_id is not None


def test_what_began_silenced_says_by_what_beside_its_own_evidence() -> None:
    muted = replace(lost(1), silenced_by="silence abc")
    step = Step(muted, Decision.FIRED, "silenced by silence abc (new phone)")
    (line,) = of_outcome(ACME, Outcome(steps=[step]), watched={}, now=at(700))
    assert line.words == f"{muted.summary}; silenced by silence abc (new phone)"
    assert line.because == muted.explanation


def test_who_was_told_is_a_line_for_each_incident_and_reminders_apart() -> None:
    message = notification((NEW, lost(1)), (STILL, lost(2)), (RESOLVED, resolved(lost(3))))
    told = list(of_notification(message))
    assert [(each.event, each.extension_id) for each in told] == [("new", 1), ("resolved", 3)]
    assert {(each.receiver, each.text, each.kind) for each in told} == {
        ("chat", "new incidents", Kind.NOTIFICATION)
    }
    reminder = replace(message, reason=NotifyReason.REPEAT_DUE)
    assert [each.event for each in of_notification(reminder)] == ["new", "still", "resolved"]


def test_who_was_told_because_nobody_acknowledged_is_said_so() -> None:
    message = replace(notification((NEW, lost(1)), (STILL, lost(2))), unacknowledged_for=900.0)
    assert [each.text for each in of_notification(message)] == ["not acknowledged for 15 min"]
