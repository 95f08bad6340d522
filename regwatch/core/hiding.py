"""Taking secrets out of a text, in whatever form somebody echoes them.

A server that refuses a request may quote it: as it came, percent-encoded, inside JSON or HTML, in
other case, or as the base64 of a Basic authorization, where what stands before the secret moves it
by a byte or two. And a text may have been cut in the midst of one.
"""

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

LONGEST_READ = 65_536
"""Characters of a text to be looked at. Hiding comes before cutting, so that no half of a secret is
left at the cut; but a server may answer with any number of lines.
"""
MAY_BE_CUT = 4000
"""Characters: shorter answers are read whole."""
REPLACEMENT = "***"
SHORTEST_SECRET = 4
"""Shorter ones would take half of any text, and protect nothing."""
SHORTEST_BASE64 = 6
"""Of what is sure of a secret in base64."""
LEADING = (0, 2, 3)
"""Characters of base64 that so many bytes before a secret have a part in."""


def without(text: str, secrets: Iterable[str]) -> str:
    """A text without the secrets. What cannot be seen is to be out of it before."""
    hidden = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
    forms = {form for secret in hidden for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = re.compile(re.escape(form), re.IGNORECASE).sub(REPLACEMENT, text)
    return _without_half(text, forms) if len(text) >= MAY_BE_CUT else text


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="", errors="surrogatepass")
    yield quote_plus(secret, errors="surrogatepass")
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield html.escape(secret)
    yield from _base64_forms(secret.encode(errors="surrogatepass"))


def _base64_forms(secret: bytes) -> Iterator[str]:
    """What of its base64 is the same wherever it stands."""
    for before, leading in enumerate(LEADING):
        encoded = b64encode(bytes(before) + secret).decode().rstrip("=")
        sure = encoded[leading:] if (before + len(secret)) % 3 == 0 else encoded[leading:-1]
        if len(sure) >= SHORTEST_BASE64:
            yield sure
            yield sure.translate(str.maketrans("+/", "-_"))


def _without_half(text: str, forms: Iterable[str]) -> str:
    """Without the beginning of a secret at its end, where the text was cut."""
    longest = 0
    lower = text.lower()
    for form in forms:
        known = form.lower()
        for length in range(min(len(known) - 1, len(text)), SHORTEST_SECRET - 1, -1):
            if lower.endswith(known[:length]):
                longest = max(longest, length)
                break
    return text[: len(text) - longest] + REPLACEMENT if longest else text
