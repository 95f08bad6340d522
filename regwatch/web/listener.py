"""Where the application is served: one TCP address, in plain or over TLS, and a socket of this
machine.
"""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from regwatch.web.door import HEARD, KEEP_ALIVE_SECONDS, Door, Heard, MalformedRequests, Speaker
from regwatch.web.local import LocalSocketError, bound

SHUTDOWN_SECONDS = 3.0
"""How long requests under way may take to end when the daemon stops."""
BACKLOG = 128
NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
PRIVILEGED = "a port below 1024 needs CAP_NET_BIND_SERVICE: take a higher one"


class ListenError(Exception):
    """An address that cannot be listened on; its text names the address and says why."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass
        """Whether to try again later may help: others let go of ports, interfaces come up."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; an empty host means every interface."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """`host:port`, `[2001:db8::1]:port` or `:port`; raises `ListenError`."""
    host, colon, port = text.strip().rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or (":" in host and bare == host):
        raise ListenError(f"cannot listen on {text!r}: write host:port, or [address]:port for IPv6")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ListenError(f"cannot listen on {text!r}: the port must be a number up to 65535")
    return Address(bare, int(port))


@dataclass(frozen=True, slots=True)
class Local:
    """The socket of this machine."""

    path: Path
    socket: socket.socket


class Listener:
    """An application that is served at an address until it is closed."""

    def __init__(
        self,
        runner: web.AppRunner,
        doors: Sequence[Door],
        sockets: Sequence[socket.socket],
        address: Address,
        local: Local | None = None,
    ) -> None:
        self._runner = runner
        self._doors = doors
        self._asked = address
        self.sockets = sockets
        self.address = Address(address.host, sockets[0].getsockname()[1])
        """The one bound, with the true port where 0 was asked for."""
        self.local = local

    def is_at(self, address: Address) -> bool:
        """Whether this one was asked for."""
        return self._asked == address

    async def close(self) -> None:
        """Take no more requests, and let those under way end, for a bounded time."""
        for door in self._doors:
            await door.close()
        await self._runner.cleanup()

    def leave(self) -> None:
        """Take the socket's name away: nobody listens there any more."""
        if self.local is not None:
            self.local.path.unlink(missing_ok=True)


async def listen(
    app: web.Application,
    where: str,
    *,
    tls: ssl.SSLContext | None = None,
    local: Path | None = None,
    beside: Listener | None = None,
    shutdown_seconds: float = SHUTDOWN_SECONDS,
) -> Listener:
    """Serve the application from now on; raises `ListenError`. `local`: at this socket besides,
    without TLS. `beside`: who listens until now, and will be closed. No request is refused in
    between, be it at the same address or at another.
    """
    address = parse_address(where)
    if beside is not None and beside.is_at(address):
        sockets: Sequence[socket.socket] = [each.dup() for each in beside.sockets]
    else:
        sockets = await _bound(address, () if beside is None else beside.sockets)
    try:
        at_hand = _local(local, beside)
    except LocalSocketError as error:
        _close(sockets)
        raise ListenError(str(error), may_pass=error.may_pass) from error
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=shutdown_seconds,
    )
    try:
        await runner.setup()
    except BaseException:
        await runner.cleanup()
        _close(sockets if at_hand is None else [*sockets, at_hand.socket])
        raise
    protocols, heard = _protocols(runner), app.get(HEARD) or Heard()
    doors = [Door(protocols, heard=heard, tls=tls)]
    for each in sockets:
        doors[0].open(each)
    if at_hand is not None:
        doors.append(Door(protocols, heard=heard))
        doors[1].open(at_hand.socket)
    return Listener(runner, doors, sockets, address, at_hand)


def _local(path: Path | None, beside: Listener | None) -> Local | None:
    if path is None:
        return None
    former = None if beside is None else beside.local
    if former is not None and former.path == path:
        return Local(path, former.socket.dup())
    return Local(path, bound(path, backlog=BACKLOG))


