"""Making what comes from outside fit for a log line."""

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from regwatch.core.outside import made_safe

MAX_LENGTH = 200
"""Characters quoted of what others say: enough to know a proxy's page by, and one line of a log."""
LONGEST_READ = 65_536
"""Characters of a body looked at: redacting comes before cutting, so that no half of a secret
is left at the cut."""
REPLACEMENT = "***"
SHORTEST_SECRET = 4
"""Shorter ones would redact half of any text, and protect nothing."""

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
    # First: what is not seen would else hide a secret from what follows.
    text = made_safe(text[:LONGEST_READ])
    for secret in sorted(map(made_safe, filter(None, secrets)), key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            for form in (secret, quote(secret, safe=""), quote_plus(secret)):
                text = text.replace(form, REPLACEMENT)
    text = URL_TAIL.sub(r"\1\2", text)
    text = BEARER.sub(rf"\1 {REPLACEMENT}", text)
    text = NAMED.sub(rf"\1{REPLACEMENT}", text)
    text = " ".join(text.split())
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"
