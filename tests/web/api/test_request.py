"""What a request to the API says, and what is wrong with it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from regwatch.core.model import ExtensionState, Timestamp
from regwatch.web.api.bodies import NewSilence
from regwatch.web.api.request import (
    ApiError,
    author_of,
    check_writer,
    choice_of,
    end_of,
    limit_of,
    moment_of,
    search_of,
    time_of,
)
from regwatch.web.auth import WRITER
from regwatch.web.listing import Search

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def asked(path: str = "/", *, method: str = "GET", writer: str | None = None, **headers: str):
    request = make_mocked_request(
        method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    if writer is not None:
        request[WRITER] = writer
    return request


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        pytest.param("", 200, id="two hundred by default"),
        pytest.param("?limit=1", 1, id="one"),
        pytest.param("?limit=1000", 500, id="no more than the most"),
        pytest.param("?limit=999999999", 500, id="nine digits"),
    ],
)
def test_how_many_are_asked_for(query: str, limit: int) -> None:
    assert limit_of(asked("/" + query), 500) == limit


@pytest.mark.parametrize(
    "value",
    ["0", "-1", "", "many", "1.5", "%D9%A3", "9999999999"],
    ids=["none", "less", "nothing", "a word", "a part", "Arabic digits", "ten digits"],
)
def test_what_is_no_number_of_lines(value: str) -> None:
    with pytest.raises(ApiError, match="`limit` must be a number from 1"):
        limit_of(asked(f"/?limit={value}"), 500)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state=gone", "`state` is unknown, registered, .* or removed"),
        ("page=0", "`page` must be a number from 1"),
        ("page=two", "`page` must be a number from 1"),
    ],
)
def test_what_cannot_be_searched_for_is_said(query: str, said: str) -> None:
    with pytest.raises(ApiError, match=said):
        search_of(asked(f"/?{query}"))


def test_extensions_are_searched_as_on_the_page() -> None:
    found = search_of(asked("/?q=riga&state=lost&page=2"))
    assert found == Search("riga", ExtensionState.LOST, 2)
    assert search_of(asked("/?state=")) == Search()


def test_one_of_several_words_is_asked_for() -> None:
    assert choice_of(asked("/?all=true"), "all", ("true", "false")) == "true"
    assert choice_of(asked("/"), "all", ("true", "false")) is None
    with pytest.raises(ApiError, match="`all` is true or false"):
        choice_of(asked("/?all=yes"), "all", ("true", "false"))


def test_a_time_is_the_same_in_every_zone() -> None:
    riga = NOON.astimezone(timezone(timedelta(hours=2)))
    assert moment_of(riga) == moment_of(NOON) == Timestamp(NOON.timestamp())
    assert time_of(asked("/?since=2026-11-24T12:00:00Z"), "since") == NOON.timestamp()
    assert time_of(asked(), "since") is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("yesterday", "`since` must be a time such as"),
        ("", "`since` must be a time such as"),
        ("2026-11-24T12:00:00", "has no time zone: add Z for UTC"),
    ],
    ids=["a word", "nothing", "no zone"],
)
def test_what_is_no_time(value: str, why: str) -> None:
    with pytest.raises(ApiError, match=why) as raised:
        time_of(asked(f"/?since={value}"), "since")
    assert raised.value.status == 400


def silence(**more: object) -> NewSilence:
    return NewSilence(matchers={"site": ["riga"]}, comment="x", **more)  # type: ignore[arg-type]


def test_a_silence_ends_after_its_duration_or_at_its_end() -> None:
    assert end_of(silence(duration_seconds=60.0), Timestamp(100.0)) == 160.0
    assert end_of(silence(ends_at=NOON), Timestamp(100.0)) == NOON.timestamp()


@pytest.mark.parametrize(
    "ends", [{}, {"duration_seconds": 60.0, "ends_at": NOON}], ids=["no end", "two ends"]
)
def test_a_silence_has_one_end(ends: dict[str, object]) -> None:
    with pytest.raises(ApiError, match="a silence needs an end"):
        end_of(silence(**ends), Timestamp(100.0))


@pytest.mark.parametrize(
    ("named", "writer", "author"),
    [
        pytest.param("anna", "bob", "anna", id="who is named"),
        pytest.param(None, "bob", "bob", id="else who is logged in"),
        pytest.param("   ", "bob", "bob", id="a name without a letter is none"),
        pytest.param("a" * 300, "", "a" * 100, id="a long name is cut"),
    ],
)
def test_who_asks(named: str | None, writer: str, author: str) -> None:
    assert author_of(asked(writer=writer), named) == author


def test_who_has_only_the_token_must_say_who_it_is() -> None:
    with pytest.raises(ApiError, match="say who you are"):
        author_of(asked(writer=""), None)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(asked(method="DELETE", writer=""), id="without a body"),
        pytest.param(
            asked(method="POST", writer="", Content_Type="application/json"), id="in JSON"
        ),
        pytest.param(
            asked(method="DELETE", writer="", Sec_Fetch_Site="same-origin"), id="from our page"
        ),
    ],
)
def test_who_may_write(request_: web.Request) -> None:
    check_writer(request_)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(asked(method="DELETE"), 403, id="nobody"),
        pytest.param(
            asked(method="POST", writer="", Content_Type="text/plain"), 415, id="a form's text"
        ),
    ],
)
def test_who_may_not(request_: web.Request, status: int) -> None:
    with pytest.raises(ApiError) as raised:
        check_writer(request_)
    assert raised.value.status == status
