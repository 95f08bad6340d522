"""Ids that are begun, and names that do not exist."""

import pytest
from fakes.web import FakeDaemon, FakeOperations, account, served, watched

from regwatch.cli.errors import RemoteError
from regwatch.cli.names import check_names, neither, whole_id
from regwatch.cli.remote import Remote

IDS = ["abcdef12", "abcdef34", "ab"]


@pytest.mark.parametrize(
    ("begun", "whole"), [("abcdef12", "abcdef12"), ("abcdef1", "abcdef12"), ("ab", "ab")]
)
def test_an_id_is_whole_or_begins_like_no_other(begun: str, whole: str) -> None:
    assert whole_id(begun, IDS, "silence") == whole


@pytest.mark.parametrize(
    ("begun", "why"),
    [
        (
            "abcde",
            "no silence has the id `abcde`: give an id whole, or its first 6 characters or more",
        ),
        ("abcdef", "`abcdef` may be any of abcdef12, abcdef34"),
        ("123456", "no silence has the id `123456`$"),
    ],
)
def test_what_is_none_or_several_is_said(begun: str, why: str) -> None:
    with pytest.raises(RemoteError, match=why):
        whole_id(begun, IDS, "silence")


@pytest.mark.parametrize(
    ("sought", "why"),
    [
        ({}, None),
        ({"site": None, "q": "x"}, None),
        ({"site": "riga", "account": "acme"}, None),
        ({"site": "rga"}, "no site is named `rga`: did you mean `riga`?"),
        ({"account": "zzz"}, "no account is named `zzz`: one of `acme`"),
    ],
)
async def test_sites_and_accounts_exist_or_are_said_not_to(
    sought: dict[str, str | None], why: str | None
) -> None:
    daemon = FakeDaemon([account(watched(1, site="riga"))])
    async with served(daemon, operations=FakeOperations()) as session:
        remote = Remote(str(session._base_url).rstrip("/"))
        if why is None:
            await check_names(remote, **sought)
            return
        with pytest.raises(RemoteError) as error:
            await check_names(remote, **sought)
    assert str(error.value) == why


@pytest.mark.parametrize(("name", "is_short"), [("nobody", False), ("9c29c", True)])
def test_what_is_neither_extension_nor_incident_may_be_too_short(name: str, is_short: bool) -> None:
    assert ("or its first 6 characters or more" in str(neither(name))) is is_short
