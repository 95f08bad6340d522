"""Many extensions' answer times as one value, a few bytes each: columns of whole tenths of seconds,
compressed. The compression's own check sum tells a value that was damaged.
"""

import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from regwatch.core.model import ExtensionId, Timestamp
from regwatch.core.phones.answer_times import AnswerTime

TENTHS = 10.0
NO_END = -(2**63)
"""Of a registration without a lease's end, among the tenths."""
MOST_TENTHS = 2.0**53
MOST_BYTES = 16_000_000
"""Unpacked: so much is no value of ours."""


class PackError(Exception):
    """No value of ours, or not any more."""


def packed(times: Sequence[AnswerTime]) -> bytes:
    """The fewer bytes the more the ids ascend, and the closer the times lie."""
    ids = [0, *(each.extension_id for each in times)]
    answered = [0, *(_tenths(each.answered_at) for each in times)]
    ends = (
        NO_END if end is None else _tenths(end) - _tenths(each.answered_at)
        for each in times
        for end in each.lease_ends
    )
    columns = (
        _bytes_of(after - before for before, after in pairwise(ids)),
        _bytes_of(after - before for before, after in pairwise(answered)),
        _bytes_of(len(each.lease_ends) for each in times),
        _bytes_of(ends),
    )
    return zlib.compress(len(times).to_bytes(4, "little") + b"".join(columns))


def unpacked(value: bytes) -> Sequence[AnswerTime]:
    """What was packed, to the tenth of a second; raises `PackError`."""
    try:
        return _unpacked(value)
    except (zlib.error, ValueError, TypeError, OverflowError) as error:
        raise PackError(str(error)) from error


def _unpacked(value: bytes) -> Sequence[AnswerTime]:
    unpacking = zlib.decompressobj()
    plain = unpacking.decompress(value, MOST_BYTES)
    if not unpacking.eof or len(plain) < 4:
        raise PackError("cut off, or too long")
    count = int.from_bytes(plain[:4], "little")
    numbers = array("q", plain[4:])
    if sys.byteorder == "big":
        numbers.byteswap()
    ids = accumulate(numbers[:count])
    answered = list(accumulate(numbers[count : 2 * count]))
    lengths = numbers[2 * count : 3 * count]
    starts = accumulate(lengths, initial=3 * count)
    if len(numbers) != 3 * count + sum(lengths):
        raise PackError("columns of unequal length")
    return [
        AnswerTime(ExtensionId(extension_id), _time(at), _ends(numbers[start : start + length], at))
        for extension_id, at, start, length in zip(ids, answered, starts, lengths, strict=False)
    ]


def _ends(tenths: Sequence[int], answered: int) -> tuple[Timestamp | None, ...]:
    return tuple(None if each == NO_END else _time(answered + each) for each in tenths)


def _bytes_of(numbers: Iterable[int]) -> bytes:
    column = array("q", numbers)
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _tenths(at: Timestamp) -> int:
    """Bounded: a time that nobody lives in is none of the reasons to store nothing."""
    return round(max(-MOST_TENTHS, min(at * TENTHS, MOST_TENTHS)))


def _time(tenths: int) -> Timestamp:
    return Timestamp(tenths / TENTHS)
