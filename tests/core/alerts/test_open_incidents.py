import pytest
from fakes.values import ACME, EVERY_ALERT, at
from msgspec.structs import replace

from regwatch.core.alerts import open_incidents
from regwatch.core.alerts.conditions import Condition
from regwatch.core.alerts.incidents import AlertPolicy, Decision, Step
from regwatch.core.alerts.mutes import Maintenance, Mutes, Silence
from regwatch.core.alerts.open_incidents import TRIED_AGAIN_SECONDS, OpenIncidents
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.bugs import SetAside, Where
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AlertName,
    ExtensionId,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    Severity,
)
from regwatch.core.schedules import Stretch

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
    policies: object = HELD,
    recover_after: float = 0.0,
    incidents: tuple[Incident, ...] = (),
    mutes: Mutes | None = None,
) -> OpenIncidents:
    labels = {"riga": {"team": "ops"}}
    rules = AlertRules(Rules(policies, recover_after))  # type: ignore[arg-type]
    return OpenIncidents(ACME, rules, site_labels=labels, incidents=incidents, mutes=mutes)


def test_an_incident_carries_the_labels_of_its_site() -> None:
    step = opened().apply("extension:3", lost(), now=at(0))
    assert step.incident is not None
    assert step.incident.labels["team"] == "ops"


def test_time_alone_makes_it_fire() -> None:
    incidents = opened()
    incidents.apply("extension:3", lost(), now=at(0))
    assert list(incidents.wake(now=at(59), blind=False)) == []
    (step,) = incidents.wake(now=at(60), blind=False)
    assert step.decision is Decision.FIRED
    assert list(incidents.wake(now=at(61), blind=False)) == []


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
    assert list(again.wake(now=at(99), blind=False)) == []
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


# --- silences, acknowledgements ------------------------------------------------------------


def window(begins: float, ends: float, site: str = "riga") -> Mutes:
    """Maintenance at one site."""
    matchers = Matchers.of({"site": site})
    stretch = Stretch(at(begins), at(ends))
    return Mutes([Maintenance(name="router", matchers=matchers, when=stretch)])


def test_what_fires_in_a_window_is_silenced_from_its_first_moment() -> None:
    incidents = opened(EVERY_ALERT, mutes=window(0, 100))
    step = incidents.apply("extension:3", lost(), now=at(5))
    assert (step.decision, step.because) == (Decision.FIRED, "silenced by maintenance router")
    assert step.incident is not None
    assert (step.incident.silenced_by, step.incident.is_quiet) == ("maintenance router", True)


def test_a_window_that_begins_and_ends_is_followed_by_what_fires() -> None:
    incidents = opened(EVERY_ALERT, mutes=window(10, 100))
    incidents.apply("extension:3", lost(), now=at(5))
    assert list(incidents.review(now=at(9))) == []
    (begun,) = incidents.review(now=at(10))
    assert (begun.decision, begun.because) == (
        Decision.SILENCED,
        "silenced by maintenance router",
    )
    assert list(incidents.review(now=at(50))) == []
    (ended,) = incidents.review(now=at(100))
    assert (ended.decision, ended.because) == (
        Decision.UNSILENCED,
        "maintenance router is over",
    )
    assert ended.incident == incidents.get("extension:3")
    assert ended.incident is not None
    assert not ended.incident.is_quiet


def test_what_was_silenced_before_a_restart_is_reviewed_after_it() -> None:
    before = opened(EVERY_ALERT, mutes=window(0, 100))
    incident = before.apply("extension:3", lost(), now=at(5)).incident
    assert incident is not None
    after = opened(EVERY_ALERT, incidents=(incident,), mutes=window(0, 100))
    (step,) = after.review(now=at(200))
    assert step.decision is Decision.UNSILENCED


def test_a_silence_that_is_set_and_expired_is_followed() -> None:
    mutes = Mutes()
    incidents = opened(EVERY_ALERT, mutes=mutes)
    incidents.apply("extension:3", lost(), now=at(5))
    incidents.apply("extension:4", lost(4), now=at(5))
    silence = Silence(
        id="ab12",
        matchers=Matchers.of({"extension_id": "4"}),
        starts_at=at(6),
        ends_at=at(100),
        author="anna",
        comment="moving house",
        created_at=at(6),
    )
    mutes.replace_silences([silence])
    (step,) = incidents.review(now=at(7))
    assert step.incident is not None
    assert step.incident.facts.extension_id == 4
    assert step.because == "silenced by silence ab12 of anna: moving house"
    mutes.replace_silences([])
    assert [s.decision for s in incidents.review(now=at(8))] == [Decision.UNSILENCED]


