"""What a browser is answered."""

from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from regwatch.web.pages.page import StatusPage

STATIC = Path(__file__).parent / "static"
FILES = {file.name: file for file in STATIC.iterdir()}
"""By name: no other file is looked for, whatever is asked."""


class Pages:
    """The status page, and the files that it loads."""

    def __init__(self, page: StatusPage) -> None:
        self._page = page

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Where each is found."""
        return [web.get("/", self._status), web.get("/static/{name}", self._static)]

    async def _static(self, request: web.Request) -> web.StreamResponse:
        file = FILES.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return web.FileResponse(file)

    async def _status(self, request: web.Request) -> web.Response:
        body = await self._page.render(request.query)
        return web.Response(body=body, content_type="text/html", charset="utf-8")
