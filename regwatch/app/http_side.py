"""The HTTP side over all reloads: another one answers before the former is closed, so that no
request is refused in between.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web

from regwatch.config import Config
from regwatch.shapes.values import revealed
from regwatch.web.listener import Address, Listener, listen, parse_address
from regwatch.web.server import WebSettings
from regwatch.web.webconfig import WebConfig

SOCKET_NAME = "regwatch.sock"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """It goes on while these stay as they are."""

    listen: str
    web: WebConfig
    app: WebSettings
    socket: Path | None = None
    """Of this machine; None: there is none."""


def http_settings(config: Config, environ: Mapping[str, str]) -> HttpSettings:
    """What of the configuration the HTTP side depends on. If no socket is named, it lies in the
    folder that the service manager made for that.
    """
    app = WebSettings(
        per_extension=config.metrics.per_extension,
        external_url=config.http.external_url,
        hosts=(parse_address(config.http.listen).host, *config.http.hosts),
        trusted_proxies=tuple(config.http.trusted_proxies),
        api_token=revealed(config.http.api_token),
    )
    folder = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    named = config.http.socket or (folder and f"{folder}/{SOCKET_NAME}")
    return HttpSettings(config.http.listen, config.web, app, Path(named) if named else None)


@dataclass(frozen=True, slots=True)
class Opened:
    """One that answers already, beside the one in force; it is taken or closed."""

    settings: HttpSettings
    listener: Listener


class HttpSide:
    """One at a time is in force."""

    def __init__(self, app_of: Callable[[HttpSettings], web.Application]) -> None:
        self._app_of = app_of
        self._current: Opened | None = None
        self._former: list[Opened] = []
        self._has_former = asyncio.Event()

    @property
    def address(self) -> Address | None:
        """Where it listens; None before it does."""
        return None if self._current is None else self._current.listener.address

    async def open(self, settings: HttpSettings) -> Opened | None:
        """Bind and answer; None if nothing differs from the one in force. Raises `ListenError`."""
        current = self._current
        if current is not None and settings == current.settings:
            return None
        listener = await listen(
            self._app_of(settings),
            settings.listen,
            tls=settings.web.tls,
            local=settings.socket,
            beside=None if current is None else current.listener,
        )
        return Opened(settings, listener)

    def take(self, opened: Opened | None) -> None:
        """Put it in force. The former one is closed by whoever closes those: a request for a reload
        came through it, and is answered first.
        """
        if opened is None:
            return
        if self._current is not None:
            self._former.append(self._current)
            self._has_former.set()
        self._current = opened
        log.info("listening", listen=str(opened.listener.address))

    async def drop(self, opened: Opened | None) -> None:
        """It is not put in force."""
        if opened is not None:
            await self._leave(opened)

    async def close_former_ones(self) -> None:
        """As they come, until cancelled."""
        while True:
            await self._has_former.wait()
            self._has_former.clear()
            await self._close_former()

    async def close(self) -> None:
        """Answer no more."""
        await self._close_former()
        if self._current is not None:
            await self._current.listener.close()
            self._current.listener.leave()

    async def _close_former(self) -> None:
        while self._former:
            await self._leave(self._former[0])
            del self._former[0]  # not before: cut off in the midst of it, it is closed at the end

    async def _leave(self, opened: Opened) -> None:
        """Close it; the socket's name stays if it is that of the one in force."""
        await opened.listener.close()
        current = self._current
        if current is None or opened.settings.socket != current.settings.socket:
            opened.listener.leave()
