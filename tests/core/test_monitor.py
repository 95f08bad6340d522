"""The monitor as a whole: what an operator would see happen, told in answers."""

from datetime import UTC

import pytest
from fakes.clocks import both
from fakes.observing import observed
from fakes.values import (
    ACME,
    EVERY_ALERT,
    answer,
    at,
    batch,
    extension,
    listing,
    registration,
)
from msgspec.structs import replace

from regwatch.core.alerts.incidents import AlertPolicies, AlertPolicy, Decision
from regwatch.core.alerts.mutes import Maintenance, Mutes
from regwatch.core.alerts.rules import Override
from regwatch.core.expectations import Expectations
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AlertName,
    Answer,
    ChangeKind,
    ExtensionId,
    ExtensionState,
    FailureReason,
    Incident,
    IncidentId,
    IncidentState,
    Listing,
    Registration,
    Severity,
    Timestamp,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.lateness import LatenessPolicy
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.phones.vanished import AccountPolicy
from regwatch.core.phones.warned import Outcomes
from regwatch.core.polling.agenda import Appointment, Purpose
from regwatch.core.remarks import Untold
from regwatch.core.schedules import Hours, Schedule, Stretch
from regwatch.core.sites import Site, Sites
from regwatch.core.watches.api_health import Shortage

ONE = ExtensionId(1)
SOFTPHONE = registration("uloc-9", ends=3000, device="Zoiper 5", contact="sip:101@10.0.0.9")
REBOOTED = registration("uloc-2", ends=1500, contact="sip:101@192.168.5.52:11111")


def monitor(
    *numbers: int,
    alerts: AlertPolicies = EVERY_ALERT,
    incidents: tuple[Incident, ...] = (),
    **policy: object,
) -> Monitor:
    """Watches these extensions since the beginning of time."""
    sites = Sites([Site("riga", extensions=("000*101",), labels={"team": "ops"})])
    made = Monitor(ACME, MonitorPolicy(alerts, **policy), sites, incidents=incidents)  # type: ignore[arg-type]
    watch(made, listing(*(numbers or (1,))), now=at(0))
    return made


def watch(watching: Monitor, listed: Listing, *, now: Timestamp) -> Outcome:
    """Take over a list, as the watcher does."""
    outcome = watching.watch(listed.extensions, now=now)
    if not listed.complete:
        return outcome
    rest = watching.listed({extension.id for extension in listed.extensions}, now=now)
    return Outcome(
        [*outcome.changes, *rest.changes],
        [*outcome.steps, *rest.steps],
        touched=outcome.touched,
        removed=rest.removed,
    )


def see(watching: Monitor, *answers: Answer) -> Outcome:
    return observed(watching, *answers)


def told(outcome: Outcome) -> list[tuple[AlertName, Decision]]:
    return [(s.incident.alert, s.decision) for s in outcome.steps if s.incident]


def kinds(outcome: Outcome) -> list[ChangeKind]:
    return [change.kind for change in outcome.changes]


def state(watching: Monitor, number: int = 1) -> ExtensionState:
    return watching.roster.by_id[ExtensionId(number)].state


def registered_at_start(*registrations: Registration, **policy: object) -> Monitor:
    watching = monitor(1, **policy)  # type: ignore[arg-type]
    see(watching, answer(1, *(registrations or (registration(),)), when=0))
    return watching


def with_two_at_start(*registrations: Registration, **policy: object) -> Monitor:
    """Both are seen alive side by side: each refreshes after the other was there."""
    before = [
        replace(r, lease_ends_at=Timestamp((r.lease_ends_at or 0) - 9)) for r in registrations
    ]
    watching = registered_at_start(*before, **policy)
    see(watching, answer(1, *registrations, when=1))
    return watching


# --- the first observation --------------------------------------------------------------------


def test_the_first_observation_raises_nothing() -> None:
    watching = monitor(1, 2)
    outcome = see(watching, answer(1, registration(), when=0), answer(2, when=0))
    assert (kinds(outcome), [d for _, d in told(outcome)]) == ([], [Decision.FIRST_SEEN])
    assert state(watching, 1) is ExtensionState.REGISTERED
    assert state(watching, 2) is ExtensionState.UNREGISTERED


def test_one_that_never_registers_is_reported_in_its_time_and_no_earlier() -> None:
    watching = monitor(1)
    see(watching, answer(1, when=0))
    assert told(see(watching, answer(1, when=3500))) == []
    assert told(watching.tick(now=at(3599))) == []
    assert told(watching.tick(now=at(3600))) == [(AlertName.NEVER_REGISTERED, Decision.FIRED)]
    back = see(watching, answer(1, registration(ends=9000), when=4000))
    assert told(back) == [(AlertName.NEVER_REGISTERED, Decision.RESOLVED)]
    assert kinds(back) == [ChangeKind.REGISTERED]


# --- losses -----------------------------------------------------------------------------------


def test_a_silent_death_is_a_loss_dated_by_the_end_of_its_lease() -> None:
    watching = registered_at_start(registration(ends=600))
    see(watching, answer(1, registration(ends=600), when=590))
    outcome = see(watching, answer(1, when=630))
    assert told(outcome) == [(AlertName.EXTENSION_LOST, Decision.FIRED)]
    (incident,) = outcome.incidents
    assert incident.started_at == at(600)
    assert (incident.facts.reason, incident.facts.last_seen) == ("expired", at(590))
    assert (incident.facts.lease_ended, incident.facts.detected) == (at(600), at(630))
    assert incident.facts.detection_lag_seconds == 30
    assert incident.labels["team"] == "ops"
    assert state(watching) is ExtensionState.LOST


