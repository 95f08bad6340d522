"""What a browser is answered."""

from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from regwatch.web.pages.page import StatusPage
from regwatch.web.pages.plain import PlainPages
from regwatch.web.views import UnavailableError

STATIC = Path(__file__).parent / "static"
FILES = {file.name: file for file in STATIC.iterdir()}
"""By name: no other file is looked for, whatever is asked."""


NO_INCIDENT = "No incident has this id. Those that ended are kept as long as the history is."
NO_ALERT = "No alert has this name; all of them stand at /help"


class Pages:
    """The status page, the files that it loads, and pages about one thing."""

    def __init__(self, page: StatusPage, plain: PlainPages) -> None:
        self._page = page
        self._plain = plain

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Where each is found."""
        return [
            web.get("/", self._status),
            web.get("/static/{name}", self._static),
            web.get("/incidents/{id}", self._incident),
            web.get("/help", self._helps),
            web.get("/help/{alert}", self._help),
        ]

    async def _static(self, request: web.Request) -> web.StreamResponse:
        file = FILES.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return web.FileResponse(file)

    async def _status(self, request: web.Request) -> web.Response:
        return _html(await self._page.render(request.query))

    async def _incident(self, request: web.Request) -> web.Response:
        try:
            body = await self._plain.incident(request.match_info["id"])
        except UnavailableError as error:
            return web.Response(text=str(error), status=503)
        if body is None:
            return web.Response(text=NO_INCIDENT, status=404)
        return _html(body)

    async def _helps(self, _request: web.Request) -> web.Response:
        return _html(self._plain.all_help())

    async def _help(self, request: web.Request) -> web.Response:
        body = self._plain.help(request.match_info["alert"])
        if body is None:
            return web.Response(text=NO_ALERT, status=404)
        return _html(body)


def _html(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="text/html", charset="utf-8")
