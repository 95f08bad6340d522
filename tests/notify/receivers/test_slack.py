"""Slack's incoming webhook: its limits, its refusals, words of one's own."""

import re

import aiohttp
import pytest
from fakes.kinds import shown_by_slack
from fakes.notifications import NOW, all_new, lost, mixed
from fakes.receivers import Canned, FakeSlack, serving

from regwatch.notify.errors import DeliveryError
from regwatch.notify.receivers.build import build_receiver
from regwatch.notify.receivers.slack import TEXT_IN_ALL, SlackSettings, escape, packed, payload
from regwatch.notify.words.composition import default
from regwatch.notify.words.template_context import NAMES
from regwatch.notify.words.templates import OwnWords, Template


def clock():
    return NOW


async def send(slack: FakeSlack, note, **settings) -> None:
    async with aiohttp.ClientSession() as session:
        chosen = SlackSettings(url=slack.url, **settings)
        await build_receiver("chat", chosen, session, clock=clock).deliver(note)


async def test_the_longest_words_stay_within_the_limits():
    notes = all_new(lost(n, label="<&>" * 3000, site="s" * 3000) for n in range(500))
    async with serving(FakeSlack()) as slack:
        await send(slack, notes, external_url="https://x.example/" + "u" * 400)
    shown = shown_by_slack(slack.taken[0])
    assert re.search(r"49\d more", shown), "what does not fit is counted"
    assert len(shown) < 11_000


def test_nobody_is_pinged_by_a_label():
    message = payload(default(all_new([lost(label="<!channel> & co")])))
    assert "<!channel>" not in shown_by_slack(message).split("\n", 1)[1]
    assert "<!channel>" not in message["text"]
    assert escape("<a>&") == "&lt;a&gt;&amp;"


async def test_words_of_ones_own_are_cut_into_blocks():
    lines = "\n".join(["*{{ title }}*", "", "x" * 4000, *["y" * 100] * 2000])
    own = OwnWords(title=Template("Help!\n"), body=Template(lines, known=NAMES, escape=escape))
    async with serving(FakeSlack()) as slack:
        await send(slack, all_new([lost(label="<!here>")]), own=own)
    (message,) = slack.taken
    assert message["text"] == "Help!"
    (attachment,) = message["attachments"]
    texts = [block["text"]["text"] for block in attachment["blocks"]]
    assert texts[0].startswith("*CRITICAL 101 lost at riga (&lt;!here&gt;) since 03:12 UTC*")
    assert texts[1] == "x" * 2999 + "…"
    assert sum(map(len, texts)) <= TEXT_IN_ALL
    assert len(texts) >= 3


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