def test_an_unregister_is_a_loss_of_its_own_kind() -> None:
    watching = registered_at_start(registration(ends=600))
    outcome = see(watching, answer(1, when=60))
    (incident,) = outcome.incidents
    assert (incident.facts.reason, incident.facts.lease_ended) == ("unregistered", None)
    assert incident.started_at == pytest.approx(at(60))


def test_it_is_told_once_and_resolved_once() -> None:
    watching = registered_at_start()
    see(watching, answer(1, when=60))
    assert told(see(watching, answer(1, when=120))) == []
    back = see(watching, answer(1, registration("uloc-5", ends=900), when=180))
    assert told(back) == [(AlertName.SIGNED_OFF, Decision.RESOLVED)]
    assert kinds(back) == [ChangeKind.RESTORED]
    assert told(see(watching, answer(1, registration("uloc-5", ends=900), when=240))) == []


def test_a_reboot_is_no_loss_though_the_old_entry_runs_out() -> None:
    watching = registered_at_start(registration(ends=600))
    both = see(watching, answer(1, registration(ends=600), REBOOTED, when=60))
    after = see(watching, answer(1, REBOOTED, when=630))
    assert (kinds(both), told(both)) == ([ChangeKind.REGISTERED], [])
    assert (kinds(after), told(after)) == ([ChangeKind.REPLACED], [])
    assert state(watching) is ExtensionState.REGISTERED


def test_the_flag_is_trusted_over_missing_entries() -> None:
    watching = registered_at_start()
    outcome = see(watching, answer(1, when=60, registered=True))
    assert (kinds(outcome), told(outcome)) == ([], [])
    assert state(watching) is ExtensionState.REGISTERED


def test_an_expires_of_0_in_the_last_second_of_a_lease_is_no_permanent_registration() -> None:
    watching = registered_at_start(registration(ends=600))
    ending = registration(ends=None)
    assert kinds(see(watching, answer(1, ending, when=599))) == []
    assert kinds(see(watching, answer(1, ending, when=630))) == [], "not cleaned up yet"
    outcome = see(watching, answer(1, when=661))
    assert outcome.incidents[0].facts.reason == "expired"
    assert outcome.incidents[0].facts.lease_ended == at(600)


def test_a_lease_that_is_unknown_midway_has_become_permanent() -> None:
    watching = registered_at_start(registration(ends=600))
    assert kinds(see(watching, answer(1, registration(ends=None), when=60))) == [
        ChangeKind.REFRESHED
    ]


def test_one_of_several_devices_lost_is_a_milder_matter_until_it_is_back() -> None:
    watching = with_two_at_start(registration(ends=600), SOFTPHONE)
    lost = see(watching, answer(1, SOFTPHONE, when=630))
    assert told(lost) == [(AlertName.REGISTRATION_LOST, Decision.FIRED)]
    assert told(see(watching, answer(1, SOFTPHONE, when=700))) == []
    back = see(watching, answer(1, SOFTPHONE, registration("uloc-3", ends=1300), when=760))
    assert told(back) == [(AlertName.REGISTRATION_LOST, Decision.RESOLVED)]


def test_a_device_that_stays_away_for_a_day_is_no_longer_expected() -> None:
    watching = with_two_at_start(registration(ends=600), SOFTPHONE)
    see(watching, answer(1, SOFTPHONE, when=630))
    fresh = registration("uloc-9", ends=90_000, device="Zoiper 5", contact="sip:101@10.0.0.9")
    later = see(watching, answer(1, fresh, when=630 + 86_401))
    assert (AlertName.REGISTRATION_LOST, Decision.RESOLVED) in told(later)


def test_a_twin_that_stayed_does_not_make_the_lost_one_come_back() -> None:
    twin = registration("uloc-2", ends=2000, contact="sip:101@192.168.5.53:5062")
    watching = registered_at_start(registration(ends=600), twin)
    see(watching, answer(1, registration(ends=900), twin, when=300))
    assert told(see(watching, answer(1, twin, when=910)))[0][1] is Decision.FIRED
    assert told(see(watching, answer(1, twin, when=960))) == []


def test_losing_the_last_device_too_is_the_loss_of_the_extension() -> None:
    watching = registered_at_start(registration(ends=600), SOFTPHONE)
    see(watching, answer(1, SOFTPHONE, when=630))
    outcome = see(watching, answer(1, when=700))
    assert told(outcome) == [(AlertName.SIGNED_OFF, Decision.FIRED)]


def test_losing_all_devices_at_once_is_one_incident() -> None:
    watching = registered_at_start(registration(ends=600), SOFTPHONE)
    assert told(see(watching, answer(1, when=700))) == [(AlertName.SIGNED_OFF, Decision.FIRED)]


def test_what_we_deleted_is_excused_until_its_lease_would_have_ended() -> None:
    held = registration(ends=600)
    watching = registered_at_start(held)
    watching.deleting([held.id], now=at(30))
    gone = see(watching, answer(1, when=60))
    assert (kinds(gone), told(gone)) == ([ChangeKind.DELETED], [])
    assert told(see(watching, answer(1, when=601))) == [(AlertName.EXTENSION_LOST, Decision.FIRED)]


