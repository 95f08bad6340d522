"""Making foreign text fit to be logged, stored and shown."""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from regwatch.core.hiding import LONGEST_READ, SHORTEST_SECRET, without
from regwatch.core.outside import made_safe

MAX_LENGTH = 200
"""Characters quoted of what others say: enough to know a proxy's page by, and one line of a log."""
URL = re.compile(r"\bhttps?://[^\s\"'<>]+", re.IGNORECASE)
SHORTEST_PIECE = 8
"""Of a path: shorter ones are words such as `hooks` and `api`, which no service keeps secret."""


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """One printable line of at most 200 characters, without the secrets, and of each URL only
    scheme and host: chat services keep their secret in the path.
    """
    given = tuple(secrets)
    text = without(made_safe(text[:LONGEST_READ]), (*given, *map(made_safe, given)))
    text = URL.sub(lambda found: origin_of(found[0]) + "/…", text)
    text = " ".join(text.split())
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"


def secrets_of(url: str) -> tuple[str, ...]:
    """The parts of a URL that a service may keep its secret in: itself, user and password, pieces
    of its path and the values of its query.
    """
    try:
        parts = urlsplit(url)
        given = (parts.username or "", parts.password or "", parts.path, parts.query)
        values = [pair.partition("=")[2] for pair in parts.query.split("&")]
    except ValueError:
        return (url,)
    values = [*values, *map(unquote, values)]
    pieces = [each for each in parts.path.split("/") if len(each) >= SHORTEST_PIECE]
    return tuple(each for each in (url, *given, *values, *pieces) if len(each) >= SHORTEST_SECRET)


def host_of(url: str) -> str:
    """Host and port of a URL, for a message."""
    return origin_of(url).rpartition("//")[2]


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, and nothing else of it."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an invalid URL"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"
