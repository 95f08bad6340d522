"""Apprise itself, posting to a loopback server through its `json://`."""

import asyncio
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from aiohttp import web
from fakes.chats import FakeChat, RefusedError
from fakes.notifications import (
    MESSAGES,
    NEW,
    RESOLVED,
    hostile,
    lost,
    mixed,
    notification,
    resolved,
)
from fakes.patience import PATIENCE
from fakes.receivers import Canned, serving

from regwatch.notify.errors import ReceiverUnavailableError
from regwatch.notify.receivers import apprise
from regwatch.notify.receivers.apprise import (
    NOT_INSTALLED,
    AppriseReceiver,
    AppriseSettings,
    problem_with,
)
from regwatch.notify.trial import trial_notification
from regwatch.notify.words.template_context import NAMES
from regwatch.notify.words.templates import OwnWords, Template


class FakeJson(FakeChat):
    """What Apprise's own JSON service posts to."""

    def bad(self, what: str) -> RefusedError:
        return RefusedError(400, what)

    def take(self, request: web.Request, message: dict) -> web.Response:
        assert request.headers["Authorization"] == "Basic dTpzM2NyZXQtcGFzcw=="
        assert message.keys() == {"version", "title", "message", "attachments", "type"}
        assert message["type"] in ("info", "success", "warning", "failure")
        assert message["title"]
        assert message["message"]
        return web.json_response({})


def settings(service: FakeJson, **more) -> AppriseSettings:
    url = service.url.replace("http://", "json://u:s3cret-pass@") + "hidden-path"
    return AppriseSettings(url=url, **more)


async def taken(*notes, **more) -> list[dict]:
    async with serving(FakeJson()) as service:
        receiver = AppriseReceiver("other", settings(service, **more))
        for note in notes:
            await receiver.deliver(note)
    return service.taken


@pytest.mark.parametrize("name", MESSAGES)
async def test_apprise_takes_each_message(name):
    (message,) = await taken(MESSAGES[name])
    assert message["type"] == ("success" if name == "one_resolved" else "failure")


async def test_first_line_and_sections():
    (message,) = await taken(notification((NEW, lost()), (RESOLVED, resolved(lost(102)))))
    assert message["title"].startswith("CRITICAL 101 lost at riga (Reception) since 03:12 UTC")
    assert message["message"].startswith("New (1)\n• 101 (Reception) at riga: extension lost since")
    (test,) = await taken(trial_notification("other", 0.0))
    assert (test["type"], test["title"]) == ("info", "TEST: regwatch can reach you")


async def test_500_lost_phones_say_how_many_are_left_out():
    note = notification(*((NEW, hostile(n)) for n in range(500)))
    (message,) = await taken(note)
    shown = message["message"].count(": extension lost ")
    assert f"… and {500 - shown} more new, not listed here" in message["message"]
    assert len(message["message"]) <= 32_768  # what the plugin says the service takes


@pytest.fixture
def small_service(monkeypatch):
    """A service of Apprise's that takes 300 characters and knows no titles."""
    from apprise.plugins.custom_json import NotifyJSON

    monkeypatch.setattr(NotifyJSON, "body_maxlen", 300)
    monkeypatch.setattr(NotifyJSON, "title_maxlen", 0)


class FakeSmall(FakeJson):
    def take(self, request: web.Request, message: dict) -> web.Response:
        assert len(message["message"]) <= 300
        return web.json_response({})


@pytest.mark.parametrize("own", [OwnWords(), OwnWords(body=Template("y" * 500, known=NAMES))])
async def test_the_limits_of_the_service_behind_are_kept(small_service, own):
    async with serving(FakeSmall()) as service:
        await AppriseReceiver("other", settings(service, own=own)).deliver(MESSAGES["500_lost"])
    (message,) = service.taken
    assert "500 extensions lost" in message["message"]
    assert ("more new, not listed here" in message["message"]) != ("yyy…" in message["message"])


async def test_words_of_ones_own():
    own = OwnWords(Template("Help", known=NAMES), Template("{{ alerts | length }}", known=NAMES))
    (message,) = await taken(mixed(), own=own)
    assert (message["title"], message["message"]) == ("Help", "6")


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
async def test_a_no_says_why_and_is_tried_again(status):
    async with serving(FakeJson()) as service:
        service.script.append(Canned(status, "s3cret-pass"))
        with pytest.raises(ReceiverUnavailableError, match=f"error={status}") as caught:
            await AppriseReceiver("other", settings(service)).deliver(mixed())
    assert "s3cret-pass" not in str(caught.value)