def test_a_deletion_that_was_refused_excuses_no_loss_two_days_later() -> None:
    held = registration(ends=3 * 86_400)
    watching = registered_at_start(held)
    watching.deleting([held.id], now=at(30))
    for when in (60, 120, 2 * 86_400):
        see(watching, answer(1, held, when=when))
    assert told(see(watching, answer(1, when=2 * 86_400 + 60))) == [
        (AlertName.SIGNED_OFF, Decision.FIRED)
    ]


def test_a_deletion_that_is_withdrawn_excuses_nothing() -> None:
    held = registration(ends=600)
    watching = registered_at_start(held)
    watching.deleting([held.id], now=at(30))
    watching.not_deleting([held.id])
    gone = see(watching, answer(1, when=60))
    assert told(gone) == [(AlertName.SIGNED_OFF, Decision.FIRED)]


def test_one_of_several_deleted_by_us_raises_nothing() -> None:
    held = registration(ends=600)
    watching = registered_at_start(held, SOFTPHONE)
    watching.deleting([held.id], now=at(30))
    assert told(see(watching, answer(1, SOFTPHONE, when=60))) == []


def test_recover_after_waits_for_a_lasting_return() -> None:
    watching = registered_at_start(recover_after=120.0)
    see(watching, answer(1, when=60))
    back = see(watching, answer(1, registration("uloc-5", ends=900), when=100))
    assert [d for _, d in told(back)] == [Decision.RECOVERING]
    (incident,) = watching.tick(now=at(220)).incidents
    assert (incident.state, incident.resolved_at) == (IncidentState.RESOLVED, at(100))


# --- not answered is not lost -----------------------------------------------------------------


def test_an_id_that_is_missing_from_an_answer_is_not_lost() -> None:
    watching = monitor(1, 2)
    see(watching, answer(1, registration(), when=0), answer(2, registration(), when=0))
    outcome = watching.observe(batch(answer(2, registration(), when=60), asked=[1]), now=at(60))
    assert told(outcome) == []
    assert state(watching, 1) is ExtensionState.REGISTERED


def test_unanswered_for_long_it_is_unknown_and_the_api_is_to_blame() -> None:
    watching = registered_at_start(stale_after=900.0)
    watching.failed(FailureReason.TIMEOUT, "", now=at(60))
    assert told(watching.tick(now=at(180))) == [(AlertName.API_UNAVAILABLE, Decision.FIRED)]
    watching.tick(now=at(901))
    assert state(watching) is ExtensionState.UNKNOWN
    back = see(watching, answer(1, registration(ends=2000), when=960))
    assert told(back) == [(AlertName.API_UNAVAILABLE, Decision.RESOLVED)]
    assert state(watching) is ExtensionState.REGISTERED


def test_a_loss_during_an_outage_is_found_after_it_with_its_last_seen_time() -> None:
    watching = registered_at_start(registration(ends=600))
    watching.failed(FailureReason.SERVER_ERROR, "", now=at(60))
    first = once(watching, answer(1, when=2000))
    assert first.doubted == [ONE], "nobody could look for its refresh"
    outcome = once(watching, answer(1, when=2002))
    assert told(outcome) == [(AlertName.EXTENSION_LOST, Decision.FIRED)]
    assert outcome.incidents[0].facts.last_seen == at(0)
    assert outcome.incidents[0].started_at == at(600)


def test_an_answer_that_names_none_of_the_ids_is_an_outage() -> None:
    watching = monitor(1, 2)
    see(watching, answer(1, registration(), when=0), answer(2, registration(), when=0))
    watching.observe(batch(asked=[1, 2]), now=at(60))
    assert watching.health.is_up is False
    assert told(watching.tick(now=at(180))) == [(AlertName.API_UNAVAILABLE, Decision.FIRED)]


def test_an_id_the_pbx_never_speaks_of_is_no_outage() -> None:
    watching = monitor(1, 2, stale_after=900.0)
    for when in (0, 1000, 2000):
        poll = batch(answer(1, registration(ends=9000), when=when), asked=[2])
        watching.observe(poll, now=at(when))
        alerts = {alert for alert, _ in told(watching.tick(now=at(2400)))}
    assert alerts <= {AlertName.UNANSWERED}, "no outage of the API"


def test_a_quarantined_id_is_no_outage() -> None:
    watching = monitor(1, 2, stale_after=900.0)
    for when in (0, 1000, 2000):
        poll = batch(answer(1, registration(ends=9000), when=when), refused=[2])
        watching.observe(poll, now=at(when))
    assert told(watching.tick(now=at(2400))) == []


def test_one_id_left_out_after_it_was_known_is_told_in_time_and_is_unknown() -> None:
    watching = monitor(1, 2, stale_after=900.0)
    see(watching, answer(1, registration(ends=9000), when=0), answer(2, registration(), when=0))
    fired = []
    for when in range(500, 2400, 100):
        poll = batch(answer(1, registration(ends=9000), when=when), asked=[2])
        fired += [t for t in told(watching.observe(poll, now=at(when))) if t[1] is Decision.FIRED]
        fired += [t for t in told(watching.tick(now=at(when))) if t[1] is Decision.FIRED]
    assert fired == [(AlertName.UNANSWERED, Decision.FIRED)]
    assert state(watching, 2) is ExtensionState.UNKNOWN


