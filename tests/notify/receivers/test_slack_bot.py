"""A group's message kept up to date, its thread, and what is remembered over restarts."""

import json
from pathlib import Path

import aiohttp
import pytest
from fakes.chats import FakeSlackApi
from fakes.notifications import NEW, NOW, RESOLVED, STILL, lost, notification, resolved
from fakes.receivers import Canned, serving
from msgspec.structs import replace

from regwatch.core.model import NotifyReason
from regwatch.notify.errors import ReceiverRefusedError, ReceiverUnavailableError
from regwatch.notify.memo import MemoryMemo
from regwatch.notify.receivers.slack_bot import SlackBotReceiver, SlackBotSettings
from regwatch.notify.trial import trial_notification
from regwatch.store import Store

TOKEN = "xoxb-slackbotsecret"


def note(number: int, reason: NotifyReason, *items, group: str = "g"):
    made = notification(*(items or ((NEW, lost(101)),)), number=number, reason=reason)
    return replace(made, group_key=group)


FIRST = note(1, NotifyReason.FIRST_SEEN)
MORE = note(2, NotifyReason.NEW_INCIDENTS, (NEW, lost(102)), (STILL, lost(101)))
SOME_BACK = note(3, NotifyReason.SOME_RESOLVED, (STILL, lost(102)), (RESOLVED, resolved(lost(101))))
REMINDER = note(4, NotifyReason.REPEAT_DUE, (STILL, lost(102)))
OVER = note(5, NotifyReason.ALL_RESOLVED, (RESOLVED, resolved(lost(102))))
AGAIN = note(6, NotifyReason.FIRST_SEEN, (NEW, lost(103)))


async def tell(slack: FakeSlackApi, *notes, memo=None, token: str = TOKEN, **more) -> None:
    async with aiohttp.ClientSession() as session:
        settings = SlackBotSettings(token=token, channel="#alerts", url=slack.api, **more)
        bot = SlackBotReceiver("chat", settings, session, memo or MemoryMemo(), clock=lambda: NOW)
        for each in notes:
            await bot.deliver(each)


async def test_one_message_per_group_changed_in_place_with_its_story_in_the_thread():
    async with serving(FakeSlackApi()) as slack:
        await tell(slack, FIRST, MORE, SOME_BACK, REMINDER, OVER)
    (root,) = slack.roots()
    assert root["text"].startswith("RESOLVED ")
    assert root["attachments"][0]["color"] == "#2e7d32"
    assert [reply["text"][:10] for reply in slack.replies()] == [
        "CRITICAL r", "CRITICAL 1", "CRITICAL 1", "RESOLVED 1",
    ]  # fmt: skip
    assert slack.calls == ["chat.postMessage"] + ["chat.update", "chat.postMessage"] * 4


async def test_what_needs_eyes_is_shown_in_the_channel_too():
    async with serving(FakeSlackApi()) as slack:
        await tell(slack, FIRST, MORE, SOME_BACK, REMINDER, OVER)
    shown = [reply.get("reply_broadcast", False) for reply in slack.replies()]
    assert shown == [True, False, True, False]


async def test_the_next_outage_begins_a_new_message():
    async with serving(FakeSlackApi()) as slack:
        await tell(slack, FIRST, OVER, AGAIN)
        await tell(slack, FIRST, AGAIN)  # the resolve was never told
    assert len(slack.roots()) == 4


async def test_after_the_end_a_message_for_whatever_reason_begins_anew():
    async with serving(FakeSlackApi()) as slack:
        await tell(slack, FIRST, OVER, REMINDER)
    assert len(slack.roots()) == 2


async def test_groups_have_messages_of_their_own():
    other = replace(FIRST, group_key="other", id="other")
    async with serving(FakeSlackApi()) as slack:
        await tell(slack, FIRST, other, MORE)
    assert len(slack.roots()) == 2
    assert len(slack.replies()) == 1


async def test_a_restart_goes_on_in_the_same_message(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'regwatch.db'}"
    async with serving(FakeSlackApi()) as slack:
        for each in (FIRST, MORE, OVER):
            store = await Store.open(url, clock=lambda: NOW)
            await tell(slack, each, memo=store.memos)
            await store.close()
    assert len(slack.roots()) == 1
    assert len(slack.replies()) == 2


