"""Values that name one thing: one passes, several are told to be a list."""

from email.utils import getaddresses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from regwatch.shapes.mailbox import mailbox
from regwatch.shapes.single import (
    Address,
    ExtensionPattern,
    OneUrl,
    SenderAddress,
    is_several,
    quoted_parts,
)

SEVERAL = "a@example.com, b@example.com"


def said_of(kind: object, value: str) -> tuple[str, str] | None:
    """Message and suggestion; None: it passes as it is."""
    try:
        assert TypeAdapter(kind).validate_python(value) == value
    except ValidationError as error:
        context = error.errors()[0]["ctx"]
        return context["text"], context["suggestion"]
    return None


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Address, "noc@example.com", None),
        (Address, '"Doe, Jane" <jane@example.com>', None),
        (Address, SEVERAL, (f"`{SEVERAL}` holds several addresses",
                            "write a list: [a@example.com, b@example.com]")),
        (Address, "Doe, Jane <jane@example.com>",
         ("`Doe, Jane <jane@example.com>` is no e-mail address",
          "quote a name with a comma in it")),
        (Address, ".@.", ("`.@.` is no e-mail address", "such as noc@example.com")),
        (Address, "noc", ("`noc` is no e-mail address", "such as noc@example.com")),
        (Address, "noc@example.com\nBcc: x@example.com",
         ("`noc@example.com Bcc: x@example.com` holds several addresses",
          "write a list: [noc@example.com, x@example.com]")),
        (Address, "NOC (night) <noc@example.com>",
         ("`NOC (night) <noc@example.com>` is no e-mail address",
          "a comment in brackets is not taken: put the name into quotes")),
        (Address, "Night: a@example.com, b@example.com;",
         ("`Night: a@example.com, b@example.com;` is no e-mail address",
          "a group is not taken: list its addresses")),
        (SenderAddress, SEVERAL, (f"`{SEVERAL}` holds several addresses",
                                  "give the one that messages come from")),
        (SenderAddress, "regwatch <r@example.com>", None),
        (OneUrl, "http://a:9093/x?y=1,2", None),
        (OneUrl, "http://a, http://b", ("holds several URLs", "write a list: [http://a, http://b]")),
        (OneUrl, "http://a,b", ("holds several URLs", "write a list: [http://a, b]")),
        (OneUrl, "http://[::1", ("no URL: its host cannot be read", "")),
        (ExtensionPattern, "000*1[0,1]?", None),
        (ExtensionPattern, "101, 102",
         ("`101, 102` holds several extensions", 'write a list: ["101", "102"]')),
    ],
)  # fmt: skip
def test_one_passes_and_of_several_it_is_said_what_to_write(
    kind: object, value: str, said: tuple[str, str] | None
) -> None:
    assert said_of(kind, value) == said


def test_an_address_is_one_line() -> None:
    assert TypeAdapter(Address).validate_python("noc@example.com\n") == "noc@example.com"


@pytest.mark.parametrize(
    ("pattern", "several"),
    [("101", False), (" 101 ", False), ("10[1, 2]", False), ("101 102", True), ("101;102", True),
     ("10[12],103", True), ("000*101@pbx.example.com", False)],
)  # fmt: skip
def test_what_stands_between_several_extensions(pattern: str, several: bool) -> None:
    assert is_several(pattern) is several


@given(st.lists(st.integers(1, 999), min_size=2, max_size=5), st.sampled_from([",", "; ", " "]))
def test_each_of_several_is_said_by_itself(numbers: list[int], between: str) -> None:
    pattern = between.join(map(str, numbers))
    assert is_several(pattern)
    assert quoted_parts(pattern) == [f'"{number}"' for number in numbers]


@example(".@.")
@given(st.text(alphabet='ab@<>,;:|"() \\.[]\n', max_size=30))
def test_no_address_holds_another_outside_its_quotes(text: str) -> None:
    """What passes is one mailbox, as the standard library reads it too."""
    try:
        passed = TypeAdapter(Address).validate_python(text)
    except ValidationError:
        return
    found = mailbox(passed).address
    assert [found] == [address for _, address in getaddresses([passed])]
    assert found.count("@") >= 1


@pytest.mark.parametrize(
    "address",
    [
        "noc@example.com",
        "regwatch <regwatch@example.com>",
        '"Doe, Jane" <jane@example.com>',
        '"a@example.com; b@example.com" <c@example.com>',
        "Ops <noc@münchen.example>",
        "анна@example.com",
        "A. B. Smith <a.b+noc@example.com>",
        "Jānis Bērziņš <janis@example.com>",
        "noc@localhost",
        "noc@[192.0.2.1]",
    ],
)
def test_one_address_with_or_without_a_name_passes(address: str) -> None:
    assert said_of(Address, address) is None
    assert said_of(SenderAddress, address) is None
