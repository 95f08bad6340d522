"""Microsoft Teams: an Adaptive Card, its size, and failures that look like success."""

import pytest
from fakes.chats import FakeTeams
from fakes.kinds import REST, SPOKEN, deliver, sent
from fakes.notifications import NEW, all_new, lost, mixed, notification
from fakes.receivers import Canned, serving
from hypothesis import given
from hypothesis import strategies as st

from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.http import Reply
from regwatch.notify.receivers.teams import (
    FAILED,
    OWN_LIMIT,
    SIZE_LIMIT,
    TeamsSettings,
    TeamsShape,
    payload,
    refusal,
    settings_of,
    size,
)
from regwatch.notify.words.composition import Composed

URL = "https://flow.example/invoke?sig=secret"


async def test_a_card_links_to_the_page_and_to_each_incident():
    message = await sent("teams", mixed(), external_url="https://r.example")
    card = message["attachments"][0]["content"]
    assert card["actions"][0]["url"] == "https://r.example"
    urls = [
        run["selectAction"]["url"]
        for element in card["body"]
        for run in element.get("inlines", [])
        if "selectAction" in run
    ]
    assert len(urls) == 6
    assert all(url.startswith("https://r.example/incidents/") for url in urls)


async def test_a_failure_that_teams_reports_with_200_is_one():
    async with serving(FakeTeams()) as service:
        text = "Webhook message delivery failed with error: Microsoft Teams endpoint returned 413"
        service.script.append(Canned(200, text))
        with pytest.raises(ReceiverRefusedError, match="delivery failed"):
            await deliver(SPOKEN["teams"], service, mixed())


async def test_no_text_of_a_card_is_read_as_markdown():
    """Text runs are not; the one that a template writes is meant to be."""
    message = await sent("teams", notification((NEW, lost(label="**x** [y](http://z)"))))
    elements = message["attachments"][0]["content"]["body"]
    assert {element["type"] for element in elements} == {"Container", "RichTextBlock"}


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (202, "", ""),
        (200, "1", ""),
        (200, f"{FAILED} with error: 413", f"{FAILED} with error: 413"),
        (202, f"not so: {FAILED}", ""),
    ],
    ids=["the flow began", "the former kind took it", "it did not", "the words elsewhere"],
)
def test_success_is_any_answer_that_does_not_begin_with_a_failure(status, body, said):
    assert refusal(Reply(status, body)) == said


@pytest.mark.parametrize(
    ("text", "bytes_of_it"), [("", 4), ("101", 10), ("ü", 6), ("🔥", 8), ('"', 8), ("\n", 8)]
)
def test_a_character_counts_as_two_bytes_or_four(text, bytes_of_it):
    assert size(text) == bytes_of_it


@given(st.text(max_size=400), st.text('ü🔥"\n ', max_size=40), st.integers(1, 2000))
def test_words_of_one_s_own_fit_into_the_card(title, body, times):
    message = payload(Composed(all_new([lost()]), title, body * times), external_url="https://r")
    _, block = message["attachments"][0]["content"]["body"]
    assert (block["type"], block["wrap"]) == ("TextBlock", True)
    assert size(block["text"]) <= OWN_LIMIT
    assert size(message) <= SIZE_LIMIT


def test_a_note_stands_below_what_is_listed():
    message = payload(Composed(all_new([lost()]), "101 is lost", note="The template failed"))
    last = message["attachments"][0]["content"]["body"][-1]
    assert [run["text"] for run in last["inlines"]] == ["The template failed"]


def test_the_file_s_words_become_settings():
    shape = TeamsShape.model_validate({"url": URL, "timeout": "5s"})
    assert settings_of(shape, REST) == TeamsSettings(URL, 5.0, "https://r")


def test_the_settings_defaults_are_the_file_s():
    shape = TeamsShape.model_validate({"url": URL})
    assert settings_of(shape, REST) == TeamsSettings(URL, external_url="https://r")
