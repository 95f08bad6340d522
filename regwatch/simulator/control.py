"""Making things happen to a simulated PBX: as methods, and the same over HTTP."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from regwatch.simulator.api import PbxApi
from regwatch.simulator.world import World

ROOT = "/_simulator"
UNFIT = (ValueError, TypeError, LookupError, RecursionError)
"""What a body that is no JSON raises, or one in letters that nobody knows."""
NUMBER = "\\d{1,18}"


class Control:
    """What a test or a person can do to it."""

    def __init__(self, world: World, api: PbxApi) -> None:
        self.world = world
        self._api = api

    def act(self, extension_id: int, action: str) -> None:
        """Let something happen to a phone; raises `KeyError`."""
        self.world.registrar.act(extension_id, action, self.world.now())

    def site(self, index: int, *, dark: bool) -> int:
        """A whole site goes dark, or comes back; returns how many phones it has."""
        return self.world.registrar.site(index, dark=dark, now=self.world.now())

    def restart_registrar(self) -> None:
        """It forgets everything."""
        self.world.registrar.restart(self.world.now())

    def set_faults(self, faults: Mapping[str, object]) -> None:
        """Switch some; raises `FaultError`."""
        self.world.faults.set(faults)

    def clear_faults(self) -> None:
        """All off."""
        self.world.faults.clear()

    def set_quota(self, *, limit: int | None = None, used: int | None = None) -> None:
        """Change the hourly limit, or what is used of it."""
        if limit is not None:
            self.world.quota.limit = limit
        if used is not None:
            self.world.quota.use(used, self.world.real_now())

    def revoke_tokens(self) -> None:
        """Every token is refused from now on."""
        self._api.revoke_tokens()

    def list_extension(self, extension_id: int, *, listed: bool) -> None:
        """The PBX has an extension again, or has it no more; raises `KeyError`."""
        now = self.world.now()
        self.world.registrar.list_extension(extension_id, listed=listed, now=now)

    def registered_ids(self) -> list[int]:
        """The extensions that are registered now, as far as the PBX has them."""
        now, registrar = self.world.now(), self.world.registrar
        known = (phone.id for phone in registrar.phones.values() if phone.listed)
        return [i for i in known if (found := registrar.answer(i, now)) and found[0]]

    def overview(self) -> dict[str, Any]:
        """What is going on."""
        now = self.world.now()
        return {
            "now": now,
            "began_at": self.world.began_at,
            "speed": self.world.settings.speed,
            "extensions": len(self.world.registrar.phones),
            "registered": len(self.registered_ids()),
            "quota": {
                "limit": self.world.quota.limit,
                "used": self.world.quota.used(self.world.real_now()),
            },
            "served": dict(self._api.served),
            "faults": dict(self.world.faults.active),
            "events": len(self.world.registrar.truth.since(0)),
        }


def add_routes(app: web.Application, control: Control) -> None:
    """Serve the control under `/_simulator/`."""
    served = _Served(control)
    app.add_routes(
        [
            web.get(f"{ROOT}/", served.overview),
            web.get(f"{ROOT}/phones", served.phones),
            web.get(f"{ROOT}/truth", served.truth),
            web.get(f"{ROOT}/life", served.life),
            web.get(f"{ROOT}/faults", served.faults),
            web.post(f"{ROOT}/faults", served.set_faults),
            web.delete(f"{ROOT}/faults", served.clear_faults),
            web.post(f"{ROOT}/phones/{{id:{NUMBER}}}/{{action}}", served.act),
            web.post(f"{ROOT}/sites/{{index:{NUMBER}}}/{{what:dark|light}}", served.site),
            web.post(f"{ROOT}/registrar/restart", served.restart),
            web.post(f"{ROOT}/quota", served.quota),
            web.post(f"{ROOT}/tokens/revoke", served.revoke),
            web.post(
                f"{ROOT}/extensions/{{id:{NUMBER}}}/{{what:add|remove}}", served.list_extension
            ),
        ]
    )


class _Served:
    """The control over HTTP."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def overview(self, _request: web.Request) -> web.Response:
        return web.json_response(self._control.overview())

    async def phones(self, _request: web.Request) -> web.Response:
        registered = set(self._control.registered_ids())
        phones = self._control.world.registrar.phones.values()
        return web.json_response(
            [
                {
                    "extension_id": phone.id,
                    "name": phone.name,
                    "site": phone.site,
                    "registered": phone.id in registered,
                }
                for phone in phones
            ]
        )

    async def truth(self, request: web.Request) -> web.Response:
        self._control.world.now()
        try:
            since = int(request.query.get("since", "0"))
        except ValueError:
            return _bad("since: the number of an event")
        lines = [event.line() for event in self._control.world.registrar.truth.since(since)]
        text = "".join(f"{line}\n" for line in lines)
        return web.Response(text=text, content_type="application/x-ndjson")

    async def life(self, _request: web.Request) -> web.Response:
        """What has begun so far of what was settled, and what is to be seen of each."""
        self._control.world.now()
        lines = [happening.line() for happening in self._control.world.happened()]
        text = "".join(f"{line}\n" for line in lines)
        return web.Response(text=text, content_type="application/x-ndjson")

    async def faults(self, _request: web.Request) -> web.Response:
        return web.json_response(self._control.world.faults.active)

    async def set_faults(self, request: web.Request) -> web.Response:
        try:
            self._control.set_faults(await _object(request))
        except UNFIT as error:
            return _bad(str(error))
        return web.json_response(self._control.world.faults.active)

    async def clear_faults(self, _request: web.Request) -> web.Response:
        self._control.clear_faults()
        return web.Response(status=204)

    async def act(self, request: web.Request) -> web.Response:
        try:
            self._control.act(int(request.match_info["id"]), request.match_info["action"])
        except KeyError as error:
            known = ", ".join(self._control.world.registrar.actions)
            message = f"there is no {error}; actions are: {known}"
            return web.json_response({"message": message}, status=404)
        return web.Response(status=204)

    async def site(self, request: web.Request) -> web.Response:
        index, dark = int(request.match_info["index"]), request.match_info["what"] == "dark"
        return web.json_response({"phones": self._control.site(index, dark=dark)})

    async def restart(self, _request: web.Request) -> web.Response:
        self._control.restart_registrar()
        return web.Response(status=204)

    async def quota(self, request: web.Request) -> web.Response:
        try:
            given = await _object(request)
            self._control.set_quota(limit=_count(given, "limit"), used=_count(given, "used"))
        except UNFIT as error:
            return _bad(str(error))
        return web.Response(status=204)

    async def revoke(self, _request: web.Request) -> web.Response:
        self._control.revoke_tokens()
        return web.Response(status=204)

    async def list_extension(self, request: web.Request) -> web.Response:
        try:
            listed = request.match_info["what"] == "add"
            self._control.list_extension(int(request.match_info["id"]), listed=listed)
        except KeyError:
            return web.json_response({"message": "there is no such extension"}, status=404)
        return web.Response(status=204)


def _bad(message: str) -> web.Response:
    return web.json_response({"message": message}, status=400)


async def _object(request: web.Request) -> Mapping[str, object]:
    given = await request.json()
    if not isinstance(given, dict):
        raise TypeError('an object like {"name": value} is needed')
    return given


def _count(given: Mapping[str, object], name: str) -> int | None:
    value = given.get(name)
    if value is None or (type(value) is int and value >= 0):
        return value
    raise ValueError(f"{name}: `{value}` is not a whole number from 0")
