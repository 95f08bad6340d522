"""Whose page a request comes from: none of another host may change anything by a browser."""

from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

API = "/api/"
READING = {hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS}
OWN_SITES = {"", "same-origin", "none"}
"""What a browser says in Sec-Fetch-Site of our own pages and of what a person typed; programs, and
browsers over plain HTTP, say nothing."""


def same_origin(external_url: str | None) -> Middleware:
    """A middleware that answers 403 to writes from pages of other hosts."""
    outside = host_in(external_url or "")

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method in READING or _is_own(request, outside):
            return await handler(request)
        text = "asked for by another site's page"
        if request.path.startswith(API):
            return web.json_response({"error": text}, status=403)
        return web.Response(text=f"{text}\n", status=403)

    return check


def _is_own(request: web.Request, outside: str) -> bool:
    if request.headers.get("Sec-Fetch-Site", "").lower() not in OWN_SITES:
        return False
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None:
        return True
    # Behind a proxy the Host may be ours and the Origin that of `http.external_url`.
    own = {request.headers.get(hdrs.HOST, "").lower(), outside} - {""}
    return host_in(origin) in own


def host_in(url: str) -> str:
    """The host of a URL with its port, in small letters; empty if it names none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
