"""Pushover, as strict as its documents: what these promise to refuse is refused, with its own
words. It keeps which emergencies still sound."""

import json
import re
from collections.abc import Iterator

from aiohttp import web
from fakes.chats import FakeChat, RefusedError

TOKEN = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
USER = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
REQUEST = "647d2300-702c-4b38-8b2f-d56326ae460b"
RECEIPT = "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"
CANCEL = re.compile(r"receipts/cancel_by_tag/([^/]+)\.json")
LONGEST_BODY = 16_384
TEXT_LIMITS = {"message": 1024, "title": 250, "url": 512, "url_title": 100}
KNOWN = {
    "token", "user", "message", "title", "device", "priority", "sound", "timestamp", "html",
    "monospace", "ttl", "url", "url_title", "retry", "expire", "tags", "callback",
}  # fmt: skip


class FakePushover(FakeChat):
    """Messages, and the cancelling of emergencies by their tag."""

    path = "/1/{method:.+}"

    def __init__(self, *, limit: int = 100) -> None:
        """`limit`: so many messages a month are taken."""
        super().__init__()
        self.left = limit
        self.sounding: list[dict] = []
        """Emergencies that nobody has acknowledged."""

    def judge(self, request: web.Request, body: bytes) -> web.Response:
        assert len(body) <= LONGEST_BODY
        if found := CANCEL.fullmatch(request.match_info["method"]):
            return self._cancel(found[1], json.loads(body))
        return super().judge(request, body)

    def bad(self, what: str, status: int = 400, **names: str) -> RefusedError:
        return RefusedError(status, {**names, "errors": [what], "status": 0, "request": REQUEST})

    def take(self, request: web.Request, message: dict) -> web.Response:
        if request.match_info["method"] != "messages.json":
            raise self.bad("not found", 404)
        self._check_keys(message)
        if self.left <= 0:
            raise self.bad("application is over its quota", 429)
        if errors := list(self._errors(message)):
            raise self.bad("; ".join(errors))
        self.left -= 1
        answer = {"status": 1, "request": REQUEST}
        if message.get("priority") == 2:
            self.sounding.append(message)
            answer["receipt"] = RECEIPT
        return web.json_response(answer)

    def _check_keys(self, message: dict) -> None:
        if message.get("token") != TOKEN:
            raise self.bad("application token is invalid", token="invalid")
        if message.get("user") != USER:
            what = "user identifier is not a valid user, group, or subscribed user key"
            raise self.bad(what, user="invalid")

    def _errors(self, message: dict) -> Iterator[str]:
        yield from (f"unknown parameter {name}" for name in message.keys() - KNOWN)
        if not message.get("message", "").strip():
            yield "message cannot be blank"
        for name, limit in TEXT_LIMITS.items():
            if len(message.get(name, "")) > limit:
                yield f"{name} is too long"
        if "url_title" in message and "url" not in message:
            yield "url_title without url"
        if not message.get("url", "https://").startswith(("http://", "https://")):
            yield "url is invalid"
        for device in message.get("device", "any").split(","):
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,25}", device):
                yield "device is not a valid name"
        if type(message.get("timestamp", 1)) is not int:
            yield "timestamp must be a Unix timestamp"
        yield from self._priority_errors(message)

    def _priority_errors(self, message: dict) -> Iterator[str]:
        priority = message.get("priority", 0)
        if type(priority) is not int or not -2 <= priority <= 2:
            yield "priority is invalid"
        if priority != 2:
            if message.keys() & {"retry", "expire", "tags", "callback"}:
                yield "for emergencies only"
            return
        if type(message.get("retry")) is not int or message["retry"] < 30:
            yield "retry must be supplied with emergency priority, and at least 30 seconds"
        if type(message.get("expire")) is not int or not 0 < message["expire"] <= 10_800:
            yield "expire must be supplied with emergency priority, and at most 10800 seconds"

    def _cancel(self, tag: str, content: dict) -> web.Response:
        if content != {"token": TOKEN}:
            return self.bad("application token is invalid", token="invalid").response
        kept = [each for each in self.sounding if tag not in each.get("tags", "").split(",")]
        cancelled, self.sounding = len(self.sounding) - len(kept), kept
        return web.json_response({"status": 1, "canceled": cancelled, "request": REQUEST})


def shown_by_pushover(message: dict) -> str:
    """How loud, the title, and the rest; the link where there is one."""
    until = f" {message['retry']}/{message['expire']}" if "retry" in message else ""
    url = f"\n<{message['url']}>" if "url" in message else ""
    return f"[{message['priority']}{until}] {message['title']}\n\n{message['message']}{url}"
