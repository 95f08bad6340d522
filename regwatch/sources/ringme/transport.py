"""The one place where requests are made, and where aiohttp's errors become ours.

TLS is verified; no redirect is followed; no cookie is kept; bodies and times are bounded; netrc is
not read, and the environment's proxy only if configured.
"""

import asyncio
import ssl
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
from aiohttp.http import HttpProcessingError
from yarl import URL

from regwatch.clock import Clock
from regwatch.core.clock_steps import moved
from regwatch.core.model import FailureReason, Quota
from regwatch.sources.ringme.body import read_bounded, unpack
from regwatch.sources.ringme.errors import PbxAnswerError, PbxError, PbxUnavailableError
from regwatch.sources.ringme.exchange import Endpoint, Reply, Request, error_for, is_success
from regwatch.sources.ringme.proxy import Proxy, proxy_for
from regwatch.sources.ringme.quota import read_quota, retry_after
from regwatch.sources.ringme.redaction import redact
from regwatch.sources.ringme.settings import USER_AGENT, PbxSettings
from regwatch.sources.source import SUCCESS, RequestMade

T = TypeVar("T")

LARGE = 1 << 16
"""Bytes of an answer: some hundred extensions; a larger one is read in a thread."""
FOREIGN_ERRORS = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError)


class Transport:
    """Makes requests to one PBX, once it is entered."""

    def __init__(
        self,
        settings: PbxSettings,
        *,
        clock: Clock,
        listeners: Sequence[Callable[[RequestMade], None]] = (),
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._listeners = tuple(listeners)
        self._url = settings.url.rstrip("/")
        self._host = _host_of(self._url)
        self._proxy: Proxy | None = None
        self._trusted: ssl.SSLContext | None = None
        self._session: aiohttp.ClientSession | None = None
        self._stack = AsyncExitStack()
        self.quota: Quota | None = None
        """The latest that was told."""

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        self.quota = moved(self.quota, by)

    def prepare(self) -> None:
        """Read the authorities that are trusted, and which proxy there is: entering cannot fail
        then; raises `PbxError`.
        """
        if self._trusted is None:
            self._trusted = _trust(self._settings)
            self._proxy = _proxy(self._settings, self._url)

    async def __aenter__(self) -> Self:
        settings = self._settings
        self.prepare()
        connector = aiohttp.TCPConnector(limit=0, ssl=self._trusted or True)
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(
                total=settings.total_timeout,
                sock_connect=settings.connect_timeout,
                sock_read=settings.read_timeout,
            ),
        )
        self._session = await self._stack.enter_async_context(session)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session = None
        await self._stack.aclose()

    @property
    def url_length(self) -> int:
        """Characters of the PBX's own URL."""
        return len(self._url)

    async def fetch(
        self,
        request: Request,
        decode: Callable[[Reply], T],
        *,
        token: str = "",
        secrets: Collection[str] = (),
    ) -> T:
        """The decoded answer; raises `PbxError`, without the secrets in its text. Whatever comes
        of it, the listeners are told.
        """
        started = asyncio.get_running_loop().time()
        quota: Quota | None = None
        problem: PbxError
        # Raised below and not in the handlers, so that no foreign error hangs on as a context.
        try:
            reply = await self._send(request, token)
            self.quota = reply.quota or self.quota
            quota = reply.quota
            # What is read bit by bit would hold up the loop, where nothing in it is as promised.
            if len(reply.body) > LARGE:
                result = await asyncio.to_thread(self._decoded, reply, request, decode)
            else:
                result = self._decoded(reply, request, decode)
        except PbxError as error:
            problem = _redacted(error, (token, *secrets))
        else:
            self._tell(request, SUCCESS, started, quota)
            return result
        self._tell(request, problem.reason.value, started, quota)
        raise problem

    def _tell(self, request: Request, outcome: str, started: float, quota: Quota | None) -> None:
        duration = asyncio.get_running_loop().time() - started
        is_counted = request.endpoint is not Endpoint.TOKEN  # tokens cost no quota
        made = RequestMade(request.endpoint, outcome, duration, quota, is_counted)
        for listener in self._listeners:
            listener(made)

    def _decoded(self, reply: Reply, request: Request, decode: Callable[[Reply], T]) -> T:
        if not is_success(reply, request):
            raise error_for(reply, request, self._host)
        try:
            return decode(reply)
        except PbxAnswerError as error:
            raise self._answer_error(request, str(error)) from error

    async def _send(self, request: Request, token: str) -> Reply:
        if self._session is None:
            raise self._unavailable(request, FailureReason.NETWORK, "the client is closed")
        try:
            return await self._exchange(self._session, request, token)
        except TimeoutError as error:
            raise self._unavailable(request, FailureReason.TIMEOUT, "no answer in time") from error
        except aiohttp.ClientResponseError as error:
            raise self._answer_error(request, f"no HTTP answer ({error.message})") from error
        except FOREIGN_ERRORS as error:
            origin = error.__cause__ if isinstance(error, _NotRepeatedError) else error
            text = _described(origin)
            raise self._unavailable(request, FailureReason.NETWORK, text) from origin
        except PbxAnswerError as error:
            raise self._answer_error(request, str(error)) from error

    async def _exchange(
        self, session: aiohttp.ClientSession, request: Request, token: str
    ) -> Reply:
        most = self._settings.max_body_bytes
        proxy = self._proxy
        begun = asyncio.get_running_loop().time()
        async with session.request(
            request.method,
            URL(self._url + request.path, encoded=True),
            headers=self._headers(token),
            data=request.form,
            allow_redirects=False,
            proxy=proxy.url if proxy else None,
            proxy_headers=proxy.headers if proxy else None,
            middlewares=(_send_once,) if request.method == "DELETE" else (),
        ) as response:
            body = await read_bounded(response.content.iter_any(), most)
            now, headers = self._clock(), response.headers
            return Reply(
                status=response.status,
                received_at=now,
                took=asyncio.get_running_loop().time() - begun,
                body=self._unpacked(body, response, most),
                content_type=headers.get("Content-Type", ""),
                location=headers.get("Location", ""),
                quota=read_quota(headers, now=now),
                retry_after=retry_after(headers.get("Retry-After"), now=now),
            )

    def _unpacked(self, body: bytes, response: aiohttp.ClientResponse, most: int) -> bytes:
        try:
            return unpack(body, response.headers.get("Content-Encoding", ""), most)
        except PbxAnswerError:
            if response.status < 300:
                raise
            return b""  # the status alone tells what went wrong

    def _headers(self, token: str) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": USER_AGENT,
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if self._proxy and self._url.startswith("http:"):
            headers |= self._proxy.headers  # without TLS there is no CONNECT to carry them
        return headers

    def _unavailable(
        self, request: Request, reason: FailureReason, text: str
    ) -> PbxUnavailableError:
        return PbxUnavailableError(f"{self._host}, {request.endpoint}: {text}", reason=reason)

    def _answer_error(self, request: Request, text: str) -> PbxAnswerError:
        text = f"{self._host}, {request.endpoint}: {text}"
        return PbxAnswerError(text, reason=FailureReason.BAD_ANSWER)