def test_while_the_api_is_blind_a_pending_loss_does_not_fire() -> None:
    held = EVERY_ALERT | {AlertName.SIGNED_OFF: AlertPolicy(Severity.CRITICAL, hold_for=60.0)}
    watching = registered_at_start(alerts=held)
    see(watching, answer(1, when=60))
    watching.failed(FailureReason.NETWORK, "", now=at(70))
    assert told(watching.tick(now=at(125))) == []
    assert told(see(watching, answer(1, when=130)))[0] == (
        AlertName.SIGNED_OFF,
        Decision.FIRED,
    )


def test_a_refusal_is_told_at_once_and_alone() -> None:
    watching = registered_at_start()
    outcome = watching.failed(FailureReason.ACCESS_DENIED, "403", now=at(60))
    assert told(outcome) == [(AlertName.CREDENTIALS_REFUSED, Decision.FIRED)]
    assert told(watching.tick(now=at(1000))) == []


def test_a_used_up_quota_is_told_with_what_it_means() -> None:
    watching = registered_at_start()
    (incident,) = watching.quota_exhausted(Shortage(at(60), at(600), 540.0), now=at(60)).incidents
    assert incident.alert is AlertName.QUOTA_EXHAUSTED
    assert "up to 9 min old" in incident.summary
    over = watching.quota_exhausted(None, now=at(601))
    assert told(over) == [(AlertName.QUOTA_EXHAUSTED, Decision.RESOLVED)]


def test_an_answer_of_an_extension_no_longer_watched_is_ignored() -> None:
    watching = monitor(1)
    assert see(watching, answer(7, registration(), when=0)).touched == {}


# --- what surprises ------------------------------------------------------------------------------


def many_registered(count: int = 6) -> Monitor:
    watching = monitor(*range(1, count + 1))
    see(watching, *(answer(n, registration(), when=0) for n in range(1, count + 1)))
    return watching


def once(watching: Monitor, *answers: Answer) -> Outcome:
    """What came of them before anything of it is asked again."""
    return watching.observe(batch(*answers), now=answers[0].answered_at)


def test_who_vanish_of_a_small_account_are_looked_at_and_then_told_as_what_was_seen() -> None:
    watching = many_registered()
    gone = [answer(n, when=60) for n in range(1, 7)]
    first = once(watching, *gone)
    assert (told(first), set(first.doubted)) == ([], {1, 2, 3, 4, 5, 6})
    appointment = watching.next_appointment(ONE, now=both(at(60)))
    confirming = Appointment(both(at(60)).steady, is_firm=True, purpose=Purpose.CONFIRMATION)
    assert appointment == confirming, "worth a request more"
    second = once(watching, *(answer(n, when=61) for n in range(1, 7)))
    assert (told(second), second.doubted) == ([], [])
    assert {remark.untold for remark in second.remarks} == {Untold.ONE_OF_MANY}
    assert state(watching) is ExtensionState.LOST
    appointment = watching.next_appointment(ONE, now=both(at(82)))
    assert appointment is not None
    assert appointment.at == at(91)
    assert set(watching.tick(now=at(91)).wanted) == {1, 2, 3, 4, 5, 6}
    assert (
        told(once(watching, *(answer(n, when=92) for n in range(1, 7))))
        == [(AlertName.SIGNED_OFF, Decision.FIRED)] * 6
    )
    assert state(watching) is ExtensionState.SIGNED_OFF


def test_after_a_registrars_restart_phones_return_in_their_own_time_and_are_not_told() -> None:
    watching = many_registered()
    see(watching, *(answer(n, when=60) for n in range(1, 7)))
    new = registration("uloc-new", ends=900)
    assert told(see(watching, answer(1, new, when=70))) == []
    assert told(see(watching, answer(2, new, when=71))) == [
        (AlertName.REGISTRAR_RESTARTED, Decision.FIRED)
    ]
    for number in range(3, 6):
        outcome = see(watching, answer(number, new, when=100 + number))
        assert AlertName.EXTENSION_LOST not in dict(told(outcome))
    incident = watching.incidents.get("registrar")
    assert incident is not None
    assert "6 registrations" in incident.summary
    over = see(watching, answer(6, when=620))
    assert told(over) == [(AlertName.REGISTRAR_RESTARTED, Decision.RESOLVED)]
    assert over.incidents[0].resolution == "5 of 6 are back, 1 are still out"
    assert set(over.wanted) == {6}
    last = see(watching, answer(6, when=621))
    assert told(last) == [(AlertName.EXTENSION_LOST, Decision.FIRED)]
    assert last.incidents[0].facts.reason == "forgotten"


def test_what_is_awaited_is_awaited_still_after_a_restart_of_ours() -> None:
    first = many_registered()
    see(first, *(answer(n, when=60) for n in range(1, 7)))
    for number in (5, 6):
        see(first, answer(number, registration("uloc-new", ends=900), when=65))
    second = monitor(1, incidents=tuple(first.incidents))
    second.roster.forget(second.roster.by_id[ONE])
    second.restore(first.roster.by_id[ONE], first.memory(ONE), now=at(70))
    assert AlertName.EXTENSION_LOST not in dict(told(see(second, answer(1, when=80))))
    appointment = second.next_appointment(ONE, now=both(at(560)))
    assert appointment is not None
    assert appointment.at == at(610)
    see(second, answer(1, when=620))
    outcome = see(second, answer(1, when=621))
    assert (AlertName.EXTENSION_LOST, Decision.FIRED) in told(outcome)


