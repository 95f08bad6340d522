"""Values as they stand in a row: MessagePack behind a check sum. A flipped bit may leave a value
that reads well and says something else, such as another device; nobody is to be told of that.
"""

from typing import TypeVar
from zlib import crc32

import msgspec

T = TypeVar("T")

SEAL = b"\xc1"
"""No MessagePack begins with this byte; so what was stored before there were seals is known."""
HEAD = 5
UNFIT = (msgspec.MsgspecError, ValueError, TypeError, RecursionError)
"""What decoding raises: of msgspec's own, of broken characters, of brackets without end."""


class UnreadableError(Exception):
    """No such value, or not any more."""


def sealed(value: object) -> bytes:
    """To be stored; raises what msgspec raises for what cannot be encoded."""
    return sealed_bytes(msgspec.msgpack.encode(value))


def sealed_bytes(plain: bytes) -> bytes:
    """The same of what is encoded already; nothing stays nothing."""
    return SEAL + crc32(plain).to_bytes(4, "big") + plain if plain else b""


def opened(stored: object, kind: type[T]) -> T:
    """The value; raises `UnreadableError`."""
    try:
        return msgspec.msgpack.decode(opened_bytes(stored), type=kind)
    except UNFIT as error:
        raise UnreadableError(str(error)) from error


def readable(stored: object, kind: type[T]) -> T | None:
    """The value; None if it cannot be read."""
    try:
        return opened(stored, kind)
    except UnreadableError:
        return None


def opened_bytes(stored: object) -> bytes:
    """What was sealed, still encoded; raises `UnreadableError`."""
    if not isinstance(stored, bytes):
        raise UnreadableError(f"{type(stored).__name__} instead of bytes")
    if not stored.startswith(SEAL):
        return stored
    plain = stored[HEAD:]
    if crc32(plain).to_bytes(4, "big") != stored[1:HEAD]:
        raise UnreadableError("its check sum is another")
    return plain