class _NotRepeatedError(aiohttp.ClientError):
    """A broken connection, in a form that aiohttp does not know."""


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a DELETE again when the connection breaks, as it would: whether
    the first one was heard nobody knows.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _NotRepeatedError from error


def _described(error: BaseException | None) -> str:
    """A ValueError's text may quote what was sent."""
    text = "" if isinstance(error, ValueError) else f": {error}"
    return type(error).__name__ + text


def _redacted(error: PbxError, secrets: Collection[str]) -> PbxError:
    error.args = (redact(str(error), secrets),)
    if not isinstance(error.__cause__, OSError | aiohttp.ClientPayloadError):
        error.__cause__ = None  # others hold the request with its token, or the whole body
    error.__context__ = None
    error.__suppress_context__ = True
    return error


def _trust(settings: PbxSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ValueError) as error:
        text = f"the CA file {settings.ca_file} cannot be used: {error}"
        raise PbxUnavailableError(text, reason=FailureReason.NETWORK) from error


def _proxy(settings: PbxSettings, url: str) -> Proxy | None:
    if not settings.proxy_from_environment:
        return None
    try:
        return proxy_for(url)
    except ValueError:  # whose words may quote its password
        name = f"{url.partition(':')[0]}_proxy"
        text = f"`{name}` in the environment is not the URL of an HTTP proxy"
        raise PbxUnavailableError(text, reason=FailureReason.NETWORK) from None


def _host_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2]
