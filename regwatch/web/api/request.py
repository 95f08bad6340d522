"""What a request to the API says, and what is wrong with it."""

from datetime import datetime
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web

from regwatch.core.model import Timestamp
from regwatch.core.outside import all_made_safe, made_safe
from regwatch.web.api.bodies import NewSilence
from regwatch.web.auth import WRITER

LARGEST_BODY = 64 * 1024

T = TypeVar("T")


class ApiError(Exception):
    """A request that cannot be answered as asked; becomes a status and one sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def json_response(body: object, status: int = 200) -> web.Response:
    """A body as JSON."""
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )


def check_writer(request: web.Request) -> None:
    """Raises `ApiError` unless it may change something."""
    if WRITER not in request:
        raise ApiError(
            403,
            "writing needs `Authorization: Bearer` with the token of `http.api_token`, "
            "or a user of the web config file",
        )
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise ApiError(403, "asked for by another site's page")
    if request.method == hdrs.METH_POST and request.content_type != "application/json":
        raise ApiError(415, "the body must be application/json")


def author_of(request: web.Request, named: str | None) -> str:
    """Who asks: as named, or the user who is logged in. Raises `ApiError`."""
    author = made_safe(named or "").strip()[:100] or request[WRITER]
    if not author:
        raise ApiError(400, "say who you are: `author`")
    return author


async def body_of(request: web.Request, kind: type[T]) -> T:
    """What the body says; raises `ApiError` if it says something else."""
    raw = await request.content.read(LARGEST_BODY + 1)
    while not request.content.at_eof() and len(raw) <= LARGEST_BODY:
        raw += await request.content.read(LARGEST_BODY + 1 - len(raw))
    if len(raw) > LARGEST_BODY:
        raise ApiError(413, "the body is too large")
    try:
        return msgspec.convert(all_made_safe(msgspec.json.decode(raw)), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, str(error)) from error


def limit_of(request: web.Request, most: int) -> int:
    """How many are asked for, within bounds; raises `ApiError`."""
    asked = request.query.get("limit", "200")
    if not (asked.isascii() and asked.isdigit() and 1 <= len(asked) < 10 and int(asked)):
        raise ApiError(400, "`limit` must be a number from 1")
    return min(int(asked), most)


def time_of(request: web.Request, name: str) -> Timestamp | None:
    """The time that a parameter gives, None without; raises `ApiError`."""
    asked = request.query.get(name)
    if asked is None:
        return None
    try:
        return moment_of(datetime.fromisoformat(asked))
    except ValueError:
        raise ApiError(400, f"`{name}` must be a time such as 2026-11-24T08:00:00Z") from None


def moment_of(at: datetime) -> Timestamp:
    """A time with its zone; raises `ApiError` if it has none."""
    if at.tzinfo is None:
        raise ApiError(400, f"the time {at.isoformat()} has no time zone: add Z for UTC")
    return Timestamp(at.timestamp())


def end_of(wanted: NewSilence, starts_at: Timestamp) -> Timestamp:
    """When a silence is to end; raises `ApiError` unless that is said once."""
    if (wanted.ends_at is None) == (wanted.duration_seconds is None):
        raise ApiError(400, "a silence needs an end: `duration_seconds` or `ends_at`")
    if wanted.ends_at is not None:
        return moment_of(wanted.ends_at)
    return Timestamp(starts_at + (wanted.duration_seconds or 0.0))
