"""Values behind a check sum."""

from contextlib import suppress

import msgspec
import pytest
from fakes.stored import incident
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import Incident
from regwatch.store.sealed import UnreadableError, opened, opened_bytes, sealed, sealed_bytes

VALUE = sealed(incident())


def test_a_value_comes_back() -> None:
    assert opened(VALUE, Incident) == incident()
    assert opened_bytes(sealed_bytes(b"plain")) == b"plain"
    assert opened_bytes(sealed_bytes(b"")) == sealed_bytes(b"") == b""


def test_what_was_stored_before_there_were_seals_is_read() -> None:
    assert opened(msgspec.msgpack.encode(incident()), Incident) == incident()


@given(st.integers(0, 8 * len(VALUE) - 1))
def test_a_flipped_bit_is_found_out(bit: int) -> None:
    flipped = bytearray(VALUE)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(UnreadableError):
        opened(bytes(flipped), Incident)


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(None, id="null"),
        pytest.param("text", id="text"),
        pytest.param(5, id="a number"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xc1\x00", id="a seal of nothing"),
        pytest.param(b"\xa2\xff\xfe", id="half a character"),
        pytest.param(b"\x91" * 100_000, id="brackets without end"),
        pytest.param(sealed({"id": 5}), id="another shape"),
        pytest.param(VALUE[:-1], id="cut off"),
    ],
)
def test_what_is_none_is_refused(stored: object) -> None:
    with pytest.raises(UnreadableError):
        opened(stored, Incident)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(stored: bytes) -> None:
    with suppress(UnreadableError):
        opened(stored, Incident)