async def test_nobody_listening_is_retryable(unused_tcp_port):
    url = f"json://127.0.0.1:{unused_tcp_port}/"
    with pytest.raises(ReceiverUnavailableError, match="Connection error"):
        await AppriseReceiver("other", AppriseSettings(url=url)).deliver(mixed())


@pytest.fixture
def plugin(monkeypatch) -> Callable[[Callable], None]:
    """Puts something in the place of the plugin's `notify`."""
    from apprise.plugins.custom_json import NotifyJSON

    return lambda notify: monkeypatch.setattr(NotifyJSON, "notify", notify)


async def test_a_plugin_that_raises_is_tried_again(plugin):
    def raises(self, **_how):
        raise KeyError("s3cret-pass")

    plugin(raises)
    with pytest.raises(ReceiverUnavailableError, match="Apprise: KeyError"):
        await taken(mixed())


async def test_one_that_says_nothing_is_quoted_so(plugin):
    plugin(lambda self, **_how: False)
    with pytest.raises(ReceiverUnavailableError, match="no reason given"):
        await taken(mixed())


async def test_what_another_thread_has_to_say_is_not_quoted(plugin):
    logger = logging.getLogger("apprise")

    def warns(self, **_how):
        other = threading.Thread(target=logger.warning, args=("of another message",))
        other.start()
        other.join()
        logger.warning("of this one")
        return False

    plugin(warns)
    with pytest.raises(ReceiverUnavailableError) as caught:
        await taken(mixed())
    assert caught.value.message == "Apprise: of this one"


async def test_one_that_hangs_is_left_after_the_timeout_and_not_joined_by_others(plugin):
    go_on, done = threading.Event(), threading.Event()

    def hangs(self, **_how):
        go_on.wait(PATIENCE)
        done.set()
        return True

    plugin(hangs)
    url = "json://127.0.0.1:1/"
    receiver = AppriseReceiver("other", AppriseSettings(url=url, timeout_seconds=0.05))
    with pytest.raises(ReceiverUnavailableError, match="no answer in time"):
        await receiver.deliver(mixed())
    with pytest.raises(ReceiverUnavailableError, match="still hangs"):
        await receiver.deliver(mixed())
    go_on.set()
    assert await asyncio.to_thread(done.wait, PATIENCE)
    await _until_taken(receiver)


async def _until_taken(receiver: AppriseReceiver) -> None:
    """Its thread needs a moment to end, and the next one may need more than the time limit."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(ReceiverUnavailableError):
                return await receiver.deliver(mixed())
            await asyncio.sleep(0.01)


def test_a_thread_that_outlives_the_loop_does_no_harm(plugin):
    go_on = threading.Event()
    plugin(lambda self, **_how: go_on.wait(PATIENCE))
    settings = AppriseSettings(url="json://127.0.0.1:1/", timeout_seconds=0.05)
    receiver = AppriseReceiver("other", settings)
    with pytest.raises(ReceiverUnavailableError), asyncio.Runner() as runner:
        runner.run(receiver.deliver(mixed()))
    (thread,) = [each for each in threading.enumerate() if each.name == "apprise"]
    go_on.set()
    thread.join(PATIENCE)  # pytest fails the test if the thread raises
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("json://u:p@h.example/x", ""),
        ("nonsense://x", "Apprise does not know this kind of URL"),
        ("just text", "Apprise does not know this kind of URL"),
        ("tgram://", "Apprise does not know this kind of URL"),
    ],
)
def test_what_is_wrong_with_a_url(url, problem):
    assert problem_with(url) == problem


async def test_without_the_extra_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert problem_with("json://h") == NOT_INSTALLED
    with pytest.raises(ReceiverUnavailableError, match=NOT_INSTALLED):
        await AppriseReceiver("other", AppriseSettings(url="json://h")).deliver(mixed())


def test_the_url_is_secret():
    assert "s3cret" not in repr(AppriseSettings(url="json://u:s3cret@h"))
    assert apprise.TYPES