def test_a_glitch_that_does_not_repeat_raises_nothing() -> None:
    watching = many_registered()
    once(watching, *(answer(n, when=60) for n in range(1, 7)))
    back = once(watching, *(answer(n, registration(), when=61) for n in range(1, 7)))
    assert (told(back), kinds(back)) == ([], [])
    assert {(r.untold, r.because) for r in back.remarks} == {
        (Untold.CONFIRMED_BACK, "there 1 s after it was missing from one answer")
    }


def test_one_that_vanishes_is_asked_again_with_the_next_request() -> None:
    watching = registered_at_start()
    first = once(watching, answer(1, when=60))
    assert (told(first), first.doubted, first.touched) == ([], [ONE], {ONE: None})
    assert [remark.untold for remark in first.remarks] == [Untold.SEEN_ONCE]
    assert state(watching) is ExtensionState.REGISTERED
    appointment = watching.next_appointment(ONE, now=both(at(60)))
    assert appointment is not None
    confirming = Appointment(both(at(60)).steady, is_firm=True, purpose=Purpose.CONFIRMATION)
    assert appointment == replace(confirming, is_hurried=False)
    assert told(once(watching, answer(1, when=62))) == [(AlertName.SIGNED_OFF, Decision.FIRED)]


def test_what_was_missing_once_and_ran_out_meanwhile_had_signed_off() -> None:
    watching = registered_at_start(registration(ends=600))
    once(watching, answer(1, when=590))
    assert told(once(watching, answer(1, when=700))) == [(AlertName.SIGNED_OFF, Decision.FIRED)]


def test_who_could_not_be_asked_again_is_told_as_seen_once_while_others_are_answered() -> None:
    watching = monitor(1, 2)
    see(watching, *(answer(n, registration(ends=9000), when=0) for n in (1, 2)))
    once(watching, answer(1, when=60))
    for when in (100, 179):
        watching.observe(
            batch(answer(2, registration(ends=9000), when=when), asked=[1]), now=at(when)
        )
        assert told(watching.tick(now=at(when))) == []
    late = watching.tick(now=at(180))
    assert told(late) == [(AlertName.SIGNED_OFF, Decision.FIRED)]
    assert "seen once; it could not be asked again" in late.incidents[0].explanation


def test_while_nothing_is_answered_it_is_held_and_stands_in_that_message() -> None:
    watching = registered_at_start(registration(ends=9000))
    once(watching, answer(1, when=60))
    watching.failed(FailureReason.TIMEOUT, "", now=at(65))
    outcomes = [watching.tick(now=at(when)) for when in range(66, 900, 60)]
    incidents = [i for each in outcomes for i in each.incidents]
    assert {i.alert for i in incidents} == {AlertName.API_UNAVAILABLE}
    assert "1 were missing from the last answer, unconfirmed" in incidents[-1].explanation
    back = once(watching, answer(1, registration(ends=9000), when=900))
    assert (kinds(back), state(watching)) == ([], ExtensionState.REGISTERED)


def test_a_doubt_outlives_a_restart_of_ours() -> None:
    first = registered_at_start(registration(ends=9000))
    once(first, answer(1, when=60))
    second = restarted(first, 70)
    appointment = second.next_appointment(ONE, now=both(at(70)))
    assert appointment is not None
    assert appointment.is_firm
    assert told(once(second, answer(1, when=71))) == [(AlertName.SIGNED_OFF, Decision.FIRED)]


def test_a_few_losses_among_many_are_told_each() -> None:
    watching = many_registered(12)
    here = [answer(n, registration(), when=60) for n in range(4, 13)]
    outcome = see(watching, *(answer(n, when=60) for n in range(1, 4)), *here)
    assert [alert for alert, _ in told(outcome)] == [AlertName.SIGNED_OFF] * 3


def vanished(count: int, of: int, **policy: object) -> Monitor:
    """So many of an account's phones are gone from two answers."""
    watching = monitor(*range(1, of + 1), account=AccountPolicy(), **policy)  # type: ignore[arg-type]
    see(watching, *(answer(n, registration(ends=600), when=0) for n in range(1, of + 1)))
    here = [answer(n, registration(ends=600), when=60) for n in range(count + 1, of + 1)]
    see(watching, *(answer(n, when=60) for n in range(1, count + 1)), *here)
    return watching


def test_a_large_part_of_an_account_is_one_incident_and_nobody_is_told_singly() -> None:
    watching = vanished(12, 20)
    assert told(watching.tick(now=at(89))) == [], "it is looked at whether they come back"
    fired = watching.tick(now=at(91))
    assert told(fired) == [(AlertName.ACCOUNT_LOST, Decision.FIRED)]
    assert fired.incidents[0].summary == "12 of 20 phones of acme (60 %) vanished at once"
    late = see(watching, *(answer(n, when=700) for n in range(1, 13)))
    assert told(late) == [], "however overdue they are"
    held = [answer(n, registration(ends=600), when=710) for n in range(1, 9)]
    assert told(see(watching, *held)) == [], "who is out still is asked once more first"
    back = see(watching, *(answer(n, when=711) for n in range(9, 13)))
    assert told(back) == [(AlertName.ACCOUNT_LOST, Decision.RESOLVED)]
    assert back.incidents[0].resolution == (
        "8 of 12 are back, as they were: the PBX had left them out, 4 are still out"
    )
    assert told(see(watching, *(answer(n, when=900) for n in range(9, 13)))) == []
    alone = see(watching, *(answer(n, when=1012) for n in range(9, 13)))
    assert told(alone) == [(AlertName.EXTENSION_LOST, Decision.FIRED)] * 4


