"""What a request to the API says, and what is wrong with it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web

from regwatch.core.model import ExtensionState, Timestamp
from regwatch.core.outside import all_made_safe, made_safe
from regwatch.web.api.bodies import NewSilence
from regwatch.web.auth import WRITER, why_not_writing
from regwatch.web.listing import Search

LARGEST_BODY = 64 * 1024
BODY_SECONDS = 10.0
"""Within which it is to come."""
LONGEST_WORD = 256
"""Characters of what a query or a path names: as long as the longest name there is."""

MOST_LABELS = 100

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
    if why_not := why_not_writing(request):
        raise ApiError(403, why_not)
    if request.method == hdrs.METH_POST and request.content_type != "application/json":
        raise ApiError(415, "the body must be application/json")


def asked(request: web.Request, name: str) -> str | None:
    """What the query says under this name, safe; None if it does not."""
    value = request.query.get(name)
    return None if value is None else made_safe(value[:LONGEST_WORD])


def labels_of(request: web.Request) -> dict[str, str]:
    """What the query says of an alert's labels, each `NAME=VALUE`; raises `ApiError`."""
    labels: dict[str, str] = {}
    for each in request.query.getall("label", [])[:MOST_LABELS]:
        name, equals, value = made_safe(each[: 2 * LONGEST_WORD]).partition("=")
        if not equals:
            raise ApiError(400, "`label` must be NAME=VALUE")
        labels[name] = value
    return labels


def named(request: web.Request, name: str) -> str:
    """A part of the path, safe."""
    return made_safe(request.match_info[name][:LONGEST_WORD])


def author_of(request: web.Request, name: str | None) -> str:
    """Who asks: as they say, or the user who is logged in. Raises `ApiError`."""
    author = (name or "").strip()[:100] or request[WRITER]
    if not author:
        raise ApiError(400, "say who you are: `author`")
    return author


async def _read(request: web.Request) -> bytes:
    """A byte more than there may be, if there is more."""
    raw = await request.content.read(LARGEST_BODY + 1)
    while not request.content.at_eof() and len(raw) <= LARGEST_BODY:
        raw += await request.content.read(LARGEST_BODY + 1 - len(raw))
    return raw


async def body_of(request: web.Request, kind: type[T]) -> T:
    """What the body says; raises `ApiError` if it says something else, or not in time."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return read_body(await _read(request), kind)
    except TimeoutError:
        raise ApiError(408, "the body did not come in time") from None


def read_body(raw: bytes, kind: type[T]) -> T:
    """What a body says; raises `ApiError`."""
    if len(raw) > LARGEST_BODY:
        raise ApiError(413, "the body is too large")
    try:
        return msgspec.convert(all_made_safe(msgspec.json.decode(raw)), type=kind)
    # Besides its own errors msgspec raises UnicodeDecodeError.
    except (ValueError, RecursionError) as error:
        raise ApiError(400, str(error)) from error


def limit_of(request: web.Request, most: int) -> int:
    """How many are asked for, within bounds; raises `ApiError`."""
    return min(_number_of(request, "limit", 200), most)


def _number_of(request: web.Request, name: str, default: int) -> int:
    wish = asked(request, name)
    if wish is None:
        return default
    if not (wish.isascii() and wish.isdigit() and len(wish) < 10 and int(wish)):
        raise ApiError(400, f"`{name}` must be a number from 1")
    return int(wish)


def choice_of(request: web.Request, name: str, choices: Sequence[str]) -> str | None:
    """Which of these a parameter names, None without; raises `ApiError` if it is none of them."""
    wish = asked(request, name) or None
    if wish is not None and wish not in choices:
        raise ApiError(400, f"`{name}` is {', '.join(choices[:-1])} or {choices[-1]}")
    return wish


def search_of(request: web.Request) -> Search:
    """Which extensions are asked for; raises `ApiError` for what makes no sense, which the page
    ignores.
    """
    choice_of(request, "state", [str(state) for state in ExtensionState])
    _number_of(request, "page", 1)
    return Search.from_query(request.query)


def time_of(request: web.Request, name: str) -> Timestamp | None:
    """The time that a parameter gives, None without; raises `ApiError`."""
    wish = asked(request, name)
    if wish is None:
        return None
    try:
        return moment_of(datetime.fromisoformat(wish))
    except ValueError:
        raise ApiError(400, f"`{name}` must be a time such as 2026-11-24T08:00:00Z") from None


def moment_of(at: datetime) -> Timestamp:
    """A time with its zone; raises `ApiError` if it has none, or no calendar shows it in UTC."""
    if at.tzinfo is None:
        raise ApiError(400, f"the time {at.isoformat()} has no time zone: add Z for UTC")
    try:
        return Timestamp(at.astimezone(UTC).timestamp())
    except OverflowError:
        raise ApiError(400, f"the time {at.isoformat()} is out of reach") from None


def end_of(wanted: NewSilence, starts_at: Timestamp) -> Timestamp:
    """When a silence is to end; raises `ApiError` unless that is said once."""
    if (wanted.ends_at is None) == (wanted.duration_seconds is None):
        raise ApiError(400, "a silence needs an end: `duration_seconds` or `ends_at`")
    if wanted.ends_at is not None:
        return moment_of(wanted.ends_at)
    return Timestamp(starts_at + (wanted.duration_seconds or 0.0))
