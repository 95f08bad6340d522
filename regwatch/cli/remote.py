"""Talking to the running daemon through its API."""

import getpass
import os
import ssl
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import click
import msgspec

from regwatch.cli.console import fail
from regwatch.cli.loops import run_loop
from regwatch.cli.settings import config_option, loaded_or_exit
from regwatch.config import ConfigError, load_http
from regwatch.config.sections import HttpShape
from regwatch.core.outside import all_made_safe, is_plain
from regwatch.shapes.values import revealed
from regwatch.web.api.bodies import ErrorBody
from regwatch.web.auth import UNKNOWN
from regwatch.web.listener import parse_address
from regwatch.web.webconfig import WebConfigError, certificate_of

TIMEOUT_SECONDS = 10.0
"""A person waits at the terminal: a daemon that hangs is to be called so before they give up."""
LARGEST_ANSWER = 1 << 26
"""Bytes: the longest history is some megabytes."""
IS_IT_ONE = "is this a regwatch, and of this version?"
WHERE, TOKEN = ("listen", "socket", "web_config_file"), ("api_token", "api_token_file")
"""The keys of `http` that say where the daemon is, and how one may write."""
ELSEWHERE = "say where it is: --url http://HOST:PORT"
OTHER_WAYS = "use sudo, or give $REGWATCH_TOKEN or --user"
UNIX = "unix:"
SOCKET = Path("/run/regwatch/regwatch.sock")
"""Where the unit has it made."""
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here

T = TypeVar("T")


class RemoteError(Exception):
    """The daemon does not answer, or answers with an error; the text says which."""


class StrangerError(RemoteError):
    """It answers only to whom it knows."""


class NotFoundError(RemoteError):
    """It knows nothing by that name."""


REFUSALS: Mapping[int, type[RemoteError]] = {401: StrangerError, 404: NotFoundError}


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
        answer = await self._ask(method, path, body=body, query=query, token=token)
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
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
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
                raise _refusal(response.status, answer)
        except aiohttp.ClientConnectorError as error:
            number = error.os_error.errno or 0
            why = os.strerror(number).lower() if number > 0 else "its name is not known"
            raise RemoteError(f"no regwatch answers at {self.url}: {why}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = str(error) or "no answer in time"
            raise RemoteError(f"no regwatch answers at {self.url}: {why}") from error

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


def _refusal(status: int, answer: bytes) -> RemoteError:
    if status == 401 and UNKNOWN.encode() in answer:
        return StrangerError(f"{UNKNOWN}: give --user")
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


def remote_of(file: Path) -> Remote:
    """The daemon of this configuration, on this machine. Nothing is read but where it listens,
    and the token once it is needed. Raises `RemoteError`.
    """
    http = loaded_or_exit(lambda: load_http(file, WHERE, environ=os.environ))
    if http.socket or os.access(SOCKET, os.W_OK):
        return Remote(f"{UNIX}{http.socket or SOCKET}")
    address = parse_address(http.listen)
    host = EVERYWHERE.get(address.host, address.host)
    shown = f"[{host}]" if ":" in host else host
    certificate = _certificate(file, http)
    scheme = "https" if certificate else "http"
    return Remote(
        f"{scheme}://{shown}:{address.port}", token=lambda: _token(file), trusted=certificate
    )


def _certificate(file: Path, http: HttpShape) -> Path | None:
    path = http.web_config_file
    try:
        return certificate_of(file.parent / path) if path else None
    except WebConfigError as error:
        raise RemoteError(f"{error}; {ELSEWHERE}") from error


def _token(file: Path) -> str:
    if given := os.environ.get("REGWATCH_TOKEN"):
        return given
    try:
        http = load_http(file, TOKEN, environ=os.environ)
    except ConfigError as error:
        problem = error.problems[0]
        raise RemoteError(f"no token: {problem.path}: {problem.message}; {OTHER_WAYS}") from error
    return revealed(http.api_token)


def remote_options(command: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Options that say where the daemon is; the command is given a `Remote` in their place."""

    @config_option
    @click.option("--url", envvar="REGWATCH_URL", help="The daemon, in place of the file.")
    @click.option("--user", envvar="REGWATCH_USER", help="A user of the web config file.")
    @wraps(command)
    def wrapped(config_file: Path, url: str | None, user: str | None, **arguments: object) -> None:
        async def run() -> int:
            await command(_chosen(config_file, url, user), **arguments)
            return 0

        try:
            run_loop(lambda _stop: run())
        except RemoteError as error:
            fail(str(error))

    decorated: Callable[..., None] = wrapped
    return decorated


def _chosen(config_file: Path, url: str | None, user: str | None) -> Remote:
    password = os.environ.get("REGWATCH_PASSWORD", "")
    if user and not password:
        password = click.prompt(f"Password of {user}", hide_input=True, err=True)
    if url is None:
        return replace(remote_of(config_file), user=user or "", password=password)
    if urlsplit(url).scheme not in ("http", "https", "unix"):
        raise RemoteError(f"--url {url} is no URL: write http://HOST:PORT, or unix:PATH")
    token = os.environ.get("REGWATCH_TOKEN", "")
    return Remote(url.rstrip("/"), lambda: token, user=user or "", password=password)


def whoami() -> str:
    """Who acts: the person, also under sudo."""
    return os.environ.get("SUDO_USER") or getpass.getuser()
