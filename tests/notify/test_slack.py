"""Slack messages, against an incoming webhook with Slack's limits; the golden files are read."""

import os
from pathlib import Path

import aiohttp
import pytest
from fakes.notifications import (
    NEW,
    NOW,
    RESOLVED,
    STILL,
    all_new,
    api_unavailable,
    lost,
    mixed,
    notification,
    phones_lost,
    resolved,
)
from fakes.receivers import Canned, FakeSlack, serving

from regwatch.notify.errors import DeliveryError
from regwatch.notify.slack import SlackReceiver, SlackSettings, escape, packed, payload
from regwatch.notify.trial import trial_notification

GOLDEN = Path(__file__).parent / "golden"
URL = "https://regwatch.example"
MESSAGES = {
    "one_lost": all_new([lost()]),
    "one_resolved": notification((RESOLVED, resolved(lost()))),
    "mixed": mixed(),
    "api_unavailable": all_new([api_unavailable()]),
    "500_lost": phones_lost(500),
    "many_of_each": notification(
        *((NEW, lost(n, label="", site=f"site {n % 5}")) for n in range(100, 150)),
        *((STILL, lost(n, label="", ago=9000)) for n in range(200, 204)),
        *((RESOLVED, resolved(lost(n, label=""))) for n in range(300, 350)),
    ),
    "test": trial_notification("chat", NOW),
}


def clock():
    return NOW


def shown(message: dict) -> str:
    """As Slack shows it: header, then the attachment beside its coloured bar."""
    (attachment,) = message["attachments"]
    lines = [message["blocks"][0]["text"]["text"], ""]
    for block in attachment["blocks"]:
        lines += [f"{attachment['color']} | {line}" for line in block["text"]["text"].split("\n")]
    return "\n".join(lines) + "\n"


async def send(slack: FakeSlack, note, **settings) -> None:
    async with aiohttp.ClientSession() as session:
        chosen = SlackSettings(url=slack.url, **settings)
        await SlackReceiver("chat", chosen, session, clock=clock).deliver(note)


@pytest.mark.parametrize("name", MESSAGES)
async def test_slack_takes_each_message(name):
    async with serving(FakeSlack()) as slack:
        await send(slack, MESSAGES[name], external_url=URL)
    assert len(slack.taken) == 1


@pytest.mark.parametrize("name", MESSAGES)
def test_each_message_reads_as_its_golden_file(name):
    text = shown(payload(MESSAGES[name], external_url=URL if name == "mixed" else ""))
    golden = GOLDEN / f"slack_{name}.txt"
    if os.environ.get("REGWATCH_WRITE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


async def test_the_longest_words_stay_within_the_limits():
    notes = all_new(lost(n, label="<&>" * 3000, site="s" * 3000) for n in range(500))
    async with serving(FakeSlack()) as slack:
        await send(slack, notes, external_url="https://x.example/" + "u" * 400)
    assert "470 more" in shown(slack.taken[0])


def test_nobody_is_pinged_by_a_label():
    message = payload(all_new([lost(label="<!channel> & co")]))
    assert "<!channel>" not in shown(message).split("\n", 1)[1]
    assert "<!channel>" not in message["text"]
    assert escape("<a>&") == "&lt;a&gt;&amp;"


@pytest.mark.parametrize(
    ("answer", "retryable"),
    [
        (Canned(400, "invalid_payload"), False),
        (Canned(403, "action_prohibited"), False),
        (Canned(404, "no_service"), False),
        (Canned(410, "channel_is_archived"), False),
        (Canned(429, "rate_limited", {"Retry-After": "30"}), True),
        (Canned(500, "rollup_error"), True),
        (Canned(200, "<html>a proxy's page</html>"), False),
    ],
    ids=lambda value: getattr(value, "body", None),
)
async def test_slacks_refusals(answer, retryable):
    async with serving(FakeSlack()) as slack:
        slack.script.append(answer)
        with pytest.raises(DeliveryError) as caught:
            await send(slack, mixed())
    assert caught.value.retryable is retryable
    assert answer.body in str(caught.value)
    assert "slacksecret" not in str(caught.value)


def test_the_url_is_secret():
    assert "hooks" not in repr(SlackSettings(url="https://hooks.slack.com/services/x"))


def test_lines_are_packed_up_to_the_limit():
    assert packed(["aaa", "bbb", "ccc"], 7) == ["aaa\nbbb", "ccc"]
    assert packed([], 7) == []
