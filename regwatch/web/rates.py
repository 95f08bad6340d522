"""How much one caller may ask: 20 a second of what costs something, so that nobody's flood, or
guessing of passwords, takes the others' time.

Failures count, writes, and whatever is made for the one who asks. What a service manager or a load
balancer looks at does not.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from regwatch.core.addresses import literal
from regwatch.web.errors import answer_error

PER_SECOND = 20.0
AT_ONCE = 60.0
"""A page with all its parts in two tabs, opened after a while without."""
MOST_CALLERS = 2000
FREE = {"/-/live", "/-/healthy", "/-/ready"}
FORWARDED = "X-Forwarded-For"

Networks = Sequence[IPv4Network | IPv6Network]


class Allowances:
    """What each caller may still ask; the oldest are forgotten."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def left(self, caller: str, *, now: float) -> float:
        """So many requests; what was spent comes back by the second."""
        left, at = self._left.get(caller, (AT_ONCE, now))
        return min(AT_ONCE, left + (now - at) * PER_SECOND)

    def spend(self, caller: str, *, now: float) -> None:
        """One was made."""
        self._left[caller] = self.left(caller, now=now) - 1, now
        self._left.move_to_end(caller)
        if len(self._left) > MOST_CALLERS:
            self._left.popitem(last=False)


def limited(trusted_proxies: Networks = ()) -> Middleware:
    """A middleware that answers 429 to who asks more. Whom it asks for, a proxy that is trusted
    says.
    """
    allowances = Allowances()

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        caller = caller_of(request, trusted_proxies)
        if request.path in FREE or not caller:  # who may open the socket is the administrator
            return await handler(request)
        now = asyncio.get_running_loop().time()
        if allowances.left(caller, now=now) < 1:
            text = f"too many requests: {PER_SECOND:.0f} a second are answered"
            return answer_error(request, 429, text, {"Retry-After": "1"})
        allowances.spend(caller, now=now)
        return await handler(request)

    return limit


def caller_of(request: web.Request, trusted_proxies: Networks) -> str:
    """The address a request comes from; empty through a socket of this machine."""
    peer = _literal(request.remote or "")
    if peer is None:
        return ""
    if any(peer in network for network in trusted_proxies):
        # Each proxy adds whom it was asked by at the end; what stands before that anybody may say.
        for said in reversed(request.headers.get(FORWARDED, "").split(",")):
            address = _literal(said.strip())
            if address is None:
                break
            peer = address
            if not any(address in network for network in trusted_proxies):
                break
    return str(peer)


def _literal(text: str) -> IPv4Address | IPv6Address | None:
    """Without the interface that stands behind a link's own address."""
    return literal(text.partition("%")[0])
