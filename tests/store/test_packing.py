"""Many answer times as one value."""

import zlib
from contextlib import suppress

import pytest
from fakes.values import START, at
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import ExtensionId, Timestamp
from regwatch.core.phones.answer_times import AnswerTime
from regwatch.store.packing import PackError, packed, unpacked

TENTHS = st.integers(0, 2**36).map(lambda tenths: Timestamp(tenths / 10))
TIMES = st.builds(
    AnswerTime,
    st.integers(0, 2**63 - 1).map(ExtensionId),
    TENTHS,
    st.lists(st.none() | TENTHS, max_size=3).map(tuple),
)


@given(st.lists(TIMES, max_size=5))
def test_what_is_packed_comes_back_to_the_tenth_of_a_second(times: list[AnswerTime]) -> None:
    assert unpacked(packed(times)) == times


def test_a_phone_with_one_lease_takes_a_few_bytes() -> None:
    times = [
        AnswerTime(ExtensionId(n), at(n // 50 * 0.7), (at(n * 0.618 % 1 * 3600 + 3600),))
        for n in range(4000)
    ]
    assert len(packed(times)) < 5 * len(times)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_a_time_that_nobody_lives_in_is_stored_as_another(value: float) -> None:
    (time,) = unpacked(packed([AnswerTime(ExtensionId(1), Timestamp(value), (START,))]))
    assert time.lease_ends == (START,)


PACKED = [AnswerTime(ExtensionId(n), at(n), (at(600), None)) for n in range(50)]
VALUE = packed(PACKED)


@given(st.integers(0, 8 * len(VALUE) - 1))
def test_a_flipped_bit_is_found_out_or_matters_to_nobody(bit: int) -> None:
    flipped = bytearray(VALUE)
    flipped[bit // 8] ^= 1 << bit % 8
    with suppress(PackError):
        assert unpacked(bytes(flipped)) == PACKED


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="nothing"),
        pytest.param("text", id="another type"),
        pytest.param(None, id="null"),
        pytest.param(VALUE[:-5], id="cut off"),
        pytest.param(zlib.compress(b""), id="empty"),
        pytest.param(zlib.compress(b"\x01\x00\x00\x00" + b"\x07" * 24), id="columns too short"),
        pytest.param(zlib.compress(b"\x01\x00\x00\x00abc"), id="half a number"),
        pytest.param(zlib.compress(bytes(20_000_000)), id="a bomb"),
    ],
)
def test_what_is_no_value_of_ours_is_refused(value: bytes) -> None:
    with pytest.raises(PackError):
        unpacked(value)
