"""Text from outside: whatever it is, it can be stored and shown afterwards."""

import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.outside import (
    UNSEEN,
    all_made_safe,
    is_plain,
    is_text,
    lines_made_safe,
    made_safe,
)

ANY = st.text(st.characters(codec=None, categories=None) | st.sampled_from("\ud800\udfff\x00\x9b"))


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        pytest.param("Reception 2, Телефон 👩‍👩‍👧", "Reception 2, Телефон 👩‍👩‍👧", id="plain text"),
        pytest.param("gel\udcf6scht", "gel?scht", id="a byte that was no UTF-8"),
        pytest.param("\ud800x\udfff", "?x?", id="half a character"),
        pytest.param("a\r\n\tb", "a b", id="line breaks and tabs"),
        pytest.param("a\x1b[2Jb\x9b1mc", "a [2Jb 1mc", id="escape sequences of a terminal"),
        pytest.param("a\u2028b\u2029c\x85d", "a b c d", id="line separators"),
        pytest.param("a\xa0b", "a\xa0b", id="a space that does not break"),
        pytest.param("\ufeffa\u202eb\u2066c\u200fd\u061ce", "abcde", id="what turns the reading"),
        pytest.param("a\u200bb\u2060c\xadd\U000e0041e", "abcde", id="what takes no room"),
        pytest.param("\u200da\u200cb é\u200d", "ab é", id="joiners with nothing to join"),
        pytest.param("ریحان\u200c\u200cها", "ریحان\u200cها", id="one joiner is enough"),
        pytest.param("e" + "\u0301" * 50, "e" + "\u0301" * 6, id="a flood of marks"),
        pytest.param("שָּׁ֑", "שָּׁ֑", id="marks of a language"),
    ],
)
def test_only_what_does_harm_is_replaced(text: str, safe: str) -> None:
    assert made_safe(text) == safe


@given(ANY)
def test_any_text_can_be_stored_and_has_one_line(text: str) -> None:
    safe = made_safe(text)
    assert is_text(text) == (text.encode(errors="replace").decode() == text)
    assert is_text(safe)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(safe)) == safe
    assert len(safe) <= len(text)
    assert made_safe(safe) == safe
    assert len(safe.splitlines()) <= 1
    assert not [c for c in safe if unicodedata.category(c) in ("Cc", "Cs")]
    assert not UNSEEN.search(safe)
    assert lines_made_safe(safe) == safe


@given(ANY)
def test_a_text_of_many_lines_keeps_them(text: str) -> None:
    safe = lines_made_safe(f"a\r\n{text}\tb")
    assert safe.startswith("a\n")
    assert safe.endswith("\tb")
    assert lines_made_safe(safe) == safe
    assert all(made_safe(part) == part for line in safe.split("\n") for part in line.split("\t"))


@pytest.mark.parametrize(
    ("body", "plain"),
    [(b'{"a": "b"}', True), (b'{"a": "b\\/c"}', True), (b'"\\u0041"', False), (b'"\\n"', False),
     ('"é"'.encode(), False), (b'"\x7f"', False)],
)  # fmt: skip
def test_what_needs_no_closer_look(body: bytes, plain: bool) -> None:
    assert is_plain(body) is plain


def test_a_whole_body_is_made_safe() -> None:
    body = {"a\x00": ["b\n", {"c": "\x07d"}, 5, None, True]}
    assert all_made_safe(body) == {"a ": ["b ", {"c": " d"}, 5, None, True]}
