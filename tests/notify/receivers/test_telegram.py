"""Telegram's bot: where it writes, what counts towards its limit, its own words for a refusal."""

from dataclasses import replace as with_changes

import pytest
import structlog
from fakes.chats import telegram_text, utf16
from fakes.kinds import REST, SPOKEN, deliver, sent
from fakes.notifications import mixed
from fakes.receivers import serving
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.receivers.telegram import (
    TelegramSettings,
    TelegramShape,
    escape,
    moved_to,
    settings_of,
    shown,
)
from regwatch.notify.words.markup import ZERO_WIDTH_SPACE
from regwatch.notify.words.templates import OwnWords, Template

TOKEN = "123456:secret"


async def test_telegram_writes_to_a_topic_if_told():
    message = await sent("telegram", mixed(), message_thread_id=42)
    assert (message["chat_id"], message["message_thread_id"]) == ("-100123", 42)
    assert "message_thread_id" not in await sent("telegram", mixed())


async def test_telegrams_limit_is_kept_to_the_character():
    """Counted without tags, and an emoji as two."""
    whole = utf16(telegram_text((await sent("telegram", mixed(), own=own("<b>&amp;</b>")))["text"]))
    for more, fits in ((4096 - whole, True), (4097 - whole, False)):
        message = await sent("telegram", mixed(), own=own("<b>&amp;</b>" + "x" * more))
        assert ("The text of the template is too long" in message["text"]) is not fits
        assert not fits or utf16(telegram_text(message["text"])) == 4096


def own(body: str) -> OwnWords:
    return OwnWords(body=Template(body))


@pytest.mark.parametrize(
    ("settings", "error"),
    [({"chat_id": "7"}, "400: .*chat not found"), ({"token": "1:x"}, "401: .*Unauthorized")],
)
async def test_telegrams_own_words_are_passed_on(settings, error):
    async with serving(SPOKEN["telegram"].fake()) as service:
        chosen = replaced("telegram", service.url, **settings)
        with pytest.raises(ReceiverRefusedError, match=error):
            await deliver(chosen, service, mixed())


async def test_a_group_that_became_a_supergroup_is_followed_and_said():
    async with serving(SPOKEN["telegram"].fake()) as service:
        service.moved, service.chats = {"-100123": -1009}, ("-1009",)
        with structlog.testing.capture_logs() as logs:
            await deliver(replaced("telegram", service.url), service, mixed())
    assert service.taken[-1]["chat_id"] == "-1009"
    assert [(line["event"], line["chat_id"]) for line in logs] == [
        ("telegram_group_moved", "-1009")
    ]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{}",
        '{"parameters": 7}',
        '{"parameters": {"migrate_to_chat_id": "x"}}',
        '{"parameters": {"migrate_to_chat_id": true}}',
    ],
)
def test_what_says_nothing_of_a_move_is_none(answer):
    assert moved_to(answer) is None


def replaced(kind: str, url: str, **more):
    """The kind with other settings than those its fake expects."""
    usual = SPOKEN[kind].settings(url)
    return with_changes(SPOKEN[kind], settings=lambda _url: with_changes(usual, **more))


@pytest.mark.parametrize(
    ("marked", "counted"),
    [
        ("<b>101</b> is lost", "101 is lost"),
        ("a &amp; b", "a & b"),
        ("&amp;lt;", "&lt;"),
        ('<a href="https://r.example/?a=1&amp;b=2">101</a>', "101"),
    ],
)
def test_tags_do_not_count_and_an_entity_does_as_what_it_stands_for(marked, counted):
    assert shown(marked) == counted == telegram_text(marked)


@given(st.text() | st.text("<>&;@\"'abl#", max_size=20))
def test_any_text_is_shown_as_it_is_but_for_mentions_taken_apart(text):
    assert shown(escape(text)) == text.replace("@", "@" + ZERO_WIDTH_SPACE)


@pytest.mark.parametrize("chat_id", [-100123, "-100123", "@regwatch"])
def test_a_chat_is_a_number_or_a_name(chat_id):
    shape = TelegramShape.model_validate({"token": TOKEN, "chat_id": chat_id})
    assert settings_of(shape, REST) == TelegramSettings(
        TOKEN, str(chat_id), external_url="https://r"
    )


@pytest.mark.parametrize("chat_id", [True, 1.5, "", None])
def test_what_is_no_chat_is_said(chat_id):
    with pytest.raises(ValidationError, match="chat_id"):
        TelegramShape.model_validate({"token": TOKEN, "chat_id": chat_id})


def test_the_file_s_words_become_settings():
    shape = TelegramShape.model_validate(
        {
            "token": TOKEN, "chat_id": "7", "message_thread_id": 42, "url": "https://own.example",
            "timeout": "5s",
        }
    )  # fmt: skip
    assert settings_of(shape, REST) == TelegramSettings(
        TOKEN, "7", 42, "https://own.example", 5.0, "https://r"
    )
