"""What a template can use, under the names that are checked."""

import pytest
from fakes.notifications import NOW, all_new, lost, mixed, phones_lost

from regwatch.notify.trial import trial_notification
from regwatch.notify.words.template_context import NAMES, template_context
from regwatch.notify.words.webhook_body import payload


@pytest.mark.parametrize("note", [mixed(), trial_notification("chat", NOW)])
def test_the_names_that_are_checked_are_those_there_are(note):
    assert template_context(note).keys() == NAMES


def test_alerts_are_told_by_what_they_are_to_the_receiver_with_words():
    context = template_context(mixed(), external_url="https://r.example")
    assert [len(context[status]) for status in ("new", "still", "resolved")] == [3, 2, 1]
    assert context["new"][0]["words"] == {
        "who": "101 (Reception)",
        "where": "riga",
        "what": "extension lost",
        "when": "since 03:12:00 UTC (2 min 5 s)",
        "details": [
            "Yealink SIP-T46G 28.72.14.5",
            "last at 203.0.113.7",
            "lease ran out without a refresh",
            "seen 12 s after the lease ended",
        ],
    }
    assert context["new"][0]["generatorURL"] == "https://r.example/incidents/0000000000000065"
    assert template_context(all_new([lost()]))["severity"] == "critical"


def test_it_is_the_body_of_a_webhook_and_more():
    context = template_context(mixed(), external_url="https://r.example", max_alerts=4)
    body = payload(mixed(), external_url="https://r.example", max_alerts=4)
    told = [{k: v for k, v in each.items() if k != "words"} for each in context["alerts"]]
    assert {**{name: context[name] for name in body}, "alerts": told} == body
    assert (context["reason"], context["id"]) == ("new_incidents", "n-1")


def test_what_is_left_out_is_left_out_everywhere():
    context = template_context(phones_lost(9), max_alerts=2)
    assert len(context["alerts"]) == len(context["new"]) == 2
    assert context["truncatedAlerts"] == 7
