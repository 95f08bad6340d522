"""Mailboxes as people write them, and as mail servers take them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from regwatch.shapes.mailbox import mailbox


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("noc@example.com", "", "noc@example.com"),
        (" Ops <noc@example.com> ", "Ops", "noc@example.com"),
        ('"Ops, \\"night\\"" <noc@example.com>', 'Ops, "night"', "noc@example.com"),
        ("Jānis <janis@bērziņš.example>", "Jānis", "janis@xn--brzi-bva32apg.example"),
        ("noc@Example.COM", "", "noc@example.com"),
        ("root@localhost", "", "root@localhost"),
        ("noc@corp.local", "", "noc@corp.local"),
        ("noc@[192.0.2.1]", "", "noc@[192.0.2.1]"),
        ("noc@[IPv6:2001:db8::1]", "", "noc@[IPv6:2001:db8::1]"),
        ('"a b"@example.com', "", '"a b"@example.com'),
        ("анна@example.com", "", "анна@example.com"),
    ],
)
def test_a_name_for_people_and_an_address_for_servers(text: str, name: str, address: str) -> None:
    found = mailbox(text)
    assert (found.name, found.address) == (name, address)
    assert found.is_ascii is address.isascii()
    assert (found.header.display_name, found.header.addr_spec) == (name, address)


@pytest.mark.parametrize(
    "text",
    ["", "noc", "@", ".@.", "a@b@c", "a b@example.com", "a..b@example.com", "noc@-x.example",
     "noc@exa mple.com", "noc@[300.1.1.1]", "Ops <noc@example.com", "noc@example..com",
     "Ops (night) <noc@example.com>", "Night: a@example.com;", "Doe, Jane <jane@example.com>",
     "noc@" + "a" * 70 + ".example"],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(PydanticCustomError):
        mailbox(text)


@given(st.text(max_size=60))
def test_whatever_it_is_it_is_read_or_refused(text: str) -> None:
    try:
        found = mailbox(text)
    except PydanticCustomError:
        return
    assert "@" in found.address
    assert found.domain.isascii()
