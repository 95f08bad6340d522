"""The webhook's body and signature, against a receiver that checks both."""

import base64
import json
import os
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from fakes.notifications import (
    NOW,
    all_new,
    lost,
    mixed,
    phones_lost,
)
from fakes.receivers import Canned, FakeHook, FakeService, serving

from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.http import Credentials
from regwatch.notify.receivers.webhook import (
    WebhookReceiver,
    WebhookSettings,
    signature_headers,
    signing_key,
)
from regwatch.notify.words.template_context import NAMES
from regwatch.notify.words.templates import Template
from regwatch.notify.words.webhook_body import payload

GOLDEN = Path(__file__).parent / "golden"
KEY = b"0123456789abcdef01234567"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def clock():
    return NOW


async def send(hook: FakeHook, *notes, **settings) -> None:
    async with aiohttp.ClientSession() as session:
        receiver = WebhookReceiver(
            "hook", WebhookSettings(url=hook.url, **settings), session, clock=clock
        )
        for note in notes:
            await receiver.deliver(note)


@pytest.mark.parametrize("secret", [SECRET, KEY.decode()], ids=["whsec_", "plain text"])
async def test_a_signed_body_is_accepted(secret):
    async with serving(FakeHook(key=KEY)) as hook:
        await send(hook, mixed(), secret=secret)
    (body,) = hook.taken
    assert body == payload(mixed())
    assert hook.requests[0].headers["webhook-id"] == "n-1"


async def test_a_wrong_secret_is_refused_and_not_shown():
    async with serving(FakeHook(key=b"another")) as hook:
        with pytest.raises(ReceiverRefusedError, match="answered 401: bad signature"):
            await send(hook, mixed(), secret=SECRET)


async def test_without_a_secret_nothing_is_signed():
    async with serving(FakeHook()) as hook:
        await send(hook, mixed())
    assert "webhook-signature" not in hook.requests[0].headers


async def test_headers_and_credentials_are_sent_and_never_shown():
    settings = {
        "headers": {"X-Token": "x-secret"},
        "credentials": Credentials(bearer_token="b-secret"),
    }
    async with serving(FakeHook()) as hook:
        hook.script.append(Canned(403, "I know x-secret and b-secret"))
        with pytest.raises(ReceiverRefusedError) as caught:
            await send(hook, mixed(), **settings)
    assert hook.requests[0].headers["X-Token"] == "x-secret"
    assert hook.requests[0].headers["Authorization"] == "Bearer b-secret"
    assert str(caught.value).endswith("I know *** and ***")
    shown = repr(WebhookSettings(url="http://h/u-secret", secret="s-secret", **settings))
    assert "secret=" not in shown
    assert "-secret" not in shown


def test_the_signature_is_that_of_the_specification():
    # The example of the Standard Webhooks specification and libraries.
    headers = signature_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        at=1614265330.9,
    )
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_that_is_no_base64_is_taken_as_it_is():
    assert signing_key("whsec_***") == b"whsec_***"


@pytest.mark.parametrize("form", ["padded", "unpadded", "url-safe"])
def test_a_secret_is_read_in_every_form_that_the_libraries_write(form):
    key = b"\xfb\xff\xfe 22 bytes of a key??"
    text = base64.b64encode(key).decode()
    if form == "url-safe":
        text = base64.urlsafe_b64encode(key).decode()
    assert signing_key("whsec_" + (text.rstrip("=") if form != "padded" else text)) == key


def test_while_a_secret_is_changed_both_sign():
    both = signature_headers("id", b"{}", f"{SECRET}\nanother\n", at=NOW)["webhook-signature"]
    alone = [
        signature_headers("id", b"{}", each, at=NOW)["webhook-signature"]
        for each in (SECRET, "another")
    ]
    assert both.split(" ") == alone


def test_the_body_is_that_of_the_golden_file():
    body = payload(mixed(), max_alerts=5, external_url="https://regwatch.example/")
    text = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    golden = GOLDEN / "webhook_mixed.json"
    if os.environ.get("REGWATCH_WRITE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


class Takes(FakeService):
    """Whatever comes; `taken` are headers and body."""

    def judge(self, request, body):
        self.taken.append((request.headers, body.decode()))
        return web.Response()


def template(text: str) -> Template:
    return Template(text, known=NAMES)


BODY = """\
{%- for alert in alerts %}
{{ alert.labels.severity }} {{ alert.regwatch.extension }} {{ alert.regwatch.label | tojson }}
{% endfor -%}
"""


async def test_a_body_of_ones_own_and_headers_from_templates():
    settings = {
        "body": template(BODY),
        "headers": {"content-type": "text/plain", "X-Fixed": "1"},
        "header_templates": {"X-Title": template("{{ title }}\n{{ status }}")},
        "secret": SECRET,
    }
    note = all_new([lost(101, label='Says "hi"'), lost(102, label="")])
    async with serving(Takes()) as hook:
        await send(hook, note, **settings)
    ((headers, body),) = hook.taken
    assert body == 'critical 000*101 "Says \\"hi\\""\ncritical 000*102 ""\n'
    assert headers.getall("Content-Type") == ["text/plain"]
    assert headers["X-Fixed"] == "1"
    assert headers["X-Title"] == "CRITICAL riga: 2 extensions lost since 03:12 UTC firing"
    expected = signature_headers(note.id, body.encode(), SECRET, at=NOW)
    assert headers["webhook-signature"] == expected["webhook-signature"]


async def test_templates_of_headers_alone_leave_the_body_as_it_is():
    async with serving(FakeHook()) as hook:
        await send(hook, mixed(), header_templates={"X-Status": template("{{ status }}")})
    assert hook.requests[0].headers["X-Status"] == "firing"
    assert hook.taken == [payload(mixed())]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("fine\n{{ alerts[0].nonsense.deeper }}", "line 2: UndefinedError: "),
        ("{{ 1 / 0 }}", "line 1: ZeroDivisionError: division by zero"),
        ("{{ commonLabels.site }}", "line 1: UndefinedError: "),
        ("{{ ''.__class__.__mro__ }}", "line 1: SecurityError: "),
    ],
    ids=["nothing there", "sum", "not common to all", "sandbox"],
)
@pytest.mark.parametrize("place", ["body", "headers"])
async def test_a_template_that_fails_costs_its_words_not_the_message(place, text, error):
    broken = {"X-Broken": template(text)} if place == "headers" else {}
    async with serving(FakeHook()) as hook:
        await send(
            hook,
            mixed(),
            body=template(text) if place == "body" else None,
            headers={"X-Fixed": "1"},
            header_templates=broken,
        )
    (body,) = hook.taken
    said = body.pop("templateError")
    assert said.startswith(error)
    assert body == payload(mixed())
    assert hook.requests[0].headers["X-Fixed"] == "1"
    assert "X-Broken" not in hook.requests[0].headers


async def test_max_alerts_holds_for_templates_too():
    body = template("{{ alerts | length }} and {{ truncatedAlerts }} more")
    async with serving(Takes()) as hook:
        await send(hook, phones_lost(500), body=body, max_alerts=100)
    assert hook.taken[0][1] == "100 and 400 more"
