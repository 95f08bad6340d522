"""Who is let in: so many connections in all and of one peer, each for as long as it asks something.

Descriptors are few, and the polls need theirs: 1100 connections that said nothing left none for the
PBX. So connections are counted where they are taken, TLS handshakes among them, and who does not
bring the head of a request in time is let go.
"""

import asyncio
import errno
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

MOST_CONNECTIONS, MOST_PER_PEER = 600, 400
"""The pages of one office come from one address."""
HEAD_SECONDS = 10.0
"""From the connection to the end of its first request's head."""
AT_ONCE = 100
"""Connections that are taken in one turn of the loop."""
CLOSING_SECONDS = 1.0
"""For those that were just taken, when the door is closed."""
FULL_PAUSE = 1.0
"""Seconds without taking any, where no descriptor is left."""

KEEP_ALIVE_SECONDS = 75.0
"""Between two requests of one connection; above Prometheus' usual minute."""

log = structlog.get_logger(__name__)


class Heard:
    """The connections that have asked something."""

    def __init__(self) -> None:
        self._ids: set[int] = set()

    def has(self, protocol: asyncio.BaseProtocol) -> bool:
        """Whether this one has."""
        return id(protocol) in self._ids

    def forget(self, protocol: asyncio.BaseProtocol) -> None:
        """It is over."""
        self._ids.discard(id(protocol))

    def listening(self) -> Middleware:
        """A middleware that keeps them; the outermost, since others may answer."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.protocol is not None:
                self._ids.add(id(request.protocol))
            return await handler(request)

        return note


SERVER_NAME = "regwatch"
"""Else aiohttp tells its version, and Python's."""
HEARD = web.AppKey("heard", Heard)


class MalformedRequests(logging.LoggerAdapter[logging.Logger]):
    """Where the HTTP server complains: what strangers send is counted, and not told each."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger("aiohttp.server"), {})
        self._count = 0

    def exception(self, *_args: object, **_more: object) -> None:
        """Bugs of ours do not come here: they are answered before."""
        self._count += 1
        if is_rare(self._count):
            log.warning("malformed_requests", count=self._count)


class Speaker(web.RequestHandler):
    """What a connection speaks: HTTP, also where what comes is none."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answered before any middleware: it is to tell no version either."""
        response = super().handle_error(request, status, exc, message)
        response.headers[hdrs.SERVER] = SERVER_NAME
        return response


def is_rare(count: int) -> bool:
    """The first, the second, the fourth …"""
    return count.bit_count() == 1


class Door:
    """Takes the connections of some sockets, and counts them, until it is closed."""

    def __init__(
        self,
        protocols: Callable[[], asyncio.Protocol],
        *,
        heard: Heard,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`protocols`: makes what a connection speaks; `heard`: which of them asked something."""
        self._protocols = protocols
        self._heard = heard
        self._tls = tls
        self._sockets: list[socket.socket] = []
        self._open: Counter[str] = Counter()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._turned_away = 0

    def open(self, sock: socket.socket) -> None:
        """Take the connections of this one from now on; it is closed with the door."""
        self._sockets.append(sock)
        self._watch(sock)

    async def close(self) -> None:
        """Take no more; those that were taken go on."""
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            loop.remove_reader(sock)
            sock.close()
        self._sockets.clear()
        if self._handshakes:
            _, late = await asyncio.wait(self._handshakes, timeout=CLOSING_SECONDS)
            for task in late:
                task.cancel()

    def _watch(self, sock: socket.socket) -> None:
        if sock in self._sockets:
            asyncio.get_running_loop().add_reader(sock, self._take, sock)

    def _take(self, sock: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, peer = sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptor, or no memory, is left
                self._rest(sock, error)
                return
            self._let_in(connection, peer[0] if isinstance(peer, tuple) else "")

    def _rest(self, sock: socket.socket, error: OSError) -> None:
        log.error("no_connection_taken", why=errno.errorcode.get(error.errno or 0, str(error)))
        loop = asyncio.get_running_loop()
        loop.remove_reader(sock)
        loop.call_later(FULL_PAUSE, self._watch, sock)

    def _let_in(self, connection: socket.socket, host: str) -> None:
        if self._open.total() >= MOST_CONNECTIONS or self._open[host] >= MOST_PER_PEER:
            self._turned_away += 1
            if is_rare(self._turned_away):
                log.warning("connections_turned_away", count=self._turned_away)
            connection.close()
            return
        connection.setblocking(False)
        self._open[host] += 1
        task = asyncio.get_running_loop().create_task(self._greet(connection, host))
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    async def _greet(self, connection: socket.socket, host: str) -> None:
        loop, inner = asyncio.get_running_loop(), self._protocols()
        counted = _Counted(inner, lambda: self._lost(inner, host))
        seconds = None if self._tls is None else HEAD_SECONDS
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: counted, connection, ssl=self._tls, ssl_handshake_timeout=seconds
            )
        except BaseException as error:
            connection.close()
            counted.connection_lost(None)
            if not isinstance(error, Exception):
                raise
            if not isinstance(error, OSError):  # who breaks off is no matter of ours
                log.error("no_connection_taken", why=type(error).__name__)
        else:
            loop.call_later(HEAD_SECONDS, self._look, inner, transport)

    def _look(self, inner: asyncio.Protocol, transport: asyncio.Transport) -> None:
        if not transport.is_closing() and not self._heard.has(inner):
            transport.abort()

    def _lost(self, inner: asyncio.Protocol, host: str) -> None:
        self._heard.forget(inner)
        self._open[host] -= 1
        if not self._open[host]:
            del self._open[host]


class _Counted(asyncio.Protocol):
    """What a connection speaks, and that it is over."""

    def __init__(self, inner: asyncio.Protocol, lost: Callable[[], None]) -> None:
        self._inner = inner
        self._lost = lost
        self._is_made = self._is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._is_made = True
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        if self._is_made:
            self._inner.connection_lost(error)
        self._lost()
