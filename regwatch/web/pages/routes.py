"""What a browser is answered."""

from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from regwatch.web.pages.page import StatusPage

STATIC = Path(__file__).parent / "static"


class Pages:
    """The status page, and the files that it loads."""

    def __init__(self, page: StatusPage) -> None:
        self._page = page

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Where each is found."""
        return [web.get("/", self._status), web.static("/static", STATIC)]

    async def _status(self, request: web.Request) -> web.Response:
        body = await self._page.render(request.query)
        return web.Response(body=body, content_type="text/html", charset="utf-8")
