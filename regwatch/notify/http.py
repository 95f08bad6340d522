"""Posting JSON to a receiver: the one place where requests are made and aiohttp's errors mapped.

No redirects (a 3xx is a refusal: a secret must not travel on), a bounded answer, one deadline.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite
from types import SimpleNamespace
from urllib.parse import urljoin

import aiohttp

from regwatch.clock import Clock
from regwatch.core.model import Timestamp
from regwatch.notify.errors import (
    DeliveryError,
    ReceiverRefusedError,
    ReceiverUnavailableError,
    error_for,
)
from regwatch.notify.redaction import host_of, origin_of, redact

LONGEST_ANSWER = 16_384
"""Bytes read of an answer; what a service has to say is shorter, the rest is not read."""
USER_AGENT = "regwatch"
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to authenticate; a bearer token wins over user name and password."""

    username: str = ""
    password: str = field(default="", repr=False)
    bearer_token: str = field(default="", repr=False)

    def headers(self) -> dict[str, str]:
        """The Authorization header, or nothing."""
        if self.bearer_token:
            return {"Authorization": f"Bearer {self.bearer_token}"}
        if self.username:
            basic = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
            return {"Authorization": f"Basic {basic}"}
        return {}

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return (self.password, self.bearer_token)


@dataclass(frozen=True, slots=True)
class Post:
    """One request, complete."""

    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 10.0
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What an answer may echo and no error may show."""
    longest_answer: int = LONGEST_ANSWER


@dataclass(frozen=True, slots=True)
class Reply:
    """A success: its status and the beginning of its body."""

    status: int
    body: str


@dataclass(slots=True)
class Steps:
    """How far a request came: what was never sent did not arrive."""

    is_followed: bool = False
    """Whether the session tells at all."""
    is_sent: bool = False
    """Whether anything of it was written to a connection."""

    @property
    def may_have_arrived(self) -> bool:
        """Whether somebody may have seen it."""
        return self.is_sent or not self.is_followed


def following() -> aiohttp.TraceConfig:
    """For the session that posts: tells each request's `Steps`."""

    async def started(_session: object, context: SimpleNamespace, _params: object) -> None:
        if isinstance(context.trace_request_ctx, Steps):
            context.trace_request_ctx.is_followed = True

    async def sending(_session: object, context: SimpleNamespace, _params: object) -> None:
        if isinstance(context.trace_request_ctx, Steps):
            context.trace_request_ctx.is_sent = True

    config = aiohttp.TraceConfig()
    config.on_request_start.append(started)
    config.on_request_headers_sent.append(sending)
    return config


def to_json(value: object) -> bytes:
    """UTF-8 JSON. Lone surrogates, which no service takes, become question marks."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", errors="replace")


def answered(body: str) -> Mapping[str, object]:
    """The JSON object that a service answers with; empty if it is none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


async def post(session: aiohttp.ClientSession, request: Post, *, clock: Clock) -> Reply:
    """Send it; raises `DeliveryError` unless the answer is a 2xx."""
    return await ask(session, "POST", request, clock=clock)


async def ask(session: aiohttp.ClientSession, method: str, request: Post, *, clock: Clock) -> Reply:
    """The same by another method; a GET or a HEAD has no body."""
    host = host_of(request.url)
    if session.closed:  # stopping: the message is for the next start, not for the bin
        raise ReceiverUnavailableError(
            f"{host}: not sent, regwatch is stopping", may_have_arrived=False
        )
    steps = Steps()
    try:
        async with session.request(
            method,
            request.url,
            data=request.body or None,
            headers=_headers(request),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=request.timeout_seconds),
            trace_request_ctx=steps,
        ) as response:
            body = await _beginning(response, request.longest_answer)
            return _judged(response, body, request, clock())
    except TimeoutError as error:
        raise ReceiverUnavailableError(
            f"{host}: no answer in time", may_have_arrived=steps.may_have_arrived
        ) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # From nothing: aiohttp's errors name the whole URL, and in it most services' secret.
        raise _mapped(error, host, request, steps) from None


def _headers(request: Post) -> dict[str, str]:
    given = {name.lower() for name in request.headers}
    usual = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
    kept = {name: value for name, value in usual.items() if name.lower() not in given}
    return {**kept, **request.headers}


async def _beginning(response: aiohttp.ClientResponse, longest: int) -> str:
    chunks, left = [], longest
    while left > 0 and (chunk := await response.content.read(left)):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks).decode("utf-8", errors="replace")


def _judged(response: aiohttp.ClientResponse, body: str, request: Post, now: Timestamp) -> Reply:
    status = response.status
    if 200 <= status < 300:
        return Reply(status, body)
    said = body
    if status in REDIRECTS and "Location" in response.headers:
        said = f"redirected to {_target(response)} (not followed)"
    message = redact(f"{host_of(request.url)} answered {status}: {said}", request.secrets)
    error = error_for(status, message, retry_after=_wish(response, body, now=now))
    error.answer = body
    raise error


def _target(response: aiohttp.ClientResponse) -> str:
    """Where a redirect leads: the host alone, since a path may hold a secret."""
    try:
        return origin_of(urljoin(str(response.url), response.headers["Location"]))
    except ValueError:
        return "an invalid URL"


def _mapped(error: Exception, host: str, request: Post, steps: Steps) -> DeliveryError:
    # Among the ValueErrors: aiohttp's InvalidURL, and its answer to a line break in a header.
    text = redact(f"{host}: {type(error).__name__}: {error}", request.secrets)
    # But a bad certificate, which may be mended, is one of them too.
    is_unsendable = isinstance(error, ValueError) and not isinstance(error, OSError)
    if is_unsendable or isinstance(error, aiohttp.NonHttpUrlClientError):
        return ReceiverRefusedError(text)
    is_unreached = isinstance(error, aiohttp.ClientConnectorError)
    arrived = steps.may_have_arrived and not is_unreached
    return ReceiverUnavailableError(text, may_have_arrived=arrived)


def _wish(response: aiohttp.ClientResponse, body: str, *, now: Timestamp) -> float | None:
    wish = retry_after_header(response.headers.get("Retry-After", ""), now=now)
    return wish if wish is not None else retry_after_json(body)


def retry_after_header(value: str, *, now: Timestamp) -> float | None:
    """Seconds to wait as a Retry-After header says, in seconds or as a date (RFC 9110 section
    10.2.3); None if it says nothing intelligible.
    """
    seconds = _seconds(value)
    if seconds is not None:
        return seconds
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, at.replace(tzinfo=at.tzinfo or UTC).timestamp() - now)


def retry_after_json(body: str) -> float | None:
    """Seconds to wait as a JSON body's `retry_after` says, at its top or under `parameters`."""
    answer = answered(body)
    inner = answer.get("parameters")
    wish = answer.get("retry_after", inner.get("retry_after") if isinstance(inner, dict) else None)
    return None if isinstance(wish, bool) else _seconds(wish)


def _seconds(value: object) -> float | None:
    if not isinstance(value, (str, int, float)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return max(0.0, seconds) if isfinite(seconds) else None
