"""Making what comes from outside fit for a log line."""

import re
from collections.abc import Iterable

from regwatch.core.hiding import LONGEST_READ, REPLACEMENT, without
from regwatch.core.outside import made_safe

MAX_LENGTH = 200
"""Characters quoted of what others say: enough to know a proxy's page by, and one line of a log."""
URL_TAIL = re.compile(
    r"\b(https?://)(?:[^\s\"'<>/@]*@)?([^\s\"'<>?#]*)(?:[?#][^\s\"'<>]*)?", re.IGNORECASE
)
BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]+", re.IGNORECASE)
NAMED = re.compile(
    r"((?:access_token|refresh_token|client_secret|password)\\*[\"']?\s*[:=]\s*\\*[\"']?)"
    r"[^\"'\\&\s,}]+",
    re.IGNORECASE,
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """One printable line of at most 200 characters: no secrets, and of URLs neither user
    information nor query.
    """
    given = tuple(secrets)
    text = without(made_safe(text[:LONGEST_READ]), (*given, *map(made_safe, given)))
    text = URL_TAIL.sub(r"\1\2", text)
    text = BEARER.sub(rf"\1 {REPLACEMENT}", text)
    text = NAMED.sub(rf"\1{REPLACEMENT}", text)
    text = " ".join(text.split())
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"