def test_if_phones_return_under_new_entries_the_registrar_has_restarted() -> None:
    watching = vanished(12, 20)
    returned = [answer(n, registration(f"uloc-n{n}", ends=900), when=80) for n in (1, 2)]
    assert told(see(watching, *returned)) == [(AlertName.REGISTRAR_RESTARTED, Decision.FIRED)]
    late = see(watching, *(answer(n, when=700) for n in range(3, 13)))
    assert told(late) == [(AlertName.ACCOUNT_LOST, Decision.ESCALATED)], "those due do not return"


# --- the list ---------------------------------------------------------------------------------


def test_one_missing_from_two_complete_lists_in_a_row_is_removed_and_its_alert_ends() -> None:
    watching = monitor(1, 2)
    see(watching, answer(1, registration(), when=0))
    see(watching, answer(1, when=60))
    assert kinds(watch(watching, listing(2), now=at(900))) == []
    assert kinds(watch(watching, listing(2, complete=False), now=at(1000))) == []
    outcome = watch(watching, listing(2), now=at(1800))
    assert kinds(outcome) == [ChangeKind.REMOVED]
    assert told(outcome) == [(AlertName.SIGNED_OFF, Decision.RESOLVED)]
    assert outcome.removed == [1]
    assert state(watching, 1) is ExtensionState.REMOVED
    assert see(watching, answer(1, registration(), when=1900)).touched == {}


def test_one_that_returns_to_the_list_in_between_is_not_removed() -> None:
    watching = monitor(1, 2)
    watch(watching, listing(2), now=at(900))
    watch(watching, listing(1, 2), now=at(1800))
    assert kinds(watch(watching, listing(2), now=at(2700))) == []


def test_one_that_is_listed_again_after_its_removal_is_new() -> None:
    watching = monitor(1, 2)
    for when in (900, 1800):
        watch(watching, listing(2), now=at(when))
    assert kinds(watch(watching, listing(1, 2), now=at(2700))) == [ChangeKind.ADDED]
    assert state(watching, 1) is ExtensionState.UNKNOWN


def test_a_new_label_is_stored() -> None:
    watching = monitor(1)
    assert watch(watching, listing(1), now=at(10)).touched == {}
    renamed = Listing((extension(1, "Petrov"),), complete=True)
    outcome = watch(watching, renamed, now=at(20))
    assert list(outcome.touched) == [1]
    assert watching.roster.by_id[ONE].site == "riga"


def test_a_site_is_found_by_address_where_no_name_gives_one() -> None:
    from ipaddress import ip_network

    sites = Sites([Site("tallinn", networks=(ip_network("203.0.113.0/24"),))])
    watching = Monitor(ACME, MonitorPolicy(EVERY_ALERT), sites)
    watch(watching, listing(2), now=at(0))
    see(watching, answer(2, registration(), when=0))
    assert watching.roster.by_id[ExtensionId(2)].site == "tallinn"
    see(watching, answer(2, registration(real="sip:198.51.100.1"), when=60))
    assert watching.roster.by_id[ExtensionId(2)].site == "tallinn"


# --- warnings before the loss -----------------------------------------------------------------


def refreshing_at_half(watching: Monitor, lease: int = 600, count: int = 12) -> float:
    """A phone that refreshes every half lease, polled each minute; returns its last refresh."""
    half = lease // 2
    for when in range(0, count * half, 60):
        refreshed = when // half * half
        see(watching, answer(1, registration(ends=refreshed + lease), when=when))
    return float((count - 1) * half)


def test_a_phone_that_dies_is_reported_before_its_lease_ends() -> None:
    watching = monitor(1)
    last = refreshing_at_half(watching)
    ends = last + 600
    outcomes = [
        see(watching, answer(1, registration(ends=ends), when=last + t))
        for t in range(300, 600, 60)
    ]
    fired = [o for o in outcomes if told(o)]
    assert told(fired[0]) == [(AlertName.REFRESH_OVERDUE, Decision.FIRED)]
    assert "usually refreshes at 50 % of 600 s" in fired[0].incidents[0].summary
    assert len(fired) == 1
    assert state(watching) is ExtensionState.OVERDUE
    lost = see(watching, answer(1, when=ends + 10))
    assert told(lost) == [(AlertName.EXTENSION_LOST, Decision.ESCALATED)]
    assert lost.incidents[0].id == fired[0].incidents[0].id


def test_a_late_refresh_takes_the_warning_back() -> None:
    watching = monitor(1)
    last = refreshing_at_half(watching)
    see(watching, answer(1, registration(ends=last + 600), when=last + 420))
    back = see(watching, answer(1, registration(ends=last + 1030), when=last + 480))
    assert told(back) == [(AlertName.REFRESH_OVERDUE, Decision.RESOLVED)]
    assert state(watching) is ExtensionState.REGISTERED


