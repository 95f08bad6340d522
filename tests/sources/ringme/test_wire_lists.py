"""The extension list, groups, user and token."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.model import Extension, ExtensionId
from regwatch.sources.ringme.errors import PbxAnswerError
from regwatch.sources.ringme.wire_lists import (
    Grant,
    Page,
    User,
    decode_grant,
    decode_groups,
    decode_page,
    decode_user,
)

SAMPLES = Path(__file__).parent / "samples"


def test_the_vendors_extension_list_is_read() -> None:
    page = decode_page((SAMPLES / "extensions.json").read_bytes())
    petrov = Extension(ExtensionId(30), "000*300", "Petrov")
    other = Extension(ExtensionId(31), "000*301@sip.ringme.ru")
    assert page == Page(((petrov, 14), (other, None)), 2)
    assert page.is_whole
    assert [one.number for one, _ in page.extensions] == ["300", "301"]


@pytest.mark.parametrize(
    "odd", [{"id": 5}, {"name": "x"}, {"id": "five", "name": "x"}, {"id": 5, "name": ""}, 5, None]
)
def test_an_entry_that_cannot_be_read_leaves_the_page_unwhole(odd: object) -> None:
    page = decode_page(json.dumps([{"id": 1, "name": 101}, odd]).encode())
    assert page.extensions == ((Extension(ExtensionId(1), "101"), None),)
    assert page.length == 2
    assert not page.is_whole


def test_an_empty_page_is_a_page() -> None:
    assert decode_page(b"[]") == Page((), 0)


def test_the_vendors_groups_are_read() -> None:
    groups = decode_groups((SAMPLES / "groups.json").read_bytes())
    assert groups == {14: "Sales", 15: "Support"}
    assert decode_groups(b'[{"id":1,"name":"a"},{"name":"b"}]') == {1: "a"}
    assert decode_groups(b"[]") == {}


def test_the_user_is_read() -> None:
    user = decode_user((SAMPLES / "user.json").read_bytes())
    assert user == User("17", "Europe/Riga", ExtensionId(3))
    assert decode_user(b'{"client_id":"a"}') == User("a", "", None)


def test_the_vendors_token_is_read_and_not_shown() -> None:
    grant = decode_grant((SAMPLES / "token.json").read_bytes())
    assert grant == Grant("2jGp74vK7HmBtWq0McR0l2n7eVEJJQ", 3600.0)
    assert "2jGp" not in repr(grant)


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        ("1200", 1200.0),
        (0, 600.0),
        (-5, 600.0),
        (None, 600.0),
        ("soon", 600.0),
        ([], 600.0),
        (1000000000000.0, 86400.0),
        ("nan", 600.0),
        (0.5, 0.5),
    ],
)
def test_a_tokens_life_is_bounded(expires_in: object, seconds: float) -> None:
    body = json.dumps({"access_token": "t", "expires_in": expires_in}).encode()
    assert decode_grant(body).expires_in == seconds


def test_a_token_without_a_life_lasts_ten_minutes() -> None:
    assert decode_grant(b'{"access_token":"t"}').expires_in == 600.0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"<html>",
        b'{"access_token":5}',
        b'{"access_token":""}',
        b'{"access_token":"a\\r\\nb"}',
        b'{"access_token":"a b"}',
        '{"access_token":"ä"}'.encode(),
        b'{"access_token":"half-a-secr',
        b'[{"access_token":"a"},{"access_token":"b"}]',
    ],
)
def test_what_holds_no_token_is_an_error_that_quotes_nothing(body: bytes) -> None:
    with pytest.raises(PbxAnswerError) as caught:
        decode_grant(body)
    assert str(caught.value) == "no token in the answer"


@pytest.mark.parametrize("decode", [decode_page, decode_groups, decode_user, decode_grant])
@pytest.mark.parametrize("body", [b"", b"null", b"{", b'{"status":"x"}', b"[3]", b'[{"x":1}]'])
def test_what_is_not_promised_is_our_error(decode, body: bytes) -> None:
    with pytest.raises(PbxAnswerError):
        decode(body)


@pytest.mark.parametrize("decode", [decode_page, decode_groups, decode_user, decode_grant])
@given(data=st.data())
@settings(deadline=None)
def test_any_change_of_a_sample_brings_a_value_or_our_error(decode, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["extensions", "groups", "user", "token"]))
    body = bytearray((SAMPLES / f"{name}.json").read_bytes())
    place = data.draw(st.integers(0, len(body) - 1))
    body[place : place + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=4))
    with contextlib.suppress(PbxAnswerError):
        decode(bytes(body))


def test_one_odd_entry_spoils_no_list() -> None:
    assert decode_groups(b'[5,{"id":1,"name":"a\\ud800"}]') == {1: "a?"}
    assert decode_groups(b'[{"id":1,"name":"a\\u001b[2Jb"}]') == {1: "a [2Jb"}
    assert decode_user(b'\xef\xbb\xbf{"client_id":"a"}') == User("a", "", None)
    assert decode_grant(b'\xef\xbb\xbf{"access_token":"a"}') == Grant("a", 600.0)
    page = decode_page(b'[{"id":1,"name":"n\xff"},null]')
    assert page == Page(((Extension(ExtensionId(1), "n\ufffd"), None),), 2)


def test_names_have_an_end_and_differ_still_where_they_differ_behind_it() -> None:
    names = ["n" * length for length in (256, 257, 100_000)]
    listed = [{"id": i, "name": name, "label": name} for i, name in enumerate(names)]
    kept = [extension for extension, _ in decode_page(json.dumps(listed).encode()).extensions]
    groups = decode_groups(json.dumps(listed).encode())
    for found in ([e.name for e in kept], [e.label for e in kept], list(groups.values())):
        assert found[0] == names[0]
        assert len(set(found)) == len(names)
        assert {len(name) for name in found} == {256}
