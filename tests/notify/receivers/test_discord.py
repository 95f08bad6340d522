"""Discord's webhook: its thread, its address, its title."""

import pytest
from fakes.chats import utf16
from fakes.kinds import REST, SPOKEN, deliver, sent
from fakes.notifications import NOW, all_new, lost, mixed
from fakes.receivers import serving
from hypothesis import given
from hypothesis import strategies as st

from regwatch.notify.receivers.discord import (
    DESCRIPTION_LIMIT,
    TITLE_LIMIT,
    DiscordSettings,
    DiscordShape,
    address,
    payload,
    settings_of,
)
from regwatch.notify.words.composition import Composed
from regwatch.notify.words.templates import OwnWords, Template

URL = "https://discord.example/api/webhooks/1/secret"


async def test_discord_writes_to_a_thread_if_told_and_always_waits():
    async with serving(SPOKEN["discord"].fake()) as service:
        await deliver(SPOKEN["discord"], service, mixed(), thread_id="77")
    assert dict(service.requests[0].query) == {"wait": "true", "thread_id": "77"}


def test_what_is_no_url_stays_as_it_is():
    assert address(DiscordSettings(url="http://[::bad")) == "http://[::bad"


async def test_discords_title_is_cut_before_it_is_escaped():
    own = OwnWords(title=Template("*" * 500))
    message = await sent("discord", all_new([lost()]), own=own)
    title = message["embeds"][0]["title"]
    assert title.endswith(r"\*…")
    assert len(title) in (255, 256)


@pytest.mark.parametrize(
    ("url", "thread_id", "asked"),
    [
        (URL, "", f"{URL}?wait=true"),
        (URL, "77", f"{URL}?wait=true&thread_id=77"),
        (f"{URL}?wait=false", "", f"{URL}?wait=true"),
        (f"{URL}?thread_id=5", "", f"{URL}?thread_id=5&wait=true"),
        (f"{URL}?thread_id=5", "77", f"{URL}?thread_id=77&wait=true"),
    ],
    ids=["alone", "a thread", "told not to wait", "a thread in the URL", "two threads"],
)
def test_the_address_says_to_wait_and_the_settings_win(url, thread_id, asked):
    assert address(DiscordSettings(url, thread_id)) == asked


@given(st.text(), st.none() | st.text(max_size=5000))
def test_words_of_any_length_fit_into_the_embed(title, body):
    (embed,) = payload(Composed(all_new([lost()]), title, body))["embeds"]
    assert utf16(embed["title"]) <= TITLE_LIMIT
    assert utf16(embed["description"]) <= DESCRIPTION_LIMIT


def test_the_embed_bears_the_message_s_time_and_pings_nobody():
    message = payload(Composed(all_new([lost()], created_at=NOW), "101 is lost"))
    assert message["embeds"][0]["timestamp"] == "2026-11-23T03:14:05.000Z"
    assert message["allowed_mentions"] == {"parse": []}


def test_the_file_s_words_become_settings():
    shape = DiscordShape.model_validate({"url": URL, "thread_id": "77", "timeout": "5s"})
    assert settings_of(shape, REST) == DiscordSettings(URL, "77", 5.0, "https://r")


def test_the_settings_defaults_are_the_file_s():
    shape = DiscordShape.model_validate({"url": URL})
    assert settings_of(shape, REST) == DiscordSettings(URL, external_url="https://r")
