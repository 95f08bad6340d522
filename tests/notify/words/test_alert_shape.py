"""An incident in the words of Alertmanager."""

import re
from dataclasses import replace as replace_in
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from fakes.notifications import NOW, lost, resolved
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch import runbooks
from regwatch.core.model import AlertName, IncidentState
from regwatch.notify.words.alert_shape import Around, annotations, common, is_resolved, labels

AROUND = Around("", UTC, NOW)
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
MAPPINGS = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(["1", "2"])), max_size=4
)


@pytest.mark.parametrize(
    ("name", "there"),
    [("team", "team"), ("on-call", "on_call"), ("1st team", "_1st_team"), ("équipe", "_quipe")],
)
def test_a_label_of_a_site_takes_a_name_that_prometheus_knows(name, there):
    assert labels(replace(lost(), site_labels={name: "ops"}))[there] == "ops"


@given(st.dictionaries(st.text(min_size=1, max_size=6), st.text(max_size=4), max_size=4))
def test_every_name_is_one_and_no_value_is_empty(site_labels):
    shaped = labels(replace(lost(), site_labels=site_labels))
    assert all(LABEL_NAME.fullmatch(name) for name in shaped)
    assert all(shaped.values())


def test_texts_that_are_empty_are_left_out():
    bare = replace(lost(), summary="", explanation="")
    assert annotations(bare, AROUND) == {
        "summary": "CRITICAL 101 lost at riga (Reception) since 03:12 UTC",
        "what_to_do": runbooks.advice(AlertName.EXTENSION_LOST),
    }


def test_texts_say_what_is_wrong_and_what_to_do_and_where_that_stands():
    around = replace_in(AROUND, external_url="https://r.example/", zone=ZoneInfo("Europe/Riga"))
    told = annotations(lost(), around)
    assert told["summary"] == "CRITICAL 101 lost at riga (Reception) since 05:12 EET"
    assert told["description"].startswith("101 (Reception) lost its registration at riga: ")
    assert told["runbook_url"] == "https://r.example/help/RegwatchExtensionLost"
    assert "what_to_do" not in annotations(resolved(lost()), around)


@pytest.mark.parametrize("state", IncidentState)
def test_only_what_is_over_is_resolved(state):
    assert is_resolved(replace(resolved(lost()), state=state)) is (state == "resolved")


@given(MAPPINGS)
def test_common_is_what_all_have_with_the_same_value(mappings):
    shared = common(mappings)
    everything = [item for mapping in mappings for item in mapping.items()]
    assert set(shared.items()) == {
        item for item in everything if all(item in mapping.items() for mapping in mappings)
    }
