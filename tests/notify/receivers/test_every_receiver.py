"""What holds for every kind: taken by a strict fake of its service, never too long, no secret
shown, "later" told from "no"."""

import json
import logging
import os
from dataclasses import fields
from pathlib import Path

import pytest
from fakes.chats import texts_of
from fakes.kinds import ALL, SPOKEN, deliver
from fakes.notifications import (
    MESSAGES,
    NEW,
    NOW,
    RESOLVED,
    STILL,
    all_new,
    hostile,
    mixed,
    notification,
    resolved,
)
from fakes.receivers import GARBAGE, Canned, serving

from regwatch.core.model import ItemStatus
from regwatch.core.outside import UNSEEN
from regwatch.notify.errors import DeliveryError
from regwatch.notify.receivers.kinds import KINDS
from regwatch.notify.trial import trial_notification
from regwatch.notify.words.markup import ISOLATE, PLAIN, ZERO_WIDTH_SPACE

GOLDEN = Path(__file__).parent / "golden"
URL = "https://regwatch.example"
NOTES = {**MESSAGES, "test": trial_notification("chat", NOW)}
SHOWN = [name for name, kind in SPOKEN.items() if kind.shown]
POSTING = [name for name in ALL if name != "apprise"]
UNMARKED = {name for name, kind in KINDS.items() if kind.escape is PLAIN.escape} | {"teams"}
"""Whose text is shown as it is."""


@pytest.mark.parametrize("name", NOTES)
@pytest.mark.parametrize("kind", SPOKEN)
async def test_each_service_takes_each_message(kind, name):
    async with serving(SPOKEN[kind].fake()) as service:
        await deliver(SPOKEN[kind], service, NOTES[name], external_url=URL)
    assert len(service.taken) == 1


