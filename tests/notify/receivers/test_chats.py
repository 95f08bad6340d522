"""What is each chat's own: where it writes, what it adds, how it fails."""

from dataclasses import replace as with_changes

import pytest
from fakes.chats import FakeTeams, telegram_text, utf16
from fakes.kinds import SPOKEN, deliver
from fakes.notifications import (
    NEW,
    RESOLVED,
    all_new,
    api_unavailable,
    lost,
    mixed,
    notification,
    overdue,
    phones_lost,
    resolved,
)
from fakes.receivers import Canned, serving
from msgspec.structs import replace

from regwatch.core.model import Severity
from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.receivers.discord import DiscordSettings, address
from regwatch.notify.receivers.ntfy import NtfySettings
from regwatch.notify.words.templates import OwnWords, Template

INFO = all_new([replace(lost(), severity=Severity.INFO)])
WARNING = all_new([overdue()])
CRITICAL = all_new([api_unavailable()])
OVER = notification((RESOLVED, resolved(lost())))


async def sent(kind: str, note, **settings) -> dict:
    async with serving(SPOKEN[kind].fake()) as service:
        await deliver(SPOKEN[kind], service, note, **settings)
    (message,) = service.taken
    return message


@pytest.mark.parametrize(
    ("note", "bar", "mark", "priority", "tag", "style"),
    [
        (CRITICAL, "#c62828", "🔴", 5, "rotating_light", "attention"),
        (WARNING, "#ef8f00", "🟠", 4, "warning", "warning"),
        (INFO, "#1565c0", "🔵", 3, "information_source", "accent"),
        (OVER, "#2e7d32", "🟢", 3, "white_check_mark", "good"),
    ],
    ids=["critical", "warning", "info", "resolved"],
)
async def test_how_bad_it_is_is_seen_at_a_glance(note, bar, mark, priority, tag, style):
    assert (await sent("slack", note))["attachments"][0]["color"] == bar
    assert (await sent("mattermost", note))["attachments"][0]["color"] == bar
    assert (await sent("discord", note))["embeds"][0]["color"] == int(bar[1:], 16)
    assert (await sent("telegram", note))["text"].startswith(f"{mark} <b>")
    push = await sent("ntfy", note)
    assert (push["priority"], push["tags"]) == (priority, [tag])
    card = (await sent("teams", note))["attachments"][0]["content"]
    assert card["body"][0]["style"] == style


@pytest.mark.parametrize("kind", ["mattermost", "slack"])
async def test_an_answer_other_than_ok_is_no_success(kind):
    async with serving(SPOKEN[kind].fake()) as service:
        service.script.append(Canned(200, "<html>a proxy's page</html>"))
        with pytest.raises(ReceiverRefusedError, match="answer, 200: <html>a proxy's page"):
            await deliver(SPOKEN[kind], service, mixed())


async def test_mattermost_writes_to_another_channel_if_told():
    assert (await sent("mattermost", mixed(), channel="noc"))["channel"] == "noc"
    assert "channel" not in await sent("mattermost", mixed())


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


def replaced(kind: str, url: str, **more):
    """The kind with other settings than those its fake expects."""
    usual = SPOKEN[kind].settings(url)
    return with_changes(SPOKEN[kind], settings=lambda _url: with_changes(usual, **more))


async def test_discord_writes_to_a_thread_if_told_and_always_waits():
    async with serving(SPOKEN["discord"].fake()) as service:
        await deliver(SPOKEN["discord"], service, mixed(), thread_id="77")
    assert dict(service.requests[0].query) == {"wait": "true", "thread_id": "77"}


def test_what_is_no_url_stays_as_it_is():
    assert address(DiscordSettings(url="http://[::bad")) == "http://[::bad"


async def test_discords_title_is_cut_before_it_is_escaped():
    message = await sent("discord", all_new([replace(lost(), summary="*" * 500)]))
    title = message["embeds"][0]["title"]
    assert title.endswith(r"\*…")
    assert len(title) in (255, 256)


async def test_ntfy_opens_the_status_page_and_adds_tags():
    message = await sent("ntfy", mixed(), external_url="https://r.example", tags=("phone",))
    assert message["click"] == "https://r.example"
    assert message["tags"] == ["rotating_light", "phone"]
    assert "click" not in await sent("ntfy", mixed())


async def test_ntfys_message_never_becomes_an_attachment():
    message = await sent("ntfy", phones_lost(500))
    assert len(message["message"].encode()) <= 4096
    assert "… and 470 more new, not listed here" in message["message"]


def test_ntfys_topic_is_a_secret():
    assert "hidden" not in repr(NtfySettings(topic="hidden"))


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
    assert all(url.startswith("https://r.example/#incident-") for url in urls)


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
