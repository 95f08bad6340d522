"""Any bytes become objects or one error; an odd value costs itself, not the answer."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from regwatch.sources.ringme.errors import PbxAnswerError
from regwatch.sources.ringme.lenient import ObjectsDecoder, cut, id_of, text_of, unpromised


class Thing(Struct):
    name: str = ""


def made(entry: Mapping[str, Any]) -> Thing:
    return Thing(text_of(entry.get("name")))


DECODER = ObjectsDecoder(Thing, made)


@pytest.mark.parametrize(
    ("body", "names", "none"),
    [
        (b'[{"name": "a"}, {"name": "b"}]', ["a", "b"], 0),
        (b'{"name": "a"}', ["a"], 0),
        (b"[]", [], 0),
        (b'[{"name": "a"}, 7, null]', ["a"], 2),
        (b'[{"name": 7}, {"name": [1]}]', ["7", ""], 0),
        (b'\xef\xbb\xbf[{"name": "a"}]', ["a"], 0),
        (b'[{"name": "\xff"}]', ["\ufffd"], 0),
        (b'[{"name": "a\\u001b[31m"}]', ["a [31m"], 0),
    ],
    ids=["many", "one", "none", "no objects among them", "other types", "a mark in front",
         "no UTF-8", "a control character"],
)  # fmt: skip
def test_what_can_be_read_is_read(body: bytes, names: list[str], none: int) -> None:
    things, others = DECODER.decode(body)
    assert ([thing.name for thing in things], others) == (names, none)


@pytest.mark.parametrize("body", [b"", b"7", b"[7]", b"<html>", b'[{"name": "a"', b"[" * 9999])
def test_what_is_no_answer_is_one_error(body: bytes) -> None:
    with pytest.raises(PbxAnswerError):
        DECODER.decode(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_objects_or_our_error(body: bytes) -> None:
    try:
        things, others = DECODER.decode(body)
    except PbxAnswerError:
        return
    assert others >= 0
    assert all(thing.name.isprintable() for thing in things)


@pytest.mark.parametrize(
    ("body", "begins"),
    [(b"", "an empty answer"), (b" <html>", "an HTML page: <html>"), (b"oops", "not the JSON")],
)
def test_an_answer_that_is_none_is_quoted(body: bytes, begins: str) -> None:
    assert str(unpromised(body)).startswith(begins)


@pytest.mark.parametrize(
    ("value", "number"),
    [(7, 7), ("7", 7), (7.0, 7), (7.5, None), (True, None), ("x", None), ("-7", None),
     ("٧", None), (2**63, None), (-(2**63), -(2**63)), (1e300, None), ("9" * 19, None),
     (None, None), (float("nan"), None)],
)  # fmt: skip
def test_what_is_an_id(value: object, number: int | None) -> None:
    assert id_of(value) == number


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (7, "7"), (1.5, "1.5"), (True, ""), (None, ""), ([1], "")]
)
def test_what_is_a_text(value: object, text: str) -> None:
    assert text_of(value) == text


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_cut_is_no_longer_and_differs_still(one: str, other: str) -> None:
    most = 20
    assert len(cut(one, most)) <= max(most, 0)
    if one.encode(errors="replace") != other.encode(errors="replace"):
        assert cut(one, most) != cut(other, most)
