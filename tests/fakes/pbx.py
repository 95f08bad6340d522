"""A small PBX to be scripted: tokens, registrations, an extension list, and whatever else a test
wants said. It keeps each request as it came over the wire."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp.test_utils import TestServer

SECRET = "s3cr3t-of-the-client"
TOKEN_STEM = "t0ken-number-"


@dataclass(frozen=True)
class Canned:
    """An answer out of turn; bytes go out as they are."""

    status: int = 200
    body: bytes | str = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Written to the connection instead of an HTTP answer; then it is closed."""
    hangs: bool = False
    hangs_in_body: bool = False
    resets: bool = False


def canned_json(body: str, status: int = 200, **headers: str) -> Canned:
    """A JSON answer; header names with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Canned(status, body, {"Content-Type": "application/json", **named})


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    """Raw, without the query."""
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def ids(self) -> list[int]:
        """The ids it asked for."""
        return [int(i) for i in parse_qs(self.query).get("extension_id", [])]


def info(extension_id: int, **changes: object) -> dict[str, object]:
    """A registered extension as the PBX tells of it."""
    entry = {
        "device": "Yealink SIP-T46G 28.72.14.5",
        "real_address": "sip:203.0.113.7:62338",
        "contact_address": f"sip:{extension_id}@192.168.5.52:5062",
        "expires": 1764,
        "registration_id": f"uloc-{extension_id}",
    }
    return {
        "registered": True,
        "extension_id": extension_id,
        "registrations": [entry],
        **changes,
    }


class FakePbx:
    """What it says is set by its attributes; `script` is said first, by path prefix."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self.script: list[tuple[str, Canned]] = []
        self.always: dict[str, Canned] = {}
        self.answers: Callable[[int], dict[str, object] | None] = info
        self.extensions: list[dict[str, object]] = []
        self.page_size_cap = 1000
        self.ignores_paging = False
        self.groups: list[dict[str, object]] = []
        self.bad_ids: set[int] = set()
        self.bad_answer = canned_json('{"status":"client_not_found"}', 404)
        self.most_ids = 10_000
        self.too_many = Canned(413)
        self.quota_headers: dict[str, str] = {}
        self.expires_in: object = 3600
        self.tokens_issued = 0
        self.accepted: set[str] = set()
        self.hanging = asyncio.Event()
        """Somebody waits for an answer that will not come."""
        self.most_at_once = 0
        self._under_way = 0
        self.barrier: asyncio.Barrier | None = None
        """API requests wait here for each other before they are judged."""

    # --- what came -----------------------------------------------------------------------------

    def count(self, prefix: str) -> int:
        """So many requests for paths that begin so."""
        return sum(seen.path.startswith(prefix) for seen in self.seen)

    @property
    def batches(self) -> list[list[int]]:
        """The ids of each request for many."""
        return [seen.ids for seen in self.seen if seen.ids]

    def revoke_tokens(self) -> None:
        """The tokens issued so far are good no more."""
        self.accepted.clear()

    # --- what is said --------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            return await self._handle(request)
        finally:
            self._under_way -= 1

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        path, _, query = request.raw_path.partition("?")
        seen = Seen(request.method, path, query, dict(request.headers), body)
        self.seen.append(seen)
        canned = self._canned(path)
        if canned is not None:
            if canned.hangs:
                self.hanging.set()
            return await say(request, canned)
        if path == "/oauth/token":
            return self._token(seen)
        if self.barrier is not None:
            await self.barrier.wait()
        if seen.headers.get("Authorization", "").removeprefix("Bearer ") not in self.accepted:
            return await say(request, canned_json('{"status":"unauthorized"}', 401))
        answer = self._answer(seen)
        return await say(request, answer) if isinstance(answer, Canned) else answer

    def _canned(self, path: str) -> Canned | None:
        for index, (prefix, canned) in enumerate(self.script):
            if path.startswith(prefix):
                del self.script[index]
                return canned
        return next((c for prefix, c in self.always.items() if path.startswith(prefix)), None)

    def _token(self, seen: Seen) -> web.Response:
        form = {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}
        if form.get("client_secret") != SECRET or form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "invalid_client"}, status=401)
        self.tokens_issued += 1
        token = f"{TOKEN_STEM}{self.tokens_issued}"
        self.accepted.add(token)
        answer = {"access_token": token, "token_type": "Bearer", "scope": "all"}
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        return web.json_response(answer)

    def _answer(self, seen: Seen) -> web.Response | Canned:
        if seen.method == "DELETE":
            return web.Response(status=204)
        if seen.path.endswith("/extension/registration/"):
            return self._many(seen.ids)
        if seen.path.endswith("/registration/"):
            extension_id = int(seen.path.split("/")[-3])
            return (
                self.bad_answer
                if extension_id in self.bad_ids
                else self._json(self.answers(extension_id))
            )
        if seen.path.endswith("/extension_group/"):
            return self._json(self.groups)
        if seen.path.endswith("/user/"):
            return self._json({"client_id": "17", "timezone": "Europe/Riga", "extension_id": 3})
        return self._page(parse_qs(seen.query))

    def _many(self, ids: list[int]) -> web.Response | Canned:
        if len(ids) > self.most_ids:
            return self.too_many
        if self.bad_ids.intersection(ids):
            return self.bad_answer
        found = [answer for i in ids if (answer := self.answers(i)) is not None]
        return self._json(found[0] if len(ids) == 1 and found else found)

    def _page(self, query: dict[str, list[str]]) -> web.Response | Canned:
        if self.ignores_paging:
            return self._json(self.extensions)
        size = min(int(query["per_page"][0]), self.page_size_cap)
        start = (int(query["page"][0]) - 1) * size
        return self._json(self.extensions[start : start + size])

    def _json(self, value: object) -> web.Response:
        return web.json_response(value, headers=self.quota_headers)


async def say(request: web.Request, canned: Canned) -> web.StreamResponse:
    """Say it, however broken it is."""
    transport = request.transport
    assert transport is not None
    if canned.hangs:
        await asyncio.Event().wait()
    if canned.raw is not None:
        transport.write(canned.raw)
        transport.close()
    if canned.resets:
        transport.abort()
    if canned.hangs_in_body:
        response = web.StreamResponse(status=canned.status, headers=canned.headers)
        response.content_length = 1000
        await response.prepare(request)
        await response.write(b"[")
        await asyncio.Event().wait()
    body = canned.body.encode() if isinstance(canned.body, str) else canned.body
    return web.Response(status=canned.status, body=body, headers=canned.headers)


@asynccontextmanager
async def serving(pbx: FakePbx, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[FakePbx]:
    """Serve it on a free loopback port; sets its `url`."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", pbx.handle)
    server = TestServer(app, host="localhost" if tls else "127.0.0.1", shutdown_timeout=0)
    await server.start_server(ssl=tls)
    try:
        pbx.url = str(server.make_url("")).rstrip("/")
        yield pbx
    finally:
        await server.close()