def test_a_warning_says_what_became_of_those_before_it_also_after_a_restart_of_ours() -> None:
    watching = monitor(1)
    last = refreshing_at_half(watching)
    first = see(watching, answer(1, registration(ends=last + 600), when=last + 342))
    assert told(first) == [(AlertName.REFRESH_OVERDUE, Decision.FIRED)]
    assert "Learned from 10 of its refreshes, warned from 55 % on. The PBX still" in (
        first.incidents[0].explanation
    )
    late = registration(ends=last + 945)
    back = see(watching, answer(1, late, when=last + 350))
    assert told(back) == [(AlertName.REFRESH_OVERDUE, Decision.RESOLVED)]
    again = restarted(watching, last + 360)
    see(again, answer(1, late, when=last + 660))
    (second,) = see(again, answer(1, late, when=last + 730)).incidents
    assert (
        "Learned from 11 of its refreshes, warned from 62 % on. The last such warning was "
        "taken back." in second.explanation
    )
    lost = see(again, answer(1, when=last + 950))
    assert told(lost) == [(AlertName.EXTENSION_LOST, Decision.ESCALATED)]
    assert again.record.outcomes == Outcomes(came_true=1, taken_back=1)


def test_a_lease_about_to_end_at_the_first_answer_raises_nothing_by_a_fixed_threshold() -> None:
    watching = monitor(1, lateness=LatenessPolicy(before_expiry=120.0))
    assert told(see(watching, answer(1, registration(ends=60), when=0))) == []
    later = see(watching, answer(1, registration(ends=60), when=30))
    assert told(later) == [(AlertName.REFRESH_OVERDUE, Decision.FIRED)]


def test_the_old_entry_of_a_reboot_is_not_overdue() -> None:
    watching = monitor(1)
    last = refreshing_at_half(watching)
    old = registration(ends=last + 600)
    new = registration("uloc-2", ends=last + 700, contact="sip:101@192.168.5.52:1")
    see(watching, answer(1, old, new, when=last + 120))
    assert told(see(watching, answer(1, old, new, when=last + 480))) == []


def test_a_fixed_threshold_warns_without_any_habit() -> None:
    lateness = LatenessPolicy(before_expiry=120.0)
    watching = registered_at_start(registration(ends=600), lateness=lateness)
    assert told(see(watching, answer(1, registration(ends=600), when=470))) == []
    outcome = see(watching, answer(1, registration(ends=600), when=490))
    assert told(outcome) == [(AlertName.REFRESH_OVERDUE, Decision.FIRED)]
    assert "not refreshed yet, lease ends in 1 min 50 s" in outcome.incidents[0].summary


def test_of_several_devices_the_overdue_one_is_named() -> None:
    lateness = LatenessPolicy(before_expiry=120.0)
    watching = with_two_at_start(registration(ends=600), SOFTPHONE, lateness=lateness)
    outcome = see(watching, answer(1, registration(ends=600), SOFTPHONE, when=500))
    (incident,) = outcome.incidents
    assert incident.subject == "registration:1/uloc-1"
    lost = see(watching, answer(1, SOFTPHONE, when=610))
    assert told(lost) == [(AlertName.REGISTRATION_LOST, Decision.ALTERED)]
    assert lost.incidents[0].id == incident.id


# --- over a restart ---------------------------------------------------------------------------


def restarted(watching: Monitor, when: float) -> Monitor:
    again = Monitor(ACME, watching.policy, watching.sites, incidents=tuple(watching.incidents))
    for watched in watching.roster.by_id.values():
        again.restore(watched, watching.memory(watched.extension.id), now=at(when))
    return again


def test_a_loss_during_our_own_down_time_is_found_and_dated() -> None:
    watching = registered_at_start(registration(ends=600))
    again = restarted(watching, 5000)
    assert told(again.tick(now=at(5001))) == []
    outcome = see(again, answer(1, when=5002))
    assert told(outcome) == [(AlertName.EXTENSION_LOST, Decision.FIRED)]
    facts = outcome.incidents[0].facts
    assert (facts.last_seen, facts.lease_ended) == (at(0), None), "it may have refreshed since"
    assert facts.reason == "ended_unseen"


def test_what_recovered_during_our_own_down_time_is_resolved() -> None:
    watching = registered_at_start()
    see(watching, answer(1, when=60))
    again = restarted(watching, 5000)
    outcome = see(again, answer(1, registration("uloc-7", ends=9000), when=5002))
    assert told(outcome) == [(AlertName.SIGNED_OFF, Decision.RESOLVED)]


@pytest.mark.parametrize("number", [1, 2])
def test_counts_follow_the_states(number: int) -> None:
    watching = monitor(1, 2)
    see(watching, answer(number, registration(), when=0))
    counted = {key: n for key, n in watching.roster.states.items() if n}
    site = "riga" if number == 1 else ""
    other = "" if number == 1 else "riga"
    assert counted == {(site, ExtensionState.REGISTERED): 1, (other, ExtensionState.UNKNOWN): 1}
    assert watching.roster.registrations[site] == 1


def test_names_are_shown_with_what_is_known() -> None:
    from regwatch.core.alerts.conditions import name_of
    from regwatch.core.model import Extension

    assert name_of(extension(1, "Petrov")) == "101 (Petrov)"
    assert name_of(Extension(ExtensionId(30), "")) == "id 30"


