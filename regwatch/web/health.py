"""What a service manager, a container's health check or an administrator is answered: whether the
daemon lives, is healthy and is ready; and to load its configuration anew.
"""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from regwatch.web.auth import why_not_writing
from regwatch.web.views import DaemonView

Reload = Callable[[], Awaitable[list[str]]]
"""Loads the configuration anew; returns what is wrong with it, in which case nothing changed."""
RELOAD_SECONDS = 10.0
"""Least time between two reloads that are asked for here: what changed begins anew, and asks."""


class HealthChecks:
    """Plain words, and a status for programs."""

    def __init__(self, view: DaemonView, reload: Reload) -> None:
        self._view = view
        self._load_anew = reload
        self._may_reload_at = float("-inf")

    def routes(self) -> list[web.RouteDef]:
        """Where each is found."""
        return [
            web.get("/-/live", self._live),
            web.get("/-/healthy", self._healthy),
            web.get("/-/ready", self._ready),
            web.post("/-/reload", self._reload),
        ]

    async def _live(self, _request: web.Request) -> web.Response:
        problem = self._view.live_problem()
        if problem is None:
            return web.Response(text="regwatch is alive.\n")
        return web.Response(status=503, text=f"regwatch is stuck: {problem}\n")

    async def _healthy(self, _request: web.Request) -> web.Response:
        problem = self._view.health_problem()
        if problem is None:
            return web.Response(text="regwatch is healthy.\n")
        return web.Response(status=503, text=f"regwatch is not healthy: {problem}\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        awaited = [a.name for a in self._view.accounts() if not a.first_sweep_done]
        if not awaited:
            return web.Response(text="regwatch is ready.\n")
        text = f"regwatch is not ready: the first sweep is under way for {', '.join(awaited)}.\n"
        return web.Response(status=503, text=text)

    async def _reload(self, request: web.Request) -> web.Response:
        if why_not := why_not_writing(request):
            return web.Response(status=403, text=f"Not reloaded: {why_not}.\n")
        now = asyncio.get_running_loop().time()
        if now < self._may_reload_at:
            text = f"Not reloaded: it was less than {RELOAD_SECONDS:.0f} s ago.\n"
            wait = {"Retry-After": f"{RELOAD_SECONDS:.0f}"}
            return web.Response(status=429, text=text, headers=wait)
        self._may_reload_at = now + RELOAD_SECONDS
        problems = await self._load_anew()
        if not problems:
            return web.Response(text="The configuration was reloaded.\n")
        lines = "\n".join(problems)
        return web.Response(
            status=400, text=f"Not reloaded; the former configuration stays in force.\n{lines}\n"
        )
