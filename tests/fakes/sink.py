"""A webhook receiver that keeps what it gets, and can misbehave."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from fakes.patience import PATIENCE

Alert = Mapping[str, Any]


class Sink:
    """What arrived, in order."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[Mapping[str, Any]] = []
        self.ids: list[str] = []
        """Of each of them: what it is to be known by if it comes again."""
        self.status = 200
        self.pings = 0
        """How often it was only asked for."""
        self._arrived = asyncio.Event()

    @property
    def alerts(self) -> list[Alert]:
        """Every alert of every message."""
        return [alert for body in self.bodies for alert in body["alerts"]]

    def of(self, extension_id: int, status: str | None = None) -> list[Alert]:
        """The alerts about one extension."""
        return [
            alert
            for alert in self.alerts
            if alert["labels"].get("extension_id") == str(extension_id)
            and status in (None, alert["status"])
        ]

    async def until(self, condition: Callable[["Sink"], object], seconds: float = PATIENCE) -> None:
        """Wait for messages until it holds."""
        async with asyncio.timeout(seconds):
            while not condition(self):
                self._arrived.clear()
                await self._arrived.wait()

    async def ping(self, _request: web.Request) -> web.Response:
        """A dead-man's switch."""
        self.pings += 1
        self._arrived.set()
        return web.Response()

    async def receive(self, request: web.Request) -> web.Response:
        """Take a message, if well."""
        body = await request.json()
        if self.status == 200:
            self.bodies.append(body)
            self.ids.append(request.headers["webhook-id"])
            self._arrived.set()
        return web.Response(status=self.status)


@asynccontextmanager
async def sink(given: Sink | None = None) -> AsyncIterator[Sink]:
    """A sink on a free port; another than the usual one, if it is given."""
    made = Sink() if given is None else given
    app = web.Application(client_max_size=64 << 20)
    app.router.add_post("/hook", made.receive)
    app.router.add_get("/hook", made.ping)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield made
    finally:
        await runner.cleanup()
