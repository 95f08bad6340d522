from ipaddress import ip_network

import pytest
from fakes.values import extension

from regwatch.core.sites import Site, Sites

SITES = Sites(
    [
        Site("riga", networks=(ip_network("203.0.113.0/24"),), extensions=("000*101",)),
        Site("tallinn", networks=(ip_network("2001:db8:1::/48"),), labels={"team": "ops"}),
    ]
)


def test_an_extension_belongs_to_the_site_that_names_it() -> None:
    assert SITES.of_extension(extension(1)) == "riga"
    assert SITES.of_extension(extension(2)) == ""


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("sip:203.0.113.7:62338", "riga"),
        ("sip:[2001:db8:1::7]:5060", "tallinn"),
        ("sip:[::ffff:203.0.113.7]:5060", "riga"),
        ("sip:198.51.100.1", ""),
        ("sip:pbx.example.com", ""),
        ("", ""),
    ],
)
def test_an_address_belongs_to_the_site_of_its_network(address: str, site: str) -> None:
    assert SITES.of_address(address) == site


def test_without_sites_everything_belongs_to_none() -> None:
    assert Sites().of_address("sip:203.0.113.7") == ""
    assert Sites().names == ()


def test_sites_bring_their_labels() -> None:
    assert SITES.labels["tallinn"] == {"team": "ops"}
    assert SITES.names == ("riga", "tallinn")


@pytest.mark.parametrize(
    ("site", "address", "outside"),
    [
        ("riga", "sip:203.0.113.7:62338", False),
        ("riga", "sip:[::ffff:203.0.113.7]:62338", False),
        ("riga", "sip:198.51.100.1", True),
        ("riga", "sip:[2001:db8:1::7]:5060", True),
        ("tallinn", "sip:[2001:db8:1::7]:5060", False),
        ("riga", "sip:pbx.example.com", False),
        ("riga", "", False),
        ("", "sip:198.51.100.1", False),
    ],
)
def test_outside_is_an_address_in_none_of_the_sites_networks(
    site: str, address: str, *, outside: bool
) -> None:
    assert SITES.is_outside(site, address) is outside


def test_a_site_without_networks_has_no_outside() -> None:
    assert not Sites([Site("vilnius")]).is_outside("vilnius", "sip:198.51.100.1")