def _protocols(runner: web.AppRunner) -> Callable[[], asyncio.Protocol]:
    server = runner.server
    if server is None:
        raise RuntimeError("the runner is set up, and has its server")
    settings: Mapping[str, Any] = {  # narrower by their types than by what is done with them
        "keepalive_timeout": KEEP_ALIVE_SECONDS,
        "access_log": None,
        "logger": MalformedRequests(),
    }
    return partial(Speaker, server, loop=asyncio.get_running_loop(), **settings)


@asynccontextmanager
async def listening(
    app: web.Application,
    where: str,
    *,
    tls: ssl.SSLContext | None = None,
    shutdown_seconds: float = SHUTDOWN_SECONDS,
) -> AsyncIterator[Address]:
    """Serve the application while the context lasts; gives the address bound. It raises
    `ListenError`.
    """
    listener = await listen(app, where, tls=tls, shutdown_seconds=shutdown_seconds)
    try:
        yield listener.address
    finally:
        await listener.close()


# --- sockets ------------------------------------------------------------


async def _bound(address: Address, former: Sequence[socket.socket]) -> Sequence[socket.socket]:
    """Sockets that listen; of an empty host, one for each kind of address that there is."""
    try:
        places = await _places(address)
        try:
            return _all_listening(places, address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not former:
                raise
        with _sharing(former):
            return _all_listening(places, address, is_shared=True)
    except OSError as error:
        raise _refused(address, error) from error


def _all_listening(
    places: Sequence[Any], address: Address, *, is_shared: bool = False
) -> Sequence[socket.socket]:
    sockets: list[socket.socket] = []
    refusal: OSError | None = None
    for place in places:
        try:
            sockets.append(_listening(place, is_shared=is_shared))
        except OSError as error:
            refusal = error
            if address.host or error.errno not in NO_SUCH_ADDRESS:
                break  # else: a machine may have no IPv6, or none in use
    else:
        refusal = None if sockets else refusal
    if refusal is not None:
        _close(sockets)
        raise refusal
    return sockets


async def _places(address: Address) -> Sequence[Any]:
    """Those of a literal address without asking anybody."""
    host, flags = address.host or None, socket.AI_PASSIVE
    try:
        return socket.getaddrinfo(
            host, address.port, type=socket.SOCK_STREAM, flags=flags | socket.AI_NUMERICHOST
        )
    except socket.gaierror:
        loop = asyncio.get_running_loop()
        return await loop.getaddrinfo(host, address.port, type=socket.SOCK_STREAM, flags=flags)


def _listening(place: Any, *, is_shared: bool) -> socket.socket:
    family, kind, protocol, _, where = place
    made = socket.socket(family, kind, protocol)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _share([made], is_shared)
        made.bind(where)
        made.listen(BACKLOG)
        _share([made], False)
    except BaseException:
        made.close()
        raise
    return made


@contextmanager
def _sharing(former: Sequence[socket.socket]) -> Iterator[None]:
    """While it lasts, our own sockets do not stand in the way of a new one whose address overlaps:
    127.0.0.1 and all interfaces, with one port. Those of others do, as ever.
    """
    _share(former, True)
    try:
        yield
    finally:
        _share(former, False)


def _share(sockets: Sequence[socket.socket], is_shared: bool) -> None:
    for each in sockets:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(is_shared))


def _close(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        each.close()


def _refused(address: Address, error: OSError) -> ListenError:
    text = f"cannot listen on {address}: {_why(error)}"
    if isinstance(error, PermissionError):
        return ListenError(f"{text} ({PRIVILEGED})", may_pass=False)
    return ListenError(text, may_pass=True)


def _why(error: OSError) -> str:
    # asyncio words it anew, with the address in it; the cause's own words are plainer.
    if error.errno is not None and error.errno > 0 and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno).lower()
    return (error.strerror or str(error)).lower()
