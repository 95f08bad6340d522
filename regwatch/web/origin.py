"""Under which name a request comes, and whose page sends it.

A browser opens pages of strangers, and a stranger's page can send requests here, or make its own
name point to this machine (DNS rebinding) and read what it is answered. So where a browser may be
at work, the Host must be a name that is known to be ours, and the Origin the same.
"""

import asyncio
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from regwatch.core.addresses import literal
from regwatch.core.outside import made_safe
from regwatch.web.errors import answer_error

READING = {hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS}
FOR_PROGRAMS = {"/metrics", "/-/live", "/-/healthy", "/-/ready"}
"""Asked for by programs, under whatever name they know us by."""
OWN_SITES = {"", "same-origin", "none"}
"""What a browser says in Sec-Fetch-Site of our own pages and of what a person typed; programs, and
browsers over plain HTTP, say nothing."""
LONGEST_SHOWN = 100


class Names:
    """The names by which this machine, and its pages, are known."""

    def __init__(self, external_url: str | None = None, hosts: Iterable[str] = ()) -> None:
        named = {host_in(external_url or ""), *hosts}
        self._known = {_bare(each) for each in named if each}
        self._known |= {"localhost", socket.gethostname().lower()}

    async def learn(self, _app: web.Application) -> None:
        """The full name of this machine, which may take a name server's time."""
        asking = asyncio.get_running_loop().run_in_executor(None, socket.getfqdn)
        asking.add_done_callback(self._learned)

    def _learned(self, asking: asyncio.Future[str]) -> None:
        if not asking.cancelled() and asking.exception() is None:
            self._known.add(asking.result().lower())

    def know(self, host: str) -> bool:
        """Whether this Host is ours: a literal address cannot be rebound."""
        bare = _bare(host)
        return bare in self._known or literal(bare) is not None

    def are_same(self, origin: str, host: str) -> bool:
        """Whether a page's origin is ours: this Host, or another of the names behind a proxy."""
        of_page = host_in(origin)
        return bool(of_page) and (of_page == host.lower() or _bare(of_page) in self._known)


def only_ours(names: Names) -> Middleware:
    """A middleware that answers 403 to requests under strange names and from strangers' pages."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        problem = _problem(request, names)
        if not problem:
            return await handler(request)
        return answer_error(request, 403, problem)

    return check


def _problem(request: web.Request, names: Names) -> str:
    is_read = request.method in READING
    host, origin = request.headers.get(hdrs.HOST, ""), request.headers.get(hdrs.ORIGIN)
    is_checked = request.path not in FOR_PROGRAMS or not is_read or _is_of_browser(request)
    if host and is_checked and not names.know(host):
        shown = made_safe(host[:LONGEST_SHOWN])
        return f"the name {shown} is not known to be this daemon's: add it to `http.hosts`"
    if origin is not None and not names.are_same(origin, host):
        return "asked for by another site's page"
    if not is_read and request.headers.get("Sec-Fetch-Site", "").lower() not in OWN_SITES:
        return "asked for by another site's page"
    return ""


def _is_of_browser(request: web.Request) -> bool:
    """By what no program sends by itself."""
    if hdrs.ORIGIN in request.headers or "text/html" in request.headers.get(hdrs.ACCEPT, ""):
        return True
    return any(name.lower().startswith("sec-fetch-") for name in request.headers)


def host_in(url: str) -> str:
    """The host of a URL with its port, in small letters; empty if it names none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _bare(host: str) -> str:
    """Without its port, brackets and the root's dot, in small letters."""
    text = host.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].removesuffix(".")
