"""Where the application is served: one TCP address, in plain or over TLS."""

import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

SHUTDOWN_SECONDS = 3.0
"""How long requests under way may take to end when the daemon stops."""


class ListenError(Exception):
    """An address that cannot be listened on; its text names the address and says why."""


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


@asynccontextmanager
async def listening(
    app: web.Application,
    listen: str,
    *,
    tls: ssl.SSLContext | None = None,
    shutdown_seconds: float = SHUTDOWN_SECONDS,
) -> AsyncIterator[Address]:
    """Serve the application while the context lasts; gives the address bound, with the true port
    where 0 was asked for. Raises `ListenError`.
    """
    address = parse_address(listen)
    runner = web.AppRunner(
        app, access_log=None, handle_signals=False, shutdown_timeout=shutdown_seconds
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, address.host or None, address.port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            raise ListenError(f"cannot listen on {address}: {_why(error)}") from error
        yield Address(address.host, runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _why(error: OSError) -> str:
    # asyncio words it anew, with the address in it; the cause's own words are plainer.
    if error.errno is not None and error.errno > 0 and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno).lower()
    return (error.strerror or str(error)).lower()
