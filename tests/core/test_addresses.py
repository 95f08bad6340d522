from ipaddress import ip_network

import pytest

from regwatch.core.addresses import canonical_network, host_of, literal, same_uri


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("sip:203.0.113.7:62338", "203.0.113.7"),
        ("sip:000*002@192.168.5.52:5062", "192.168.5.52"),
        ("sip:101@192.0.2.7:5062;transport=tcp", "192.0.2.7"),
        ("sips:101@pbx.Example.com?x=y", "pbx.example.com"),
        ("<sip:101@192.0.2.7>;expires=60", "192.0.2.7"),
        ("sip:101@[2001:DB8::1]:5060", "2001:db8::1"),
        ("sip:101@[2001:DB8:0:0:0:0:0:1]:5060", "2001:db8::1"),
        ("sip:2001:db8::1", "2001:db8::1"),
        ("sip:[::ffff:203.0.113.7]:62338", "203.0.113.7"),
        ("sip:101@[::FFFF:cb00:7107];transport=tcp", "203.0.113.7"),
        ("sip:::ffff:203.0.113.7", "203.0.113.7"),
        ("sip:::ffff:203.0.113.7:62338", "203.0.113.7"),
        ("sip:[::ffff:203.0.113.777]", "::ffff:203.0.113.777"),
        ("sip:[::203.0.113.7]", "::cb00:7107"),
        ("192.0.2.7:5060", "192.0.2.7"),
        ("user:password@192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("sip:", ""),
        ("n/a", "n/a"),
    ],
)
def test_the_host_of_whatever_a_phone_sends(uri: str, host: str) -> None:
    assert host_of(uri) == host


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sip:203.0.113.7:62338", "sip:203.0.113.7:62338", True),
        ("sip:203.0.113.7:62338", "sip:[::ffff:203.0.113.7]:62338", True),
        ("sip:1@[2001:DB8::1]:5060", "sip:1@[2001:db8:0:0::1]:5060", True),
        ("sip:203.0.113.7:62338", "sip:[::ffff:203.0.113.7]:5060", False),
        ("sip:203.0.113.7", "sip:[::ffff:203.0.113.8]", False),
        ("sip:1@203.0.113.7", "sip:2@[::ffff:203.0.113.7]", False),
        ("sip:[::ffff:203.0.113.7", "sip:203.0.113.7", True),
        ("", "sip:203.0.113.7", False),
    ],
)
def test_uris_are_the_same_whatever_the_form_of_their_address(
    one: str, other: str, *, same: bool
) -> None:
    assert same_uri(one, other) is same
    assert same_uri(other, one) is same


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::ffff:0:0/95", "::fffe:0:0/95"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::/0", "::/0"),
    ],
)
def test_a_network_of_mapped_addresses_is_one_of_ipv4(written: str, meant: str) -> None:
    assert canonical_network(ip_network(written, strict=False)) == ip_network(meant)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8::0:7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("pbx.example.com", None),
        ("192.0.2", None),
        ("192.0.2.7:5060", None),
        ("", None),
    ],
)
def test_which_address_is_written_there(text: str, address: str | None) -> None:
    found = literal(text)
    assert (None if found is None else str(found)) == address
