"""A simulated PBX at hand: served, controlled, and a session that is logged in."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from fakes.values import START

from regwatch.simulator import Control, Simulator, SimulatorSettings

MANY = "/api/ver1.0/extension/registration/"
LIST = "/api/ver1.0/client/@me/extension/"
LOG = "/api/ver1.0/client/@me/reg_status_log/"
LOGIN = {
    "grant_type": "client_credentials",
    "client_id": "demo",
    "client_secret": "demo-secret",
}


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class At:
    """A simulated PBX, its control, and a session that is logged in."""

    url: str
    control: Control
    session: aiohttp.ClientSession
    token: str

    async def get(self, path: str, **params: object) -> Answer:
        return await self.call("GET", path, params=[(k, str(v)) for k, v in params.items()])

    async def many(self, *ids: int) -> Answer:
        return await self.call("GET", MANY, params=[("extension_id", str(i)) for i in ids])

    async def call(self, method: str, path: str, **more: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        async with self.session.request(
            method, self.url + path, headers=headers, allow_redirects=False, **more
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    @property
    def ids(self) -> list[int]:
        return list(self.control.world.registrar.phones)


@asynccontextmanager
async def pbx(clock: Callable[[], float] = lambda: START, **more: object) -> AsyncIterator[At]:
    values = {"extensions": 12, "calm": True, "leases": "600", "quota": 100}
    settings = SimulatorSettings(**{**values, **more})  # type: ignore[arg-type]
    async with (
        Simulator(settings, clock=clock).serving() as served,
        aiohttp.ClientSession(auto_decompress=True) as session,
    ):
        async with session.post(served.url + "/oauth/token", data=LOGIN) as response:
            token = (await response.json())["access_token"]
        yield At(served.url, served.control, session, token)
