"""The body of a webhook: version 4 of Alertmanager's, and what it has no place for."""

from datetime import UTC

import pytest
from fakes.notifications import (
    NEW,
    NOW,
    RESOLVED,
    STILL,
    all_new,
    api_unavailable,
    lost,
    notification,
    overdue,
    phones_lost,
    resolved,
)
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch.notify.words.alert_shape import Around
from regwatch.notify.words.webhook_body import NOT_YET, alert, kept, payload, regwatch_object

AROUND = Around("", UTC, NOW)


def test_500_lost_phones_say_how_many_are_left_out():
    body = payload(phones_lost(500), max_alerts=100)
    assert len(body["alerts"]) == 100
    assert body["truncatedAlerts"] == 400
    assert len(payload(phones_lost(500))["alerts"]) == 500


def test_what_the_receiver_knows_already_is_left_out_first():
    note = notification(
        (NEW, lost(1)), (STILL, lost(2)), (STILL, lost(3)), (RESOLVED, resolved(lost(4)))
    )
    kept = payload(note, max_alerts=2)["alerts"]
    assert [alert["regwatch"]["extension_id"] for alert in kept] == [1, 4]


def test_common_labels_are_what_all_have():
    body = payload(all_new([lost(1), lost(2), api_unavailable()]))
    assert body["commonLabels"] == {"severity": "critical", "account": "acme"}
    assert body["commonAnnotations"] == {}
    assert payload(notification())["commonLabels"] == {}


def test_all_resolved_is_resolved():
    assert payload(notification((RESOLVED, resolved(lost()))))["status"] == "resolved"


@given(st.lists(st.sampled_from([NEW, STILL, RESOLVED]), max_size=12), st.integers(0, 15))
def test_so_many_as_are_wanted_are_kept_and_news_before_all_else(statuses, most):
    note = notification(*((status, lost(n)) for n, status in enumerate(statuses)))
    found = [item.status for item in kept(note, most)]
    assert len(found) == (min(most, len(statuses)) if most else len(statuses))
    assert found.count(NEW) == min(statuses.count(NEW), len(found))


def test_what_fires_has_no_end_and_what_is_over_has_one():
    firing, over = alert(lost(), AROUND), alert(resolved(lost()), AROUND)
    assert (firing["status"], firing["endsAt"]) == ("firing", NOT_YET)
    assert (over["status"], over["endsAt"]) == ("resolved", "2026-11-23T03:14:04.000Z")
    assert firing["fingerprint"] == over["fingerprint"], "the same through its life"


def test_a_link_needs_an_address_that_others_can_open():
    assert alert(lost(), AROUND)["generatorURL"] == ""
    assert alert(lost(), Around("https://r.example/", UTC, NOW))["generatorURL"] == (
        "https://r.example/incidents/0000000000000065"
    )


@pytest.mark.parametrize(
    ("incident", "state", "previous"),
    [
        (lost(), "lost", "registered"),
        (overdue(), "overdue", "registered"),
        (resolved(lost()), None, "registered"),
        (api_unavailable(), None, None),
    ],
    ids=["lost", "overdue", "over: nobody says what it is now", "of no extension"],
)
def test_the_state_it_is_in_and_was_in(incident, state, previous):
    body = regwatch_object(incident)
    assert (body["state"], body["previous_state"]) == (state, previous)


def test_what_may_come_again_says_so_and_nothing_else_does():
    note = all_new([lost()])
    marked = replace(note, possibly_repeated=True)
    said = [payload(each)["alerts"][0]["regwatch"] for each in (note, marked)]
    assert "possibly_repeated" not in said[0]
    assert said[1] == {**said[0], "possibly_repeated": True}


def test_what_nobody_acknowledged_says_for_how_long():
    note = all_new([lost()])
    escalated = replace(note, unacknowledged_for=900.0)
    said = [payload(each)["alerts"][0]["regwatch"] for each in (note, escalated)]
    assert said[1] == {**said[0], "unacknowledged_seconds": 900.0}


def test_numbers_are_numbers_times_are_times_and_what_is_unknown_is_null():
    body = regwatch_object(lost())
    assert (body["extension_id"], body["detection_lag_seconds"]) == (101, 12.0)
    assert body["lease_ended"] == "2026-11-23T03:12:00.000Z"
    assert regwatch_object(overdue())["lease_ended"] is None
    assert regwatch_object(api_unavailable())["extension_id"] is None
