"""JSON objects from an answer: any bytes become structs or a `PbxAnswerError`.

msgspec reads what is as promised. It refuses a whole answer for one odd byte in one phone's name;
what it refuses is read again, slower, entry by entry. Either way each text is made safe here.
"""

import json
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.json import Decoder

from regwatch.core.model import FailureReason
from regwatch.core.outside import is_plain, made_safe
from regwatch.sources.ringme.errors import PbxAnswerError

T = TypeVar("T", bound=Struct)

SHOWN = 4096
"""Bytes of a wrong answer quoted to the redaction; it cuts further."""
LONGEST_TEXT = 16_384
"""Characters of any text, before it is looked at: tokens are the longest that are needed whole."""
LONGEST_NAME = 256
"""Characters of names, labels and devices. A phone can send a User-Agent of any length; what works
on it, and whoever reads it, is to have an end of it."""
LONGEST_ADDRESS = 1024
"""Characters: softphones that are woken by push have long ones."""
DIGEST_BYTES = 6
"""So that long texts which differ behind the cut do so still: 48 bits are far more than enough for
the devices of one account."""


class ObjectsDecoder(Generic[T]):
    """Reads an array of objects, or a single one, as structs."""

    def __init__(self, kind: type[T], make: Callable[[Mapping[str, Any]], T]) -> None:
        self._many = Decoder(list[kind])  # type: ignore[valid-type]
        self._one = Decoder(kind)
        self._make = make

    def decode(self, body: bytes) -> tuple[list[T], int]:
        """The objects, and how many entries were none; raises `PbxAnswerError`."""
        try:
            objects = self._many.decode(body) if body[:1] == b"[" else [self._one.decode(body)]
        # Besides its own errors msgspec raises UnicodeDecodeError, a ValueError as well.
        except (ValueError, RecursionError):
            return self._decode_slowly(body)
        if not is_plain(body):
            for each in objects:
                _make_safe(each)
        return objects, 0

    def _decode_slowly(self, body: bytes) -> tuple[list[T], int]:
        answer = _loaded(body)
        entries = answer if isinstance(answer, list) else [answer]
        objects = [self._make(entry) for entry in entries if isinstance(entry, dict)]
        if entries and not objects:
            raise unpromised(body)
        for each in objects:
            _make_safe(each)
        return objects, len(entries) - len(objects)


def _make_safe(one: Struct) -> None:
    """In place: its texts, and those of the structs and mappings in it. Deeper none is looked at
    by anybody.
    """
    for name in one.__struct_fields__:
        value = getattr(one, name)
        if isinstance(value, str | dict):
            setattr(one, name, _sound(value))
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, Struct):
                    _make_safe(each)


def _sound(value: str | dict[str, Any]) -> str | dict[str, Any]:
    if isinstance(value, str):
        return made_safe(cut(value, LONGEST_TEXT))
    return {key: _sound(each) for key, each in value.items() if isinstance(each, str)}


def _loaded(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8-sig", errors="replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise unpromised(body) from error


def unpromised(body: bytes) -> PbxAnswerError:
    """The error for an answer that cannot be read; its text is the body's beginning, raw: the
    transport redacts it.
    """
    start = body[:SHOWN].decode("utf-8", errors="replace").strip()
    kind = "an HTML page" if start.startswith("<") else "not the JSON expected"
    text = f"{kind}: {start}" if start else "an empty answer"
    return PbxAnswerError(text, reason=FailureReason.BAD_ANSWER)


def text_of(value: object) -> str:
    """A string, or a number as one; anything else is empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    try:
        return str(value)
    except ValueError:  # more digits than Python turns into text
        return ""


def cut(text: str, most: int) -> str:
    """The text or, if it is longer, its beginning and a digest of the whole: what differs only
    behind the cut differs still.
    """
    if len(text) <= most:
        return text
    digest = blake2b(text.encode(errors="replace"), digest_size=DIGEST_BYTES).hexdigest()
    return f"{text[: most - len(digest) - 1]}…{digest}"


def id_of(value: object) -> int | None:
    """An integer id, also if it came as a string or a float; None if it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return None