# --- who is expected, what is different somewhere -------------------------------------------

# The tests' beginning of time is a Friday, 08:00 UTC.
OFFICE = Schedule("office", frozenset(range(5)), (Hours(8 * 60, 9 * 60),), UTC)
ON_MONDAY = 3 * 86_400.0


def in_office_hours(*registrations: Registration) -> Monitor:
    made = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites(), expectations=Expectations(OFFICE))
    watch(made, listing(1), now=at(0))
    see(made, answer(1, *registrations, when=0))
    return made


def test_a_phone_lost_after_hours_is_not_told_of() -> None:
    watching = in_office_hours(registration(ends=3700))
    outcome = see(watching, answer(1, when=3710))
    assert kinds(outcome) == [ChangeKind.ENDED_UNSEEN]
    assert told(outcome) == []
    assert state(watching) is ExtensionState.UNREGISTERED
    assert watching.roster.by_id[ONE].reason == "not_expected"


def test_one_still_missing_when_its_hours_begin_is_missed_from_then_on() -> None:
    watching = in_office_hours(registration(ends=3700))
    see(watching, answer(1, when=3710))
    outcome = see(watching, answer(1, when=ON_MONDAY + 20))
    assert told(outcome) == [(AlertName.EXTENSION_LOST, Decision.FIRED)]
    (incident,) = outcome.incidents
    assert incident.started_at == at(ON_MONDAY)
    assert state(watching) is ExtensionState.LOST
    assert "expected to be registered only since then" in incident.explanation


def test_what_is_missing_when_its_hours_end_is_over_and_says_why() -> None:
    watching = in_office_hours(registration(ends=600))
    assert told(see(watching, answer(1, when=610))) == [(AlertName.EXTENSION_LOST, Decision.FIRED)]
    outcome = see(watching, answer(1, when=3601))
    assert told(outcome) == [(AlertName.EXTENSION_LOST, Decision.RESOLVED)]
    assert outcome.incidents[0].resolution == (
        "not expected to be registered now by the schedule office"
    )


def test_one_that_is_never_expected_may_never_register() -> None:
    never = Expectations(False)
    watching = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites(), expectations=never)
    watch(watching, listing(1), now=at(0))
    assert told(see(watching, answer(1, when=0))) == []
    assert told(see(watching, answer(1, when=8000))) == []


def test_a_site_whose_phones_go_home_is_not_out() -> None:
    numbers = range(1, 11)
    policy = MonitorPolicy(EVERY_ALERT, outages=OutagePolicy())
    sites = Sites([Site("riga", extensions=("*",))])
    watching = Monitor(ACME, policy, sites, expectations=Expectations(OFFICE))
    watch(watching, listing(*numbers), now=at(0))
    for number in numbers:
        see(watching, answer(number, registration(f"uloc-{number}", ends=3500), when=0))
    # They refresh once more, and are gone after the hours.
    for number in numbers:
        see(watching, answer(number, registration(f"uloc-{number}", ends=3700), when=3000))
    outcomes = [see(watching, answer(number, when=3710 + number)) for number in numbers]
    assert [told(outcome) for outcome in outcomes] == [[]] * 10


def test_an_alert_may_be_off_or_later_for_some() -> None:
    later = AlertPolicy(Severity.INFO, hold_for=60.0)
    overrides = (
        Override(Matchers.of({"extension": "101"}), {AlertName.EXTENSION_LOST: later}),
        Override(Matchers.of({"extension": "102"}), {AlertName.EXTENSION_LOST: None}),
    )
    watching = monitor(1, 2, 3, overrides=overrides)
    for number in (1, 2, 3):
        see(watching, answer(number, registration(f"uloc-{number}"), when=0))
    decided = [told(see(watching, answer(number, when=601))) for number in (1, 2, 3)]
    assert decided == [
        [(AlertName.EXTENSION_LOST, Decision.FIRST_SEEN)],
        [],
        [(AlertName.EXTENSION_LOST, Decision.FIRED)],
    ]
    assert told(watching.tick(now=at(661))) == [(AlertName.EXTENSION_LOST, Decision.FIRED)]


def test_an_incident_is_acknowledged_by_its_id() -> None:
    watching = registered_at_start(registration())
    (incident,) = see(watching, answer(1, when=601)).incidents
    outcome = watching.acknowledge(incident.id, "anna", "", now=at(700))
    assert outcome is not None
    assert told(outcome) == [(AlertName.EXTENSION_LOST, Decision.ACKNOWLEDGED)]
    assert watching.acknowledge(IncidentId("none"), "anna", "", now=at(700)) is None


def test_time_brings_the_end_of_a_silence() -> None:
    stretch = Stretch(at(0), at(900))
    mutes = Mutes([Maintenance(name="1", matchers=Matchers(), when=stretch)])
    watching = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites(), mutes=mutes)
    watch(watching, listing(1), now=at(0))
    see(watching, answer(1, registration(), when=0))
    (incident,) = see(watching, answer(1, when=601)).incidents
    assert incident.silenced_by == "maintenance 1"
    assert told(watching.tick(now=at(899))) == []
    assert told(watching.tick(now=at(900))) == [(AlertName.EXTENSION_LOST, Decision.UNSILENCED)]
