"""What a scraper is answered."""

from aiohttp import hdrs, web

from regwatch.web.metrics.exposition import Exposition, accepts_gzip, gzipped, negotiate


class Scrape:
    """Sends an exposition piece by piece, in the form that was asked for."""

    def __init__(self, exposition: Exposition) -> None:
        self._exposition = exposition

    def routes(self) -> list[web.RouteDef]:
        """Where it is found."""
        return [web.get("/metrics", self._metrics)]

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
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
