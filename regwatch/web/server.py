"""The HTTP side put together: metrics, health, the status page, the JSON API, and who may pass."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiohttp import hdrs, web

from regwatch.clock import Clock
from regwatch.guard import Bugs
from regwatch.web.api.handlers import Api
from regwatch.web.auth import Gate, authentication
from regwatch.web.door import HEARD, SERVER_NAME, Heard
from regwatch.web.errors import surviving
from regwatch.web.health import HealthChecks, Reload
from regwatch.web.metrics.exposition import Exposition
from regwatch.web.metrics.instruments import Instruments
from regwatch.web.metrics.scrape import Scrape
from regwatch.web.metrics.series import PerExtension
from regwatch.web.origin import Names, only_ours
from regwatch.web.pages.page import StatusPage
from regwatch.web.pages.plain import PlainPages
from regwatch.web.pages.routes import Pages
from regwatch.web.rates import Networks, limited
from regwatch.web.views import DaemonView, OperationsView

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
    hosts: Sequence[str] = ()
    """Other names under which it is reached."""
    trusted_proxies: Networks = ()
    """Whose X-Forwarded-For says who asks."""
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
    bugs: Bugs | None = None,
) -> web.Application:
    """The application, ready to be listened for. With a gate, every path asks for a password.
    Without operations there is no JSON API.
    """
    settings, bugs = settings or WebSettings(), bugs or Bugs(clock=clock)
    who = authentication(gate, settings.api_token)
    names = Names(settings.external_url, settings.hosts)
    limit = limited(settings.trusted_proxies)
    heard = Heard()
    app = web.Application(
        middlewares=[heard.listening(), surviving(bugs), limit, only_ours(names), who]
    )
    app[HEARD] = heard
    app.on_startup.append(names.learn)
    app.on_response_prepare.append(_secure)
    page = StatusPage(view, clock, settings.external_url, bugs)
    app.add_routes(Pages(page, PlainPages(operations, clock)).routes())
    exposition = Exposition(instruments, view, settings.per_extension, bugs)
    app.add_routes(Scrape(exposition).routes())
    app.add_routes(HealthChecks(view, reload).routes())
    if operations is not None:
        app.add_routes(Api(view, operations, clock, bugs).routes())
    return app


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY_HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    response.headers[hdrs.SERVER] = SERVER_NAME
