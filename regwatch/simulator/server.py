"""A simulated PBX to be asked over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from regwatch.clock import wall_clock
from regwatch.simulator.api import PbxApi
from regwatch.simulator.control import Control, add_routes
from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.truth import Event
from regwatch.simulator.world import World

LONGEST_LINE = 8190
"""Bytes of a request line, as web servers take by default: too many ids do not fit."""


@dataclass(frozen=True, slots=True)
class Served:
    """A simulator and where it is found."""

    url: str
    control: Control


class Simulator:
    """Makes the world when it is served, so that its time begins then."""

    def __init__(
        self,
        settings: SimulatorSettings,
        *,
        clock: Callable[[], float] = wall_clock,
        tell: Callable[[Event], None] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._tell = tell

    @asynccontextmanager
    async def serving(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Served]:
        """Serve it while the context lasts; raises `OSError` if the port is taken."""
        world = World(self._settings, clock=self._clock, tell=self._tell)
        api = PbxApi(world)
        control = Control(world, api)
        app = web.Application(middlewares=[self._delayed])
        api.add_routes(app)
        add_routes(app, control)
        runner = web.AppRunner(
            app, access_log=None, handle_signals=False, max_line_size=LONGEST_LINE,
            shutdown_timeout=1.0,
        )  # fmt: skip
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            bound = runner.addresses[0]
            shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
            yield Served(f"http://{shown}:{bound[1]}", control)
        finally:
            await runner.cleanup()

    @web.middleware
    async def _delayed(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._settings.delay:
            await asyncio.sleep(self._settings.delay)
        response = await handler(request)
        # Compressed, a body-less 204 would be sent as chunks, which is no HTTP.
        has_body = isinstance(response, web.Response) and bool(response.body)
        wanted = "gzip" in request.headers.get("Accept-Encoding", "")
        if has_body and wanted and "Content-Encoding" not in response.headers:
            response.enable_compression(web.ContentCoding.gzip)
        return response
