"""The services that alerts go to, as strict as their documents: what these promise to refuse is
refused, with their own words. A script of other answers can be put in front."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass(frozen=True)
class Canned:
    """An answer out of turn."""

    status: int = 200
    body: str | bytes = ""
    headers: dict[str, str] = field(default_factory=dict)


HANG = Canned(status=-1)
GARBAGE = Canned(status=-2)
"""Bytes that are no HTTP."""
DISCONNECT = Canned(status=-3)


class FakeService:
    """A web server that keeps what it took; `script` is answered first."""

    path = "/{tail:.*}"

    def __init__(self) -> None:
        self.script: list[Canned] = []
        self.requests: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.taken: list[object] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append(request)
        self.bodies.append(body)
        if self.script:
            return await self._out_of_turn(request, self.script.pop(0))
        return self.judge(request, body)

    def judge(self, request: web.Request, body: bytes) -> web.Response:
        raise NotImplementedError

    async def _out_of_turn(self, request: web.Request, canned: Canned) -> web.StreamResponse:
        if canned is HANG:
            await asyncio.Event().wait()
        if canned in (GARBAGE, DISCONNECT):
            assert request.transport is not None
            if canned is GARBAGE:
                request.transport.write(b"\x00\xff no HTTP at all\r\n\r\n")
            request.transport.close()
        body = canned.body.encode() if isinstance(canned.body, str) else canned.body
        return web.Response(status=max(canned.status, 200), body=body, headers=canned.headers)


@asynccontextmanager
async def serving(service: FakeService) -> AsyncIterator[FakeService]:
    """Serve it on a free loopback port; sets its `url`."""
    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_post(service.path, service.answer)
    async with TestServer(app, shutdown_timeout=0) as server:
        service.url = str(server.make_url(service.path.partition("{")[0]))
        yield service


class FakeHook(FakeService):
    """A webhook's receiver that verifies Standard Webhooks signatures when it has the key, and
    reads the body as Alertmanager's own `webhook_config` receivers would."""

    def __init__(self, *, key: bytes = b"") -> None:
        super().__init__()
        self.key = key

    def judge(self, request: web.Request, body: bytes) -> web.Response:
        if self.key and not self._is_signed(request, body):
            return web.Response(status=401, text="bad signature")
        try:
            self.taken.append(alertmanager_body(json.loads(body)))
        except (ValueError, KeyError, TypeError, AssertionError) as error:
            return web.Response(status=422, text=repr(error))
        return web.Response(status=204)

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        parts = (request.headers["webhook-id"], request.headers["webhook-timestamp"])
        content = ".".join(parts).encode() + b"." + body
        expected = b"v1," + base64.b64encode(hmac.new(self.key, content, hashlib.sha256).digest())
        given = request.headers.get("webhook-signature", "").split()
        return any(hmac.compare_digest(expected, one.encode()) for one in given)


def alertmanager_body(body: dict) -> dict:
    """The body, if it is what Alertmanager documents as version 4."""
    assert body["version"] == "4"
    assert body["status"] in ("firing", "resolved")
    assert isinstance(body["truncatedAlerts"], int)
    for name in ("groupKey", "receiver", "externalURL"):
        assert isinstance(body[name], str), name
    for name in ("groupLabels", "commonLabels", "commonAnnotations"):
        strings(body[name])
    for alert in body["alerts"]:
        assert alert["status"] in ("firing", "resolved")
        strings(alert["labels"])
        strings(alert["annotations"])
        moment(alert["startsAt"])
        assert (alert["endsAt"] == "0001-01-01T00:00:00Z") == (alert["status"] == "firing")
        moment(alert["endsAt"])
        assert isinstance(alert["generatorURL"], str)
        assert isinstance(alert["fingerprint"], str)
        assert alert["fingerprint"]
    firing = any(alert["status"] == "firing" for alert in body["alerts"])
    assert firing == (body["status"] == "firing") or body["truncatedAlerts"]
    return body


def strings(mapping: dict) -> None:
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in mapping.items())


def moment(text: str) -> datetime:
    """RFC 3339, UTC, as Go reads it."""
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


