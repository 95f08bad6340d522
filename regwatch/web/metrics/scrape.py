"""What a scraper is answered. Scrapes at the same time share one rendering: it costs as much as
all the rest that is served.
"""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import hdrs, web

from regwatch.web.metrics.exposition import Exposition, Format, accepts_gzip, gzipped, negotiate


class Rendering:
    """One that is under way, or over; each reader goes at its own pace."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._parts: list[bytes] = []
        self._more = asyncio.Event()
        self.task = asyncio.get_running_loop().create_task(self._make(chunks))

    async def _make(self, chunks: AsyncIterator[bytes]) -> None:
        try:
            async for chunk in chunks:
                self._parts.append(chunk)
                self._tell()
        finally:
            self._tell()

    def _tell(self) -> None:
        more, self._more = self._more, asyncio.Event()
        more.set()

    async def parts(self) -> AsyncIterator[bytes]:
        """From its first one; raises what the making met."""
        position = 0
        while True:
            while position < len(self._parts):
                yield self._parts[position]
                position += 1
            if self.task.done():
                self.task.result()
                return
            await self._more.wait()


class Scrape:
    """Sends an exposition piece by piece, in the form that was asked for."""

    def __init__(self, exposition: Exposition) -> None:
        self._exposition = exposition
        self._under_way: dict[tuple[str, bool], Rendering] = {}

    def routes(self) -> list[web.RouteDef]:
        """Where it is found."""
        return [web.get("/metrics", self._metrics)]

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        form = negotiate(",".join(request.headers.getall(hdrs.ACCEPT, ())))
        is_packed = accepts_gzip(",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, ())))
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: form.content_type})
        response.headers[hdrs.VARY] = "Accept, Accept-Encoding"
        if is_packed:
            response.headers[hdrs.CONTENT_ENCODING] = "gzip"
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            async for chunk in self._rendering(form, is_packed=is_packed).parts():
                await response.write(chunk)
        await response.write_eof()
        return response

    def _rendering(self, form: Format, *, is_packed: bool) -> Rendering:
        """The one under way in this form, or a new one."""
        key = form.content_type, is_packed
        rendering = self._under_way.get(key)
        if rendering is None or rendering.task.done():
            chunks = self._exposition.chunks(form)
            rendering = self._under_way[key] = Rendering(gzipped(chunks) if is_packed else chunks)
            # It may be many megabytes: nobody keeps it but those who still read.
            rendering.task.add_done_callback(lambda _task: self._under_way.pop(key, None))
        return rendering
