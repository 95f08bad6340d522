"""The HTTP side: metrics, health, reload and the status page. What they show is made elsewhere;
here is who is answered what.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import hdrs, web

from regwatch.clock import Clock
from regwatch.web.api.handlers import Api
from regwatch.web.auth import Gate, authentication
from regwatch.web.metrics.exposition import Exposition, accepts_gzip, gzipped, negotiate
from regwatch.web.metrics.instruments import Instruments
from regwatch.web.metrics.series import PerExtension
from regwatch.web.pages.page import StatusPage
from regwatch.web.views import DaemonView, OperationsView

Reload = Callable[[], Awaitable[list[str]]]
"""Loads the configuration anew; returns what is wrong with it, in which case nothing changed."""

STATIC = Path(__file__).parent / "pages" / "static"
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """What of the configuration the HTTP side follows."""

    per_extension: PerExtension = "auto"
    external_url: str | None = None
    """Where people reach the status page; None: where they asked for it."""
    api_token: str = field(default="", repr=False)
    """Who has it may write through the API; empty: nobody has."""


def build_app(
    view: DaemonView,
    instruments: Instruments,
    *,
    reload: Reload,
    clock: Clock,
    settings: WebSettings | None = None,
    gate: Gate | None = None,
    operations: OperationsView | None = None,
) -> web.Application:
    """The application, ready to be listened for. With a gate, every path asks for a password.
    Without operations there is no JSON API.
    """
    settings = settings or WebSettings()
    site = _Site(
        view,
        reload,
        Exposition(instruments, view, settings.per_extension),
        StatusPage(view, clock, settings.external_url),
    )
    app = web.Application(middlewares=[authentication(gate, settings.api_token)])
    app.on_response_prepare.append(_secure)
    app.add_routes(
        [
            web.get("/", site.status),
            web.get("/metrics", site.metrics),
            web.get("/-/live", site.live),
            web.get("/-/healthy", site.healthy),
            web.get("/-/ready", site.ready),
            web.post("/-/reload", site.reload),
            web.static("/static", STATIC),
        ]
    )
    if operations is not None:
        app.add_routes(Api(view, operations, clock).routes())
    return app


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY_HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


class _Site:
    def __init__(
        self, view: DaemonView, reload: Reload, exposition: Exposition, page: StatusPage
    ) -> None:
        self._view = view
        self._reload = reload
        self._exposition = exposition
        self._page = page

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        form = negotiate(",".join(request.headers.getall(hdrs.ACCEPT, ())))
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: form.content_type})
        response.headers[hdrs.VARY] = "Accept, Accept-Encoding"
        chunks = self._exposition.chunks(form)
        if accepts_gzip(",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, ()))):
            response.headers[hdrs.CONTENT_ENCODING] = "gzip"
            chunks = gzipped(chunks)
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            async for chunk in chunks:
                await response.write(chunk)
        await response.write_eof()
        return response

    async def live(self, _request: web.Request) -> web.Response:
        problem = self._view.live_problem()
        if problem is None:
            return web.Response(text="regwatch is alive.\n")
        return web.Response(status=503, text=f"regwatch is stuck: {problem}\n")

    async def healthy(self, _request: web.Request) -> web.Response:
        problem = self._view.health_problem()
        if problem is None:
            return web.Response(text="regwatch is healthy.\n")
        return web.Response(status=503, text=f"regwatch is not healthy: {problem}\n")

    async def ready(self, _request: web.Request) -> web.Response:
        awaited = [a.name for a in self._view.accounts() if not a.first_sweep_done]
        if not awaited:
            return web.Response(text="regwatch is ready.\n")
        text = f"regwatch is not ready: the first sweep is under way for {', '.join(awaited)}.\n"
        return web.Response(status=503, text=text)

    async def reload(self, request: web.Request) -> web.Response:
        if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            return web.Response(
                status=403, text="Not reloaded: asked for by another site's page.\n"
            )
        problems = await self._reload()
        if not problems:
            return web.Response(text="The configuration was reloaded.\n")
        lines = "\n".join(problems)
        return web.Response(
            status=400, text=f"Not reloaded; the former configuration stays in force.\n{lines}\n"
        )

    async def status(self, request: web.Request) -> web.Response:
        body = await self._page.render(request.query)
        return web.Response(body=body, content_type="text/html", charset="utf-8")