class FakeSlack(FakeService):
    """An incoming webhook with the limits of Block Kit."""

    path = "/services/T000/B000/slacksecret"

    def judge(self, request: web.Request, body: bytes) -> web.Response:
        try:
            message = json.loads(body)
            assert request.content_type == "application/json"
        except (ValueError, AssertionError):
            return web.Response(status=400, text="invalid_payload")
        if not message.get("text") and not message.get("blocks"):
            return web.Response(status=400, text="no_text")
        if len(message.get("text", "")) > 40_000:
            return web.Response(status=400, text="msg_too_long")
        attachments = message.get("attachments", [])
        if len(attachments) > 100:
            return web.Response(status=400, text="too_many_attachments")
        lists = [message.get("blocks", []), *(a.get("blocks", []) for a in attachments)]
        if not all(len(blocks) <= 50 and all(map(self._is_block, blocks)) for blocks in lists):
            return web.Response(status=400, text="invalid_blocks")
        written = (block["text"]["text"] for blocks in lists for block in blocks)
        if sum(map(len, written)) > 11_000:
            return web.Response(status=400, text="msg_blocks_too_long")
        self.taken.append(message)
        return web.Response(status=200, text="ok")

    def _is_block(self, block: dict) -> bool:
        text = block.get("text", {})
        if block["type"] == "header":
            return text["type"] == "plain_text" and 0 < len(text["text"]) <= 150
        if block["type"] == "section":
            return text["type"] in ("plain_text", "mrkdwn") and 0 < len(text["text"]) <= 3000
        return False


class FakePagerDuty(FakeService):
    """Events API v2."""

    path = "/v2/enqueue"

    def __init__(self, *, routing_key: str) -> None:
        super().__init__()
        self.routing_key = routing_key
        self.open: dict[str, dict] = {}
        self.budget: int | None = None
        """So many events are taken, then 429."""

    def judge(self, request: web.Request, body: bytes) -> web.Response:
        if self.budget is not None:
            if self.budget <= 0:
                return web.Response(status=429)
            self.budget -= 1
        if len(body) > 512 * 1024:
            return web.Response(status=413)
        try:
            event = json.loads(body)
            errors = list(self._errors(event))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            errors = [repr(error)]
        if errors:
            answer = {
                "status": "invalid event",
                "message": "Event object is invalid",
                "errors": errors,
            }
            return web.json_response(answer, status=400)
        self._take(event)
        answer = {
            "status": "success",
            "message": "Event processed",
            "dedup_key": event["dedup_key"],
        }
        return web.json_response(answer, status=202)

    def _take(self, event: dict) -> None:
        self.taken.append(event)
        if event["event_action"] == "trigger":
            self.open[event["dedup_key"]] = event["payload"]
        else:
            self.open.pop(event["dedup_key"], None)

    def _errors(self, event: dict):
        known = {"routing_key", "event_action", "dedup_key", "client", "client_url", "links"}
        yield from (f"unknown '{name}'" for name in event.keys() - known - {"payload", "images"})
        if event["routing_key"] != self.routing_key or len(event["routing_key"]) != 32:
            yield f"Invalid routing key {event['routing_key']}"
        if event["event_action"] not in ("trigger", "acknowledge", "resolve"):
            yield "Invalid event action (must be one of [trigger acknowledge resolve])"
        if not 0 < len(event["dedup_key"]) <= 255:
            yield "Length of 'dedup_key' is incorrect"
        for link in event.get("links", []):
            if not link["href"].startswith(("http://", "https://")):
                yield "bad link"
        if event["event_action"] == "trigger":
            yield from self._payload_errors(event["payload"])

    def _payload_errors(self, payload: dict):
        if not 0 < len(payload["summary"]) <= 1024:
            yield "Length of 'summary' is incorrect"
        if not payload["source"]:
            yield "'payload.source' is missing or blank"
        if payload["severity"] not in ("critical", "error", "warning", "info"):
            yield "'payload.severity' is invalid"
        if "timestamp" in payload:
            moment(payload["timestamp"])
        if not isinstance(payload.get("custom_details", {}), dict):
            yield "'payload.custom_details' is not an object"
