"""Pushover: how loud what is, emergencies that end, its limits, its keys."""

from dataclasses import replace as with_changes
from functools import partial

import pytest
from fakes.kinds import REST, SPOKEN, deliver
from fakes.kinds import sent as sent_by
from fakes.notifications import NEW, RESOLVED, STILL, all_new, lost, notification, overdue, resolved
from fakes.pushover import TOKEN, USER, FakePushover
from fakes.receivers import Canned, serving
from msgspec.structs import replace
from pydantic import ValidationError

from regwatch.core.model import NotifyReason, Severity
from regwatch.notify.errors import DeliveryError, ReceiverRefusedError, ReceiverUnavailableError
from regwatch.notify.receivers.pushover import (
    Priority,
    PushoverSettings,
    PushoverShape,
    settings_of,
    tag_of,
)
from regwatch.notify.words.templates import OwnWords, Template

KIND = SPOKEN["pushover"]
INFO = replace(lost(103), severity=Severity.INFO)
FIRING = all_new([lost(101), lost(102)])
OVER = notification((RESOLVED, resolved(lost(101))), (RESOLVED, resolved(lost(102))))
PARTLY = notification((STILL, lost(101)), (RESOLVED, resolved(lost(102))))
SOME_RESOLVED = NotifyReason.SOME_RESOLVED
CANCELLED = "/1/receipts/cancel_by_tag/"
sent = partial(sent_by, "pushover")


# --- how loud ------------------------------------------------------------


@pytest.mark.parametrize(
    ("note", "priority"),
    [
        (FIRING, 2),
        (all_new([overdue()]), 0),
        (all_new([INFO]), -1),
        (notification((NEW, INFO), (STILL, lost())), 2),
        (replace(PARTLY, reason=SOME_RESOLVED), 0),
        (OVER, 0),
        (notification((RESOLVED, resolved(INFO))), -1),
        (replace(FIRING, reason=NotifyReason.REPEAT_DUE), 2),
    ],
    ids=[
        "critical", "warning", "info", "the worst that fires", "good news of something critical",
        "something critical is over", "info is over", "reminder",
    ],
)  # fmt: skip
async def test_the_severity_says_how_loud(note, priority):
    message = await sent(note)
    assert message["priority"] == priority
    assert ("retry" in message, "tags" in message) == (priority == 2, priority == 2)


async def test_the_file_may_say_how_loud():
    chosen = dict.fromkeys(Severity, Priority.HIGH)
    assert (await sent(FIRING, priorities=chosen))["priority"] == 1
    assert (await sent(all_new([INFO]), priorities=chosen))["priority"] == 1
    assert (await sent(OVER, priorities=chosen))["priority"] == 0


async def test_an_emergency_says_how_often_and_how_long():
    message = await sent(FIRING, retry_seconds=45.0, expire_seconds=10_800.0)
    assert (message["retry"], message["expire"]) == (45, 10_800)


async def test_devices_and_sound_are_named_only_if_told():
    message = await sent(FIRING, device=("desk", "phone_2"), sound="siren")
    assert (message["device"], message["sound"]) == ("desk,phone_2", "siren")
    assert not (await sent(FIRING)).keys() & {"device", "sound"}


# --- emergencies that end ------------------------------------------------------------


async def test_an_emergency_is_cancelled_when_it_is_over():
    async with serving(FakePushover()) as service:
        await deliver(KIND, service, FIRING)
        assert len(service.sounding) == 1
        await deliver(KIND, service, OVER)
    assert service.sounding == []
    assert [message["priority"] for message in service.taken] == [2, 0]


async def test_it_sounds_on_while_something_critical_fires():
    async with serving(FakePushover()) as service:
        await deliver(KIND, service, FIRING, replace(PARTLY, reason=SOME_RESOLVED))
    assert len(service.sounding) == 1


async def test_it_ends_though_something_milder_fires_still():
    milder = notification((STILL, overdue(105)), (RESOLVED, resolved(lost(101))))
    async with serving(FakePushover()) as service:
        await deliver(KIND, service, FIRING, milder)
    assert service.sounding == []


@pytest.mark.parametrize("other", [{"group_key": "another"}, {"receiver": "another"}])
async def test_that_of_another_group_or_receiver_sounds_on(other):
    async with serving(FakePushover()) as service:
        await deliver(KIND, service, replace(FIRING, **other), OVER)
    assert len(service.sounding) == 1


def test_a_tag_is_fit_for_a_path_and_a_list_whatever_the_group_is_called():
    tags = {tag_of(replace(FIRING, group_key=key)) for key in ("a/b,c", "a/b", "\ud800", "é" * 999)}
    assert len(tags) == 4
    assert all(tag.removeprefix("regwatch-").isalnum() and len(tag) < 40 for tag in tags)


@pytest.mark.parametrize(
    ("note", "settings"),
    [
        (notification((RESOLVED, resolved(overdue()))), {}),
        (OVER, {"priorities": dict.fromkeys(Severity, Priority.HIGH)}),
    ],
    ids=["a warning", "no severity is an emergency"],
)
async def test_nothing_is_cancelled_that_never_was_an_emergency(note, settings):
    async with serving(FakePushover()) as service:
        await deliver(KIND, service, note, **settings)
    assert [request.path for request in service.requests] == ["/1/messages.json"]