async def test_a_notification_that_was_told_is_not_told_again():
    """The process ended between the answer and the mark in the outbox."""
    memo = MemoryMemo()
    async with serving(FakeSlackApi()) as slack:
        for each in (FIRST, FIRST, MORE, MORE, OVER, OVER):
            await tell(slack, each, memo=memo)
    assert len(slack.messages) == 3


async def test_a_retry_after_half_of_it_says_nothing_twice():
    memo = MemoryMemo()
    async with serving(FakeSlackApi()) as slack:
        await tell(slack, FIRST, memo=memo)
        slack.script += [Canned(200, '{"ok": true}'), Canned(429, "", {"Retry-After": "3"})]
        with pytest.raises(ReceiverUnavailableError) as caught:
            await tell(slack, MORE, memo=memo)
        await tell(slack, MORE, memo=memo)
    assert caught.value.retry_after == 3
    assert len(slack.messages) == 2


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_a_message_that_cannot_be_changed_is_followed_by_a_new_one(code):
    memo = MemoryMemo()
    async with serving(FakeSlackApi()) as slack:
        await tell(slack, FIRST, memo=memo)
        slack.script.append(Canned(200, json.dumps({"ok": False, "error": code})))
        await tell(slack, MORE, OVER, memo=memo)
    assert len(slack.roots()) == 2
    assert slack.replies()[0]["thread_ts"] == list(slack.messages)[1]


@pytest.mark.parametrize(
    ("code", "retryable"),
    [
        ("invalid_auth", False),
        ("channel_not_found", False),
        ("not_in_channel", False),
        ("is_archived", False),
        ("msg_too_long", False),
        ("ratelimited", True),
        ("internal_error", True),
        ("fatal_error", True),
        ("service_unavailable", True),
    ],
)
async def test_slacks_errors_are_told_from_one_another(code, retryable):
    async with serving(FakeSlackApi()) as slack:
        await tell(slack, FIRST, memo=(memo := MemoryMemo()))
        for each in (FIRST, MORE):
            slack.script.append(Canned(200, json.dumps({"ok": False, "error": code})))
            expected = ReceiverUnavailableError if retryable else ReceiverRefusedError
            with pytest.raises(expected, match=code):
                await tell(slack, each, memo=memo if each is MORE else None)


async def test_the_token_is_checked_and_never_shown():
    async with serving(FakeSlackApi()) as slack:
        with pytest.raises(ReceiverRefusedError, match=r"chat\.postMessage: invalid_auth"):
            await tell(slack, FIRST, token="xoxb-another")
    assert TOKEN not in repr(SlackBotSettings(token=TOKEN, channel="#a"))


@pytest.mark.parametrize(
    "body", ["<html>a proxy</html>", "[]", '{"ok": "yes"}', '{"ok": false}', "[" * 9999]
)
async def test_what_is_not_slacks_answer_is_tried_again(body):
    async with serving(FakeSlackApi()) as slack:
        slack.script.append(Canned(200, body))
        with pytest.raises(ReceiverUnavailableError, match="not Slack's answer"):
            await tell(slack, FIRST)


async def test_a_long_message_comes_back_whole_in_the_answer():
    """Slack repeats what it took; the `ts` stands in there somewhere."""
    many = [(NEW, lost(n, label="x" * 150)) for n in range(40)]
    async with serving(FakeSlackApi()) as slack:
        await tell(slack, note(1, NotifyReason.FIRST_SEEN, *many), MORE)
    assert len(slack.roots()) == 1


class BrokenMemo:
    """A disk that is full."""

    async def recall(self, receiver, group_key):
        raise OSError("cannot be read")

    async def remember(self, receiver, group_key, text, *, at):
        raise OSError("no space left on device")


class ForeignMemo(MemoryMemo):
    """What another version wrote."""

    async def recall(self, receiver, group_key):
        return "v2:C0ALERTS"


@pytest.mark.parametrize("memo", [BrokenMemo(), ForeignMemo()])
async def test_a_memo_that_fails_costs_the_thread_not_the_message(memo):
    async with serving(FakeSlackApi()) as slack:
        await tell(slack, FIRST, MORE, memo=memo)
    assert len(slack.roots()) == 2


async def test_a_test_is_answered_in_its_own_thread():
    async with serving(FakeSlackApi()) as slack:
        for _ in range(2):
            fires = trial_notification("chat", NOW)
            await tell(slack, fires, trial_notification("chat", NOW, resolves=True))
    assert len(slack.roots()) == 2
    assert len(slack.replies()) == 2
