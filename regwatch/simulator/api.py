"""The PBX's API over HTTP: the same paths, answers and errors."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from regwatch.simulator import bodies
from regwatch.simulator.faults import Faults
from regwatch.simulator.fleet import GROUPS
from regwatch.simulator.history import read_time
from regwatch.simulator.world import World

API = "/api/ver1.0"
MOST_PER_PAGE = 100
HTML = "<html><head><title>Gateway</title></head><body><h1>Please log in</h1></body></html>"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RefusalError(Exception):
    """An answer other than the one asked for."""

    def __init__(self, status: int, word: str, message: object) -> None:
        super().__init__(word)
        self.status = status
        self.word = word
        self.message = message


class PbxApi:
    """The calls of the API on a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, float] = {}
        self.served: dict[str, int] = {}

    @property
    def _faults(self) -> Faults:
        return self._world.faults

    def revoke_tokens(self) -> None:
        """Every token handed out is refused from now on."""
        self._tokens.clear()

    def add_routes(self, app: web.Application) -> None:
        """Serve the API's paths."""
        one = f"{API}/extension/{{id}}/registration/"
        call = self._counted
        app.add_routes(
            [
                web.post("/oauth/token", self._token),
                web.get(f"{API}/user/", call("user", self._user)),
                web.get(f"{API}/client/@me/extension/", call("extensions", self._extensions)),
                web.get(f"{API}/client/@me/extension_group/", call("groups", self._groups)),
                web.get(f"{API}/client/@me/reg_status_log/", call("log", self._status_log)),
                web.get(f"{API}/extension/registration/", call("registrations", self._many)),
                web.get(one, call("registration", self._one)),
                web.delete(one, call("unregister_all", self._delete)),
                web.delete(one + "{registration}", call("unregister", self._delete)),
            ]
        )

    # --- tokens ------------------------------------------------------------

    async def _token(self, request: web.Request) -> web.StreamResponse:
        """Not counted against the quota; but a proxy's faults spoil it as they do the rest."""
        self._count("token")
        try:
            return await self._answered(self._grant, request)
        except RefusalError as refusal:
            return self._refused(refusal)

    async def _grant(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        given = (form.get("client_id"), form.get("client_secret"))
        settings = self._world.settings
        known = given == (settings.client_id, settings.client_secret)
        if not known or self._faults.on("token_invalid_client"):
            return web.json_response({"error": "invalid_client"}, status=400)
        if form.get("grant_type") != "client_credentials" or form.get("scope") == "":
            return web.json_response({"error": "invalid_request"}, status=400)
        token = secrets.token_urlsafe(22)
        self._tokens[token] = self._world.real_now() + settings.token_life
        reply: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "scope": "all"}
        if not self._faults.on("token_no_expires_in"):
            reply["expires_in"] = int(settings.token_life)
        return web.json_response(reply)

    def _check_token(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        ends_at = self._tokens.get(token, 0.0)
        refused = self._world.happens("token_401")
        if refused:
            self._tokens.pop(token, None)
        if scheme != "Bearer" or ends_at <= self._world.real_now() or refused:
            raise RefusalError(401, "unauthorized", "The access token is invalid or has expired.")

    # --- what stands before every call ----------------------------------------------------------

    def _counted(self, name: str, handler: Handler) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            self._count(name)
            try:
                self._check_token(request)
                self._check_quota()
                self._check_access(name)
                response = await self._answered(handler, request)
            except RefusalError as refusal:
                response = self._refused(refusal)
            response.headers.update(self._rate_headers())
            return response

        return serve

    def _refused(self, refusal: RefusalError) -> web.StreamResponse:
        body = bodies.error(refusal.status, refusal.word, refusal.message, self._faults)
        headers = {}
        if refusal.status == 429 and self._faults.on("retry_after"):
            headers["Retry-After"] = str(round(self._faults.number("retry_after")))
        return web.json_response(body, status=refusal.status, headers=headers)

    def _count(self, name: str) -> None:
        self.served[name] = self.served.get(name, 0) + 1

    def _check_quota(self) -> None:
        if self._world.happens("throttle"):
            message = "Another concurrent request not allowed"
            raise RefusalError(429, "too_many_requests", message)
        self._world.quota.refused_cost = self._faults.on("refused_cost")
        taken = self._world.quota.take(self._world.real_now())
        if not taken or self._faults.on("quota_exhausted") or self._is_over_lower_limit():
            raise RefusalError(429, "rate_limit_exceeded", "The hourly limit is exceeded.")

    def _is_over_lower_limit(self) -> bool:
        limit = int(self._faults.number("lower_limit"))
        return bool(limit) and self._world.quota.used(self._world.real_now()) > limit

    def _check_access(self, name: str) -> None:
        if self._faults.on("access_denied") and name not in ("user", "extensions", "groups"):
            message = {"text": "The resource is closed to your application", "code": 17}
            raise RefusalError(403, "app_access_type_deny", message)
        if self._faults.on("list_fails") and name == "extensions":
            raise RefusalError(500, "internal_error", "The list is not available.")

    def _rate_headers(self) -> dict[str, str]:
        lower = int(self._faults.number("lower_limit"))
        form = self._faults.word("rate_headers", "seconds")
        headers = dict(self._world.quota.headers(form, self._world.real_now(), lower))
        if self._faults.on("quota_exhausted") and "X-RateLimit-Remaining" in headers:
            headers["X-RateLimit-Remaining"] = "0"
        return headers

    async def _answered(self, handler: Handler, request: web.Request) -> web.StreamResponse:
        """The handler's answer, or what the faults make of it."""
        if seconds := self._faults.number("hang"):
            await asyncio.sleep(seconds)
        if self._world.happens("drop_connection") and request.transport is not None:
            request.transport.abort()
        if self._world.happens("http_500"):
            raise RefusalError(500, "internal_error", "Something went wrong.")
        if self._world.happens("http_502"):
            return web.Response(status=502, text=HTML, content_type="text/html")
        if self._world.happens("http_503"):
            return web.Response(status=503)
        if self._faults.on("redirect"):
            return web.Response(status=302, headers={"Location": self._faults.word("redirect", "")})
        if self._world.happens("html_200"):
            return web.Response(text=HTML, content_type="text/html")
        if self._world.happens("empty_body"):
            return web.Response(content_type="application/json")
        return await self._spoiled(await handler(request), request)

    async def _spoiled(
        self, response: web.StreamResponse, request: web.Request
    ) -> web.StreamResponse:
        """The right answer, spoiled on its way."""
        if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
            return response
        body = response.body
        if self._world.happens("truncated_json"):
            response.body = body[: len(body) // 2]
        if self._world.happens("wrong_content_type"):
            response.content_type = "text/html"
        if self._world.happens("broken_gzip"):
            return web.Response(
                body=b"\x1f\x8b\x08\x00 not gzip at all",
                headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
            )
        if seconds := self._faults.number("slow"):
            return await self._trickle(response, seconds, request)
        return response

    async def _trickle(
        self, whole: web.Response, seconds: float, request: web.Request
    ) -> web.StreamResponse:
        body = whole.body if isinstance(whole.body, bytes) else b""
        headers = {"Content-Type": whole.headers["Content-Type"], **self._rate_headers()}
        response = web.StreamResponse(status=whole.status, headers=headers)
        await response.prepare(request)
        step = max(1, len(body) // 10)
        for start in range(0, len(body), step):
            await response.write(body[start : start + step])
            await asyncio.sleep(seconds / 10)
        await response.write_eof()
        return response

    # --- the calls ------------------------------------------------------------

    async def _user(self, _request: web.Request) -> web.StreamResponse:
        client_id = self._world.settings.client_id
        return web.json_response({"client_id": client_id, "timezone": "UTC", "extension_id": None})

    async def _groups(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response([{"id": id_, "name": name} for id_, name in GROUPS.items()])

    async def _extensions(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        page, per_page = _whole(query.get("page", "1")), _whole(query.get("per_page", "20"))
        phones = self._world.listed()
        if query.get("type", "phone") != "phone" or query.get("status", "active") != "active":
            phones = []
        shown = bodies.page_of(phones, page, min(per_page, MOST_PER_PAGE), self._faults)
        if shown is None:
            raise RefusalError(404, "not_found", "There is no such page.")
        return web.json_response([bodies.extension(phone, self._faults) for phone in shown])

    async def _many(self, request: web.Request) -> web.StreamResponse:
        ids = [_whole(value) for value in request.query.getall("extension_id", ())]
        if not ids:
            raise RefusalError(400, "bad_request", {"extension_id": "is required"})
        most = int(self._faults.number("max_ids"))
        if most and len(ids) > most:
            status = int(self._faults.word("max_ids_status", "400"))
            raise RefusalError(status, "too_many_ids", "Too many ids.")
        infos = [info for i in ids if (info := self._info(i)) is not None]
        infos = bodies.with_oddities(
            infos, set(ids), self._world.registrar, self._faults, self._world.random
        )
        single = len(ids) == 1 and self._faults.word("single_as", "object") == "object"
        body: object = infos[0] if single and len(infos) == 1 else infos
        return web.Response(body=json.dumps(body).encode(), content_type="application/json")

    def _info(self, extension_id: int) -> dict[str, Any] | None:
        if self._world.is_known(extension_id):
            return bodies.reg_info(
                self._world.registrar, extension_id, now=self._world.seen_now(), faults=self._faults
            )
        match self._faults.word("unknown_id", "omit"):
            case "default":
                return bodies.empty(extension_id)
            case "403":
                raise RefusalError(403, "access_denied", "This extension is not yours.")
            case "404":
                raise RefusalError(404, "not_found", "There is no such extension.")
        return None

    async def _one(self, request: web.Request) -> web.StreamResponse:
        info = self._info(_whole(request.match_info["id"]))
        if info is None:
            raise RefusalError(404, "not_found", "There is no such extension.")
        return web.json_response(info)

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        if self._faults.on("deletions_refused"):
            raise RefusalError(403, "access_denied", "Registrations are not yours to delete.")
        extension_id, now = _whole(request.match_info["id"]), self._world.now()
        registration, known = request.match_info.get("registration"), self._world.is_known
        if not known(extension_id) or not self._world.registrar.delete(
            extension_id, registration, now
        ):
            raise RefusalError(404, "not_found", "There is no such registration.")
        return web.Response(status=204)

    async def _status_log(self, request: web.Request) -> web.StreamResponse:
        if self._faults.on("reg_status_log_off"):
            raise RefusalError(403, "access_denied", "The history is not enabled.")
        query = request.query
        start = _moment(query.get("start_datetime"), float("-inf"))
        end = _moment(query.get("end_datetime"), float("inf"))
        edges = [edge for edge in self._world.edges() if start <= edge.at <= end]
        if query.get("order", "asc") == "desc":
            edges.reverse()
        return web.json_response([edge.entry() for edge in edges])


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and 0 < int(text) < 2**63):
        raise RefusalError(400, "bad_request", f"`{text}` is not a positive whole number.")
    return int(text)


def _moment(text: str | None, otherwise: float) -> float:
    try:
        return otherwise if text is None else read_time(text)
    except ValueError:
        message = f"`{text}` is not a time like 2018-04-19 09:51:35."
        raise RefusalError(400, "bad_request", message) from None