def test_many_incidents_are_reviewed_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_incidents, "MOST_REVIEWED", 3)
    incidents = opened(EVERY_ALERT, mutes=window(10, 100))
    for number in range(7):
        incidents.apply(f"extension:{number}", lost(number), now=at(5))
    incidents.apply("extension:0", lost(0), now=at(5))
    parts = [len(list(incidents.review(now=at(10 + second)))) for second in range(4)]
    assert parts == [3, 3, 1, 0]


def test_what_has_ended_meanwhile_is_not_reviewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_incidents, "MOST_REVIEWED", 1)
    incidents = opened(EVERY_ALERT, mutes=window(10, 100))
    for number in (1, 2):
        incidents.apply(f"extension:{number}", lost(number), now=at(5))
    assert len(list(incidents.review(now=at(10)))) == 1
    incidents.apply("extension:2", None, now=at(11))
    assert list(incidents.review(now=at(12))) == []


def test_an_escalation_is_matched_anew() -> None:
    matchers = Matchers.of({"alert": "extension_lost"})
    mutes = Mutes([Maintenance(name="1", matchers=matchers, when=Stretch(at(0), at(100)))])
    incidents = opened(EVERY_ALERT, mutes=mutes)
    warned = Condition(
        alert=AlertName.REFRESH_OVERDUE,
        subject="extension:3",
        since=at(0),
        summary="",
        explanation="",
        facts=lost().facts,
    )
    first = incidents.apply("extension:3", warned, now=at(1)).incident
    assert first is not None
    assert not first.is_quiet
    step = incidents.apply("extension:3", lost(), now=at(2))
    assert step.decision is Decision.ESCALATED
    assert step.incident is not None
    assert step.incident.silenced_by == "maintenance 1"


def test_an_acknowledgement_says_who_is_at_it_until_it_gets_worse() -> None:
    incidents = opened(EVERY_ALERT)
    warned = Condition(
        alert=AlertName.REFRESH_OVERDUE,
        subject="extension:3",
        since=at(0),
        summary="",
        explanation="",
        facts=lost().facts,
    )
    incident = incidents.apply("extension:3", warned, now=at(1)).incident
    assert incident is not None
    step = incidents.acknowledge(incident.id, "anna", "on my way", now=at(5))
    assert step is not None
    assert step.incident == incidents.get("extension:3")
    assert (step.decision, step.because) == (Decision.ACKNOWLEDGED, "anna: on my way")
    assert step.incident is not None
    assert (step.incident.acknowledged_by, step.incident.acknowledged_at) == ("anna", at(5))
    worse = incidents.apply("extension:3", lost(), now=at(9)).incident
    assert worse is not None
    assert worse.acknowledged_by == ""


def test_what_is_not_open_cannot_be_acknowledged() -> None:
    assert opened().acknowledge(IncidentId("none"), "anna", "", now=at(0)) is None


def test_nothing_of_a_subject_without_incident_is_nothing() -> None:
    assert opened().apply("extension:9", None, now=at(0)).decision is Decision.NOTHING


def test_why_it_is_over_is_kept() -> None:
    incidents = opened(EVERY_ALERT)
    incidents.apply("extension:3", lost(), now=at(1))
    step = incidents.apply("extension:3", None, because="not expected now", now=at(5))
    assert (step.decision, step.because) == (Decision.RESOLVED, "not expected now")
    assert step.incident is not None
    assert step.incident.resolution == "not expected now"


def test_time_that_nobody_saw_takes_no_incident_further() -> None:
    incidents = opened()
    incidents.apply("extension:3", lost(since=10), now=at(10))
    assert list(incidents.slept(3600.0)) == []
    assert list(incidents.wake(now=at(3620), blind=False)) == []
    (step,) = incidents.wake(now=at(3670), blind=False)
    assert step.decision is Decision.FIRED


def test_what_an_answer_shows_after_it_is_believed() -> None:
    incidents = opened()
    incidents.apply("extension:3", lost(since=10), now=at(10))
    list(incidents.slept(3600.0))
    assert incidents.apply("extension:3", lost(since=10), now=at(3620)).decision is Decision.FIRED


