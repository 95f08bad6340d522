"""Talking to the running daemon through its API."""

import asyncio
import getpass
import os
import signal
import ssl
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import msgspec

from regwatch.cli.errors import ForbiddenError, NotFoundError, RemoteError, StrangerError
from regwatch.cli.loops import run_loop, until
from regwatch.cli.reaching import RIGHTS, UNIX, why_not_reached
from regwatch.core.outside import all_made_safe, is_plain
from regwatch.web.api.bodies import ErrorBody

TIMEOUT_SECONDS = 10.0
"""A person waits at the terminal: a daemon that hangs is to be called so before they give up."""
LARGEST_ANSWER = 1 << 26
"""Bytes: the longest history is some megabytes."""
INTERRUPTED = 128 + signal.SIGINT
"""As shells say it."""
IS_IT_ONE = "is this a regwatch, and of this version?"
ASKS_WHO = "regwatch asks for a user and a password: give --user"

T = TypeVar("T")
REFUSALS: Mapping[int, type[RemoteError]] = {
    401: StrangerError,
    403: ForbiddenError,
    404: NotFoundError,
}


def _no_token() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Remote:
    """Where the daemon's API is, and how one gets in."""

    url: str
    token: Callable[[], str] = field(default=_no_token, repr=False)
    """Looked up only where it is needed: not everybody may read it. Raises `RemoteError`."""
    user: str = ""
    password: str = field(default="", repr=False)
    trusted: Path | None = None
    """The daemon's own certificate, if it has one that is known."""
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def _socket(self) -> str:
        """The path of its socket; empty if it is reached otherwise."""
        return self.url.removeprefix(UNIX) if self.url.startswith(UNIX) else ""

    @property
    def _base(self) -> str:
        return "http://localhost" if self._socket else self.url

    def _connector(self) -> aiohttp.BaseConnector:
        if self._socket:
            return aiohttp.UnixConnector(self._socket)
        return aiohttp.TCPConnector(ssl=_tls(self.trusted) if self.trusted else True)

    async def get(self, kind: type[T], path: str, **query: str | None) -> T:
        """Raises `RemoteError`."""
        given = {name: value for name, value in query.items() if value is not None}
        try:
            answer = await self._ask("GET", path, query=given)
        except StrangerError:
            if self.user:
                raise
            answer = await self._ask("GET", path, query=given, token=self.token())
        return decoded(answer, kind)

    async def find(self, kind: type[T], path: str) -> T | None:
        """None if there is nothing of this name; raises `RemoteError`."""
        try:
            return await self.get(kind, path)
        except NotFoundError:
            return None

    async def send(
        self,
        kind: type[T],
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> T:
        """Raises `RemoteError`."""
        # Who says who they are acts as that, and who may open the socket may write.
        token = "" if self.user or self._socket else self.token()
        try:
            answer = await self._ask(method, path, body=body, query=query, token=token)
        except ForbiddenError as error:
            if token or self.user or self._socket:
                raise
            raise RemoteError(f"no right to change anything there: {RIGHTS}") from error
        return decoded(answer, kind)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
        token: str = "",
    ) -> bytes:
        timeout = aiohttp.ClientTimeout(total=self.timeout_seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, connector=self._connector()) as session,
                session.request(
                    method,
                    f"{self._base}/api/v1{path}",
                    params=query,
                    data=None if body is None else msgspec.json.encode(body),
                    headers=self._headers(token),
                ) as response,
            ):
                answer = await _read(response)
                if response.ok:
                    return answer
                raise _refusal(response.status, response.headers, answer)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise RemoteError(why_not_reached(self.url, error)) from error

    def _headers(self, token: str) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if self.user:
            headers["Authorization"] = aiohttp.encode_basic_auth(self.user, self.password)
        return headers


async def _read(response: aiohttp.ClientResponse) -> bytes:
    answer = bytearray()
    async for chunk in response.content.iter_any():
        answer += chunk
        if len(answer) > LARGEST_ANSWER:
            raise RemoteError(f"its answer has no end: {IS_IT_ONE}")
    return bytes(answer)


def decoded(answer: bytes, kind: type[T]) -> T:
    """As the API promises it, safe to be shown; raises `RemoteError`."""
    try:
        if is_plain(answer):
            return msgspec.json.decode(answer, type=kind)
        return msgspec.convert(all_made_safe(msgspec.json.decode(answer)), type=kind)
    # Besides its own errors msgspec raises UnicodeDecodeError.
    except (ValueError, RecursionError) as error:
        raise RemoteError(f"its answer cannot be read ({error}): {IS_IT_ONE}") from error


def _refusal(status: int, headers: Mapping[str, str], answer: bytes) -> RemoteError:
    if status == 401 and headers.get("WWW-Authenticate", "").startswith("Basic"):
        return StrangerError(ASKS_WHO)
    with suppress(RemoteError):
        return REFUSALS.get(status, RemoteError)(decoded(answer, ErrorBody).error)
    return RemoteError(f"it answered with status {status}: {IS_IT_ONE}")


def _tls(certificate: Path) -> ssl.SSLContext:
    """Trusts this one certificate, under whatever name it is reached."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(certificate)
    return context


def speak(
    work: Callable[..., Coroutine[Any, Any, None]],
    *,
    config_file: Path,
    url: str | None,
    user: str | None,
    interrupted: int = INTERRUPTED,
    **arguments: object,
) -> None:
    """Do it with the daemon that these options name; what is in the way is told, and ends it.
    `interrupted`: the status with which Ctrl-C ends it.
    """
    from regwatch.cli.console import fail
    from regwatch.cli.whereabouts import chosen

    async def run(stop: asyncio.Event) -> int:
        is_done = await until(stop, work(remote, **arguments))
        return 0 if is_done else interrupted

    try:
        remote = chosen(config_file, url, user)
        status = run_loop(run, fast=False)
    except RemoteError as error:
        fail(str(error))
    raise SystemExit(status)


def whoami() -> str:
    """Who acts: the person, also under sudo."""
    return os.environ.get("SUDO_USER") or getpass.getuser()
