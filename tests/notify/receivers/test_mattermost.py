"""Mattermost's incoming webhook: its channel, its answer, whom a text mentions."""

import pytest
from fakes.chats import mentions
from fakes.kinds import REST, sent
from fakes.notifications import all_new, lost, mixed
from hypothesis import given
from hypothesis import strategies as st

from regwatch.notify.http import Reply
from regwatch.notify.receivers.mattermost import (
    TITLE_LIMIT,
    MattermostSettings,
    MattermostShape,
    escape,
    refusal,
    settings_of,
)
from regwatch.notify.words.markup import ZERO_WIDTH_SPACE
from regwatch.notify.words.templates import OwnWords, Template

URL = "https://chat.example/hooks/secret"


async def test_mattermost_writes_to_another_channel_if_told():
    assert (await sent("mattermost", mixed(), channel="noc"))["channel"] == "noc"
    assert "channel" not in await sent("mattermost", mixed())


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, "ok", ""),
        (200, " ok\n", ""),
        (200, "", "not Mattermost's answer, 200: "),
        (204, "OK", "not Mattermost's answer, 204: OK"),
        (200, "it is ok", "not Mattermost's answer, 200: it is ok"),
    ],
)
def test_success_is_the_word_ok_alone(status, body, said):
    assert refusal(Reply(status, body)) == said


async def test_the_first_line_is_cut_before_it_is_escaped():
    own = OwnWords(title=Template("*" * 500))
    message = await sent("mattermost", all_new([lost()]), own=own)
    title = message["text"].removeprefix("**").removesuffix("**")
    assert title.endswith(r"\*…")
    assert len(title) in (TITLE_LIMIT - 1, TITLE_LIMIT)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("#5 on floor 2", r"\#5 on floor 2"),
        ("@all", f"@{ZERO_WIDTH_SPACE}all"),
        ("*a* [b](c)", r"\*a\* \[b\](c)"),
        ("Desk 5", "Desk 5"),
    ],
    ids=["hashtag", "mention", "Markdown", "plain"],
)
def test_a_label_is_neither_a_hashtag_nor_a_mention_nor_markdown(text, escaped):
    assert escape(text) == escaped


@given(st.text("@alchneryo:.-_\\* ", max_size=40))
def test_no_text_mentions_anybody_at_mattermost(text):
    assert not mentions(escape(text))


def test_the_file_s_words_become_settings():
    shape = MattermostShape.model_validate({"url": URL, "channel": "noc", "timeout": "5s"})
    assert settings_of(shape, REST) == MattermostSettings(URL, "noc", 5.0, "https://r")


def test_the_settings_defaults_are_the_file_s():
    shape = MattermostShape.model_validate({"url": URL})
    assert settings_of(shape, REST) == MattermostSettings(URL, external_url="https://r")
