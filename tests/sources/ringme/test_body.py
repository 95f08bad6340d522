"""Bodies: bounded, whole, unpacked."""

import gzip
import zlib

import pytest

from regwatch.sources.ringme.body import unpack
from regwatch.sources.ringme.errors import PbxAnswerError


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(b"[]" * 50, "", id="as it is"),
        pytest.param(b"[]" * 50, "identity", id="said to be as it is"),
        pytest.param(gzip.compress(b"[]" * 50), " GZIP ", id="gzip"),
        pytest.param(zlib.compress(b"[]" * 50), "deflate", id="deflate"),
        pytest.param(gzip.compress(b"[]" * 25) * 2, "gzip", id="gzip in two members"),
    ],
)
def test_unpacked(body: bytes, encoding: str) -> None:
    assert unpack(body, encoding, 100) == b"[]" * 50


def test_nothing_packed_is_nothing() -> None:
    assert unpack(b"", "gzip", 100) == b""


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        pytest.param(b"no gzip", "gzip", "broken gzip", id="no gzip"),
        pytest.param(gzip.compress(b"x" * 50)[:-9], "gzip", "cut off", id="cut off"),
        pytest.param(gzip.compress(b"x" * 101), "gzip", "longer than 100", id="too long"),
        pytest.param(gzip.compress(b"x" * 60) * 2, "gzip", "longer than 100", id="in two members"),
        pytest.param(gzip.compress(b"x") + b"tail", "gzip", "broken gzip", id="with a tail"),
        pytest.param(b"x", "br", "not asked for", id="brotli"),
    ],
)
def test_refused(body: bytes, encoding: str, said: str) -> None:
    with pytest.raises(PbxAnswerError, match=said):
        unpack(body, encoding, 100)