@pytest.mark.parametrize("name", NOTES)
@pytest.mark.parametrize("kind", SHOWN)
async def test_each_message_reads_as_its_golden_file(kind, name):
    async with serving(SPOKEN[kind].fake()) as service:
        url = URL if name == "mixed" else ""
        await deliver(SPOKEN[kind], service, NOTES[name], external_url=url)
    text = SPOKEN[kind].shown(service.taken[0]).rstrip("\n") + "\n"
    golden = GOLDEN / f"{kind}_{name}.txt"
    if os.environ.get("REGWATCH_WRITE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_no_golden_file_is_of_yesterday():
    expected = {f"{kind}_{name}.txt" for kind in SHOWN for name in NOTES}
    extra = {"webhook_mixed.json"} | {file.name for file in GOLDEN.glob("email_*")}
    assert {file.name for file in GOLDEN.iterdir()} == expected | extra


def of_500(*, times: int):
    """500 phones: new, still lost and back, whose every text is hostile."""
    return notification(
        *((NEW, hostile(1000 + n, times=times)) for n in range(400)),
        *((STILL, hostile(2000 + n, times=times)) for n in range(60)),
        *((RESOLVED, resolved(hostile(3000 + n, times=times))) for n in range(40)),
    )


LONGEST = {"hostile, short": of_500(times=1), "hostile, long": of_500(times=60)}


@pytest.mark.parametrize("length", LONGEST)
@pytest.mark.parametrize("external_url", ["", URL, f"{URL}/{'u' * 400}", f"{URL}/{'u' * 600}"])
@pytest.mark.parametrize("kind", SHOWN)
async def test_500_lost_phones_fit_and_it_is_said_how_many_are_left_out(kind, external_url, length):
    async with serving(SPOKEN[kind].fake()) as service:
        await deliver(SPOKEN[kind], service, LONGEST[length], external_url=external_url)
    text = SPOKEN[kind].shown(service.taken[0])
    assert accounted(text) == {"new": 400, "still": 60, "resolved": 40}


def accounted(text: str) -> dict[str, int]:
    """By status: lines shown, and those said to be left out."""
    found, status = dict.fromkeys(ItemStatus, 0), ItemStatus.NEW
    for line in text.split("\n")[1:]:
        status = next((each for each in ItemStatus if f"{each.capitalize()} (" in line), status)
        if ": extension lost" in line:
            found[status] += 1
        if " more " in line and "not listed here" in line:
            found[status] += int(line.split("… and ")[1].split()[0])
    return {status.value: count for status, count in found.items()}


@pytest.mark.parametrize("kind", SHOWN)
async def test_a_hostile_label_neither_pings_nor_turns_the_line(kind):
    note = all_new([hostile(101, times=1)])
    async with serving(SPOKEN[kind].fake()) as service:  # which refuses what would ping
        await deliver(SPOKEN[kind], service, note)
    text = SPOKEN[kind].shown(service.taken[0]).replace(ZERO_WIDTH_SPACE, "")
    assert "<!channel>" not in text.split("\n", 1)[1] or kind in UNMARKED
    assert "<b>&" not in text or kind in {*UNMARKED, "discord", "mattermost", "slack"}
    assert not UNSEEN.search(text.replace(ISOLATE, "").replace("\u2069", ""))
    assert text.count(ISOLATE) == text.count("\u2069")
    assert "שלום" in text


REFUSALS = [(400, False), (401, False), (403, False), (404, False), (413, False), (301, False)]
LATER = [(408, True), (429, True), (500, True), (503, True)]


@pytest.mark.parametrize(("status", "retryable"), REFUSALS + LATER)
@pytest.mark.parametrize("kind", POSTING)
async def test_later_is_told_from_no(kind, status, retryable):
    async with serving(ALL[kind].fake()) as service:
        service.script += [Canned(status, "because")] * 2
        with pytest.raises(DeliveryError, match=f"answered {status}: because") as caught:
            await deliver(ALL[kind], service, mixed())
    assert caught.value.retryable is retryable


WAITS = [
    (Canned(429, "", {"Retry-After": "17"}), 17.0),
    (Canned(429, json.dumps({"message": "…", "retry_after": 0.65, "global": False})), 0.65),
    (Canned(429, json.dumps({"ok": False, "parameters": {"retry_after": 23}})), 23.0),
    (Canned(503, "", {"Retry-After": "5"}), 5.0),
]


@pytest.mark.parametrize(("answer", "seconds"), WAITS, ids=["header", "Discord", "Telegram", "503"])
@pytest.mark.parametrize("kind", POSTING)
async def test_the_wait_asked_for_is_passed_on(kind, answer, seconds):
    async with serving(ALL[kind].fake()) as service:
        service.script.append(answer)
        with pytest.raises(DeliveryError) as caught:
            await deliver(ALL[kind], service, mixed())
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("kind", ALL)
async def test_no_secret_in_any_error_log_or_repr(kind, status, caplog):
    caplog.set_level(logging.DEBUG)
    chosen, shown = ALL[kind], []
    async with serving(chosen.fake()) as service:
        settings = chosen.settings(service.url)
        echo = "you sent " + " ".join(echoes(settings, chosen.secrets))
        service.script += [Canned(status, echo), GARBAGE, Canned(404, f"no such page: {echo}")]
        for _ in range(3):
            try:
                await deliver(chosen, service, mixed())
            except DeliveryError as error:
                shown += [error.message, repr(error), str(error.__cause__)]
    shown += [repr(settings), str(settings)]
    shown += [record.getMessage() for record in caplog.records if reaches_our_log(record)]
    assert len(shown) > 6
    for secret in chosen.secrets:
        assert not [text for text in shown if secret in text]


def reaches_our_log(record: logging.LogRecord) -> bool:
    """Not what the fake logs, nor what stops at a logger that does not propagate: the handler of
    the tests sits there as well."""
    logger = logging.getLogger(record.name)
    while logger.propagate and logger.parent:
        logger = logger.parent
    return logger is logging.getLogger() and record.name != "aiohttp.access"


def echoes(settings: object, secrets: tuple[str, ...]) -> list[str]:
    """What a service may send back: each secret, and each whole text of the settings."""
    values = [getattr(settings, field.name) for field in fields(settings)]
    return [*secrets, *(value for value in values if isinstance(value, str) and value)]


def test_every_text_of_a_message_is_whole():
    """The helper that other tests rely on goes to any depth."""
    assert list(texts_of({"a": ["b", {"c": "d"}], "e": 5})) == ["b", "d"]
