"""Who is quiet for a place, who waits, and who is let go."""

from collections.abc import Iterable

from fakes.values import ACME, EVERY_ALERT, at, extension, registration
from msgspec.structs import replace

from regwatch.core.alerts.conditions import extension_lost
from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.quieting import HELD_SECONDS, STRAGGLERS_SECONDS, Quieting
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.model import AlertName, ExtensionId, Incident, IncidentId, Watched
from regwatch.core.phones.memory import Loss
from regwatch.core.remarks import Remark, Untold

ONE = ExtensionId(1)


def opened() -> tuple[OpenIncidents, Incident]:
    """A phone that is lost, and told."""
    made = OpenIncidents(ACME, AlertRules(Rules(EVERY_ALERT)))
    loss = Loss(registration(ends=100), "expired", at(90), at(100))
    condition = extension_lost(ACME, Watched(extension(1)), loss)
    step = made.apply(condition.subject, condition, now=at(100))
    assert step.incident is not None
    return made, step.incident


def site(lost: Incident, alert: AlertName = AlertName.SITE_LOST) -> Incident:
    facts = replace(lost.facts, extension_id=None)
    return replace(lost, id=IncidentId("s1"), alert=alert, subject="site:riga", facts=facts)


def decided(steps: Iterable[Step | Remark]) -> list[Decision]:
    return [step.decision for step in steps if isinstance(step, Step)]


def test_a_place_makes_a_phone_quiet_and_lets_it_go() -> None:
    incidents, lost = opened()
    made = Quieting(incidents)
    assert decided(made.silence(ONE, site(lost))) == [Decision.INHIBITED]
    assert made.is_ours(ONE)
    (step,) = made.release(ONE, "it was not the place")
    assert (step.decision, step.because) == (Decision.RELEASED, "it was not the place")
    assert not made.is_ours(ONE)
    assert decided(made.release(ONE)) == []


def test_one_that_waits_is_said_why_and_waits_no_longer_than_that() -> None:
    incidents, _ = opened()
    made = Quieting(incidents)
    step, remark = made.wait_for_others(ONE, "3 of 40 silent", at(110))
    assert isinstance(step, Step)
    assert step.incident is not None
    assert (step.decision, step.because) == (Decision.HELD, "3 of 40 silent")
    assert step.incident.held_until == at(100 + HELD_SECONDS)
    assert remark == Remark(Untold.PLACE_SUPPOSED, ONE, at(110), "3 of 40 silent")
    assert decided(made.wait_for_others(ONE, "4 of 40 silent", at(120))) == []
    assert list(incidents.wake(now=at(99 + HELD_SECONDS), blind=False)) == []
    (told,) = incidents.wake(now=at(100 + HELD_SECONDS), blind=True)
    assert isinstance(told, Step)
    assert told.decision is Decision.RELEASED
    assert decided(made.wait_for_others(ONE, "5 of 40 silent", at(140))) == []


def test_a_place_that_is_found_meanwhile_says_it_all() -> None:
    incidents, lost = opened()
    made = Quieting(incidents)
    list(made.wait_for_others(ONE, "why", at(110)))
    (step,) = made.silence(ONE, site(lost))
    assert step.incident is not None
    assert (step.incident.inhibited_by, step.incident.held_until) == ("s1", None)


def test_after_its_place_is_back_it_waits_for_five_minutes() -> None:
    incidents, lost = opened()
    made = Quieting(incidents)
    list(made.silence(ONE, site(lost)))
    made.follow([ONE], at(500))
    assert made.is_straggler(ONE, at(500))
    (step,) = made.wait_to_follow(ONE, at(500))
    assert step.incident is not None
    assert (step.decision, step.incident.inhibited_by) == (Decision.HELD, None)
    assert step.incident.held_until == at(500 + STRAGGLERS_SECONDS)
    assert not made.is_straggler(ONE, at(500 + STRAGGLERS_SECONDS))
    made.follow([ExtensionId(2)], at(900))
    assert not made.is_straggler(ONE, at(600)), "those whose time is over are forgotten"


def test_what_another_incident_makes_quiet_is_not_let_go() -> None:
    incidents, lost = opened()
    list(incidents.inhibit(ONE, site(lost, AlertName.REGISTRAR_RESTARTED)))
    made = Quieting(incidents)
    assert decided(made.wait_for_others(ONE, "why", at(110))) == []
    assert decided(made.release(ONE)) == []


def test_after_a_restart_of_ours_it_knows_whom_it_made_quiet() -> None:
    incidents, lost = opened()
    (quiet,) = incidents.inhibit(ONE, site(lost))
    assert quiet.incident is not None
    again = Quieting(
        OpenIncidents(ACME, AlertRules(Rules(EVERY_ALERT)), incidents=[quiet.incident])
    )
    assert again.resume() == {"s1": {ONE}}
    assert again.is_ours(ONE)
    others = [quiet.incident, site(lost, AlertName.REGISTRAR_RESTARTED)]
    again = Quieting(OpenIncidents(ACME, AlertRules(Rules(EVERY_ALERT)), incidents=others))
    assert again.resume() == {}
    assert not again.is_ours(ONE)


def test_its_time_moves_with_the_clock_and_it_is_forgotten() -> None:
    incidents, _ = opened()
    made = Quieting(incidents)
    made.follow([ONE], at(0))
    for _ in made.clock_set(1000.0):
        pass
    assert made.is_straggler(ONE, at(1000 + STRAGGLERS_SECONDS - 1))
    made.forget(ONE)
    assert not made.is_straggler(ONE, at(1000))
