"""A megabyte of what is worst, as a text and as bodies."""

import json
from collections.abc import Iterator

UNITS = (
    "a", "9", "1.", " ", "[", "(", '"', "\\", "%", "%e2", "e\u0301", "\u0301", "\u200d", "\u202e",
    "\x1b[", "é\u200d", "👩\u200d", "\ud800", ".", ":", "::", "@", "/", "*a", "[a", ",", ";q=", "=",
    "Mon, ", "1h", "a: ", "- ", "{{", "<a ", "bearer ", "password=", "http://a@",
)  # fmt: skip
"""Repeated without end."""


def texts(length: int) -> Iterator[str]:
    """Each so long."""
    for unit in UNITS:
        yield (unit * (length // len(unit) + 1))[:length]


def bodies(length: int, name: str) -> Iterator[bytes]:
    """JSON with such a text under the name, and what is no JSON at all."""
    for text in texts(length):
        yield json.dumps([{name: text}]).encode()
        yield json.dumps({name: text}, ensure_ascii=False).encode(errors="replace")
        yield text.encode(errors="replace")
    yield b"[" * length
    yield b'{"a":' * (length // 5)
    yield b"[" + b"9" * (length - 2) + b"]"
    yield b'[{"' + name.encode() + b'":' + b"1" * length + b"}]"
    yield b"[1e" + b"9" * (length - 3)
    yield b'["' + b"\\ud83d" * (length // 6) + b'"]'
    yield b"[" + b"{}," * (length // 3) + b"{}]"
    yield b"[" + b'{"' + name.encode() + b'":"\\u0301"},' * (length // (12 + len(name))) + b"{}]"