def test_what_is_told_of_no_extension_has_waited_no_longer_by_that() -> None:
    policies = HELD | {AlertName.API_UNAVAILABLE: AlertPolicy(Severity.CRITICAL, hold_for=120.0)}
    incidents = opened(policies)
    facts = Facts(account=ACME)
    blind = Condition(
        alert=AlertName.API_UNAVAILABLE,
        subject="api",
        since=at(10),
        summary="no answer",
        explanation="",
        facts=facts,
    )
    incidents.apply("api", blind, now=at(20))
    (moved,) = incidents.slept(3600.0)
    assert moved.started_at == at(3610)
    assert incidents.apply("api", blind, now=at(3700)).decision is Decision.HELD_DOWN
    assert incidents.apply("api", blind, now=at(3730)).decision is Decision.FIRED


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_timer_runs_on_when_the_clock_is_set(step: float) -> None:
    incidents = opened()
    incidents.apply("extension:3", lost(since=10), now=at(10))
    list(incidents.clock_set(step))
    incidents.apply("extension:4", lost(4, since=20 + step), now=at(20 + step))
    assert list(incidents.wake(now=at(69 + step), blind=False)) == []
    (step_3,) = incidents.wake(now=at(70 + step), blind=False)
    assert step_3.incident is not None
    assert (step_3.incident.subject, step_3.incident.started_at) == ("extension:3", at(10 + step))
    (step_4,) = incidents.wake(now=at(80 + step), blind=False)
    assert step_4.decision is Decision.FIRED


# --- one in which a bug is met -------------------------------------------------------------------


def silence_of(site: str) -> Silence:
    return Silence(
        id="ab12",
        matchers=Matchers.of({"site": site}),
        starts_at=at(0),
        ends_at=at(1000),
        author="anna",
        comment="new router",
        created_at=at(0),
    )


def poison(incidents: OpenIncidents, subject: str) -> None:
    sound = incidents.get(subject)
    assert sound is not None
    incidents._open[subject] = replace(sound, alert=None)


class BuggyRules(AlertRules):
    """Fail for one extension."""

    is_on = False

    def of(self, facts: Facts) -> Rules:
        if self.is_on and facts.extension_id == 2:
            raise ZeroDivisionError
        return super().of(facts)


def test_one_that_a_bug_stops_leaves_the_others_to_time_and_is_tried_again() -> None:
    rules = BuggyRules(Rules(HELD))
    incidents = OpenIncidents(ACME, rules)
    for number in (1, 2, 3):
        incidents.apply(f"extension:{number}", lost(number), now=at(0))
    rules.is_on = True
    first, aside, last = incidents.wake(now=at(60), blind=False)
    assert isinstance(first, Step)
    assert isinstance(last, Step)
    assert (first.decision, last.decision) == (Decision.FIRED, Decision.FIRED)
    assert isinstance(aside, SetAside)
    assert (aside.where, aside.what) == (Where.INCIDENT, "extension:2")
    assert isinstance(aside.error, ZeroDivisionError)
    assert list(incidents.wake(now=at(61), blind=False)) == [], "not at each tick"
    (aside,) = incidents.wake(now=at(60 + TRIED_AGAIN_SECONDS), blind=False)
    assert isinstance(aside, SetAside)
    rules.is_on = False
    (step,) = incidents.wake(now=at(60 + 2 * TRIED_AGAIN_SECONDS), blind=False)
    assert isinstance(step, Step)
    assert step.decision is Decision.FIRED, "mended, it goes on"


def test_one_that_a_bug_stops_leaves_the_others_to_be_reviewed() -> None:
    mutes = Mutes()
    incidents = opened(EVERY_ALERT, mutes=mutes)
    for number in (1, 2, 3):
        incidents.apply(f"extension:{number}", lost(number), now=at(0))
    list(incidents.review(now=at(1)))
    poison(incidents, "extension:2")
    mutes.replace_silences([silence_of("riga")])
    found = list(incidents.review(now=at(2)))
    assert [type(each) for each in found] == [Step, SetAside, Step]


def test_a_silence_in_which_a_bug_is_met_mutes_nothing_and_is_named() -> None:
    broken = replace(silence_of("riga"), matchers=None)
    mutes = Mutes(silences=[broken])
    incidents = opened(EVERY_ALERT, mutes=mutes)
    step = incidents.apply("extension:1", lost(1), now=at(0))
    assert step.decision is Decision.FIRED
    assert step.incident is not None
    assert step.incident.silenced_by == ""
    (aside,) = incidents.review(now=at(1))
    assert isinstance(aside, SetAside)
    assert (aside.where, aside.what) == (Where.SILENCE, "silence ab12")