async def test_that_it_is_over_is_told_even_if_it_cannot_be_cancelled():
    async with serving(FakePushover()) as service:
        service.script.append(Canned(404, '{"status":0,"errors":["tag not found"]}'))
        await deliver(KIND, service, OVER)
    assert [request.path.startswith(CANCELLED) for request in service.requests] == [True, False]
    assert len(service.taken) == 1


async def test_a_cancelling_that_may_pass_later_is_tried_again_with_the_message():
    async with serving(FakePushover()) as service:
        service.script.append(Canned(503))
        with pytest.raises(ReceiverUnavailableError):
            await deliver(KIND, service, OVER)
        assert service.taken == []
        await deliver(KIND, service, OVER)
    assert len(service.taken) == 1


# --- limits and refusals ------------------------------------------------------------


@pytest.mark.parametrize("character", ["x", "é", "🔥"])
@pytest.mark.parametrize(("name", "limit"), [("message", 1024), ("title", 250)])
async def test_the_limits_are_kept_to_the_character_of_up_to_four_bytes(name, limit, character):
    part = {"message": "body", "title": "title"}[name]
    for length, shown in ((limit, character * limit), (limit + 1, character * (limit - 1) + "…")):
        words = OwnWords(**{part: Template(character * length)})
        assert (await sent(FIRING, own=words))[name] == shown


async def test_a_body_without_words_is_not_sent_as_such():
    """Which Pushover would refuse."""
    words = OwnWords(Template("All is said here"), Template("{# nothing #} "))
    message = await sent(FIRING, own=words)
    assert message["title"] == message["message"] == "All is said here"


async def test_a_link_leads_to_the_incident_or_if_there_are_many_to_the_overview():
    one = await sent(all_new([lost()]), external_url="https://r.example")
    assert one["url"] == f"https://r.example/incidents/{lost().id}"
    assert (await sent(FIRING, external_url="https://r.example"))["url"] == "https://r.example"


async def test_a_link_that_is_too_long_is_left_out():
    url = "https://r.example/" + "u" * 494
    assert (await sent(FIRING, external_url=url))["url"] == url
    assert not (await sent(FIRING, external_url=url + "u")).keys() & {"url", "url_title"}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"token": "a" * 30}, "400: .*application token is invalid"),
        ({"user": "a" * 30}, "400: .*user identifier is not a valid user"),
    ],
)
async def test_pushovers_own_words_are_passed_on(wrong, error):
    async with serving(FakePushover()) as service:
        settings = with_changes(KIND.settings(service.url), **wrong)
        chosen = with_changes(KIND, settings=lambda _url: settings)
        with pytest.raises(ReceiverRefusedError, match=error):
            await deliver(chosen, service, FIRING)


@pytest.mark.parametrize(
    "answer",
    [
        '{"status":0,"errors":["no"]}',
        "<html>a proxy's page</html>",
        "[1]",
        '{"status":"1"}',
        "",
        "[" * 9999,
    ],
)
async def test_a_200_without_status_1_is_no_success(answer):
    async with serving(FakePushover()) as service:
        service.script.append(Canned(200, answer))
        with pytest.raises(ReceiverRefusedError, match="not Pushover's answer, 200:"):
            await deliver(KIND, service, FIRING)


async def test_a_month_whose_messages_are_spent_is_later_and_not_no():
    async with serving(FakePushover(limit=0)) as service:
        with pytest.raises(DeliveryError, match=r"429: .*over its quota") as caught:
            await deliver(KIND, service, FIRING)
    assert caught.value.retryable
    assert not caught.value.may_have_arrived


# --- the file ------------------------------------------------------------


def test_the_file_s_words_become_settings():
    shape = PushoverShape.model_validate(
        {
            "token": TOKEN, "user": USER, "device": "desk", "sound": "siren", "retry": "30s",
            "expire": "3h", "priorities": {"warning": "high", "info": "lowest"},
        }
    )  # fmt: skip
    assert settings_of(shape, REST) == PushoverSettings(
        TOKEN, USER, ("desk",), "siren",
        {
            Severity.CRITICAL: Priority.EMERGENCY,
            Severity.WARNING: Priority.HIGH,
            Severity.INFO: Priority.LOWEST,
        },
        30.0, 10_800.0, external_url="https://r",
    )  # fmt: skip


def test_the_settings_defaults_are_the_file_s():
    shape = PushoverShape.model_validate({"token": TOKEN, "user": USER})
    assert settings_of(shape, REST) == PushoverSettings(TOKEN, USER, external_url="https://r")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"token": TOKEN[:-1]}, "no key of Pushover"),
        ({"user": USER + "x"}, "no key of Pushover"),
        ({"user": "é" * 30}, "no key of Pushover"),
        ({"device": ["desk", "my phone"]}, "`my phone` is no name of a device"),
        ({"device": "x" * 26}, "is no name of a device"),
        ({"retry": "29s"}, "greater than or equal to 30"),
        ({"expire": "181m"}, "less than or equal to 10800"),
        ({"priorities": {"critical": 2}}, "'lowest', 'low', 'normal', 'high' or 'emergency'"),
    ],
)
def test_what_pushover_would_refuse_is_refused_at_once(wrong, message):
    with pytest.raises(ValidationError) as caught:
        PushoverShape.model_validate({"token": TOKEN, "user": USER, **wrong})
    (error,) = caught.value.errors()
    assert message in error["msg"]
    assert not {TOKEN, TOKEN[:-1], USER} & set(str(caught.value).split("'"))


def test_no_key_is_shown():
    assert not {TOKEN, USER} & set(repr(PushoverSettings(TOKEN, USER)).split("'"))
