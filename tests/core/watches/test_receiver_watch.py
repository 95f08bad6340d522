"""What is told of receivers that refuse what they are sent."""

from fakes.values import EVERY_ALERT, at

from regwatch.core.alerts.conditions import NO_ACCOUNT
from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.model import IncidentState
from regwatch.core.watches.receiver_watch import ReceiverWatch


def watch(**fallbacks: str) -> ReceiverWatch:
    incidents = OpenIncidents(NO_ACCOUNT, AlertRules(Rules(EVERY_ALERT)))
    return ReceiverWatch(incidents, fallbacks)


def one(steps: object) -> Step:
    (step,) = steps  # type: ignore[misc]
    return step


def test_a_refusal_is_told_once_and_its_end_too() -> None:
    receivers = watch(pager="chat", chat="")
    fired = one(receivers.refused("pager", "403: token revoked", now=at(1)))
    assert fired.decision is Decision.FIRED
    assert fired.incident is not None
    assert fired.incident.summary == "The receiver pager refuses alerts: 403: token revoked"
    assert "go to chat meanwhile" in fired.incident.explanation
    again = one(receivers.refused("pager", "403: token revoked", now=at(3600)))
    assert again.decision is Decision.STILL
    mended = one(receivers.delivered("pager", now=at(4000)))
    assert mended.decision is Decision.RESOLVED
    assert one(receivers.delivered("pager", now=at(4001))).decision is Decision.NOTHING


def test_without_a_fallback_that_is_said() -> None:
    incident = one(watch(chat="").refused("chat", "404", now=at(1))).incident
    assert incident is not None
    assert "It has no `fallback`." in incident.explanation
    assert "account" not in incident.labels


def test_of_a_receiver_that_is_not_configured_nothing_is_told() -> None:
    assert list(watch(chat="").refused("gone", "404", now=at(1))) == []


def test_one_that_is_removed_while_it_is_broken_is_over() -> None:
    incident = one(watch(chat="").refused("chat", "404", now=at(1))).incident
    assert incident is not None
    incidents = OpenIncidents(NO_ACCOUNT, AlertRules(Rules(EVERY_ALERT)), incidents=(incident,))
    over = one(ReceiverWatch(incidents, {"mail": ""}).tick(now=at(5)))
    assert over.incident is not None
    assert over.incident.state is IncidentState.RESOLVED
    assert over.because == "removed from the configuration"


def test_time_alone_tells_nothing() -> None:
    receivers = watch(chat="")
    list(receivers.refused("chat", "404", now=at(1)))
    assert list(receivers.tick(now=at(100))) == []
