"""Reading an answer's body: bounded as received, and as unpacked."""

import zlib
from collections.abc import AsyncIterator

from regwatch.core.model import FailureReason
from regwatch.sources.ringme.errors import PbxAnswerError

GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
"""zlib's way to say: whichever of the two the data is."""
PACKED = frozenset({"gzip", "x-gzip", "deflate"})


async def read_bounded(chunks: AsyncIterator[bytes], most: int) -> bytes:
    """All of it; raises `PbxAnswerError` as soon as it is more than `most` bytes."""
    received, length = [], 0
    async for chunk in chunks:
        length += len(chunk)
        if length > most:
            raise _bad(f"longer than {most} bytes")
        received.append(chunk)
    return b"".join(received)


def unpack(body: bytes, encoding: str, most: int) -> bytes:
    """The body as it was before it was packed; raises `PbxAnswerError` if it is broken, cut off,
    or more than `most` bytes.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity") or not body:
        return body
    if encoding not in PACKED:
        raise _bad("packed in a way that was not asked for")
    try:
        return _inflated(body, most)
    except zlib.error as error:
        raise _bad(f"broken gzip ({error})") from error


def _inflated(body: bytes, most: int) -> bytes:
    members, length = [], 0
    while body:
        inflater = zlib.decompressobj(GZIP_OR_ZLIB)
        # One byte more than is taken tells "just fits" from "more to come".
        member = inflater.decompress(body, most - length + 1)
        length += len(member)
        if length > most:
            raise _bad(f"longer than {most} bytes when unpacked")
        if not inflater.eof:
            raise _bad("gzip cut off")
        members.append(member)
        body = inflater.unused_data
    return b"".join(members)


def _bad(text: str) -> PbxAnswerError:
    return PbxAnswerError(text, reason=FailureReason.BAD_ANSWER)
