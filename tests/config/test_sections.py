"""The sections of the file: what each value may be."""

from pathlib import Path

import pytest
import yaml
from fakes.configured import SMALL, load
from pydantic import TypeAdapter, ValidationError

from regwatch.config.sections import (
    AccountShape,
    ExtensionIdValue,
    ExtensionsShape,
    HttpShape,
    HttpUrl,
    MetricsShape,
    Network,
)

URL = "https://pbx.example.com"


def test_a_digest_is_one_message_unless_it_is_grouped(tmp_path: Path) -> None:
    routes = "receivers: [{name: a, webhook: {url: 'https://x'}}]\nroutes:\n"
    first = "  - {match: {severity: info}, receivers: [a], digest: 15m}\n"
    second = "  - {receivers: [a], digest: 15m, group_by: [site]}\n"
    config = load(tmp_path, SMALL + routes + first + second)
    assert [route.grouped_by for route in config.routes] == [(), ("site",)]


@pytest.mark.parametrize("pattern", ["101", "000*1??", "000*10[1,2]", "101@pbx.example.com", "*"])
def test_one_pattern_of_extensions_passes(tmp_path: Path, pattern: str) -> None:
    sites = yaml.safe_dump({"sites": [{"name": "riga", "extensions": [pattern]}]})
    assert load(tmp_path, SMALL + sites).sites[0].extensions == [pattern]


def test_a_network_of_mapped_addresses_is_taken_as_the_one_of_ipv4(tmp_path: Path) -> None:
    sites = "sites: [{name: riga, networks: ['::ffff:203.0.113.0/120', '2001:db8::/32']}]\n"
    networks = load(tmp_path, SMALL + sites).sites[0].networks
    assert [str(network) for network in networks] == ["203.0.113.0/24", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("kind", "given", "taken"),
    [
        (HttpUrl, "https://pbx.example.com/api/", "https://pbx.example.com/api"),
        (HttpUrl, "http://[::1]:8080", "http://[::1]:8080"),
        (HttpUrl, "ftp://pbx.example.com", None),
        (HttpUrl, "pbx.example.com", None),
        (HttpUrl, "https://u:p@pbx.example.com", None),
        (HttpUrl, "https://pbx.example.com/?a=1", None),
        (HttpUrl, "https://pbx.example.com:0", None),
        (HttpUrl, "https://pbx.example.com:http", None),
        (HttpUrl, 7, None),
        (ExtensionIdValue, 7, 7),
        (ExtensionIdValue, "7", 7),
        (ExtensionIdValue, "000*101", None),
        (ExtensionIdValue, -1, None),
        (ExtensionIdValue, True, None),
        (ExtensionIdValue, 7.0, None),
        (Network, "203.0.113.1/24", None),
        (Network, 7, None),
    ],
)
def test_what_a_value_may_be(kind: object, given: object, taken: object) -> None:
    if taken is None:
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(given)
    else:
        assert TypeAdapter(kind).validate_python(given) == taken


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"access_token": "t"}, None),
        ({"client_id": "a", "client_secret": "b"}, None),
        ({}, "has no credentials"),
        ({"client_id": "a"}, "has no credentials"),
        ({"client_secret": "a"}, "has no credentials"),
        ({"access_token": "t", "client_id": "a"}, "has two ways to log in"),
        ({"access_token": "t", "client_secret": "a"}, "has two ways to log in"),
    ],
)
def test_an_account_has_one_way_to_log_in(given: dict[str, str], problem: str | None) -> None:
    if problem is None:
        assert AccountShape.model_validate({"url": URL, **given})
    else:
        with pytest.raises(ValidationError, match=problem):
            AccountShape.model_validate({"url": URL, **given})


def test_something_must_be_watched() -> None:
    with pytest.raises(ValidationError, match="nothing to watch"):
        ExtensionsShape.model_validate({"discover": False})
    assert ExtensionsShape.model_validate({"discover": False, "ids": [1]}).discover is None


@pytest.mark.parametrize(
    ("given", "right"),
    [("auto", True), (True, True), (500, True), ("many", False), (None, False), (1.5, False)],
)
def test_how_many_extensions_are_exported(given: object, right: bool) -> None:
    if right:
        assert MetricsShape.model_validate({"per_extension": given}).per_extension is given
    else:
        with pytest.raises(ValidationError):
            MetricsShape.model_validate({"per_extension": given})


@pytest.mark.parametrize("listen", ["9877", 9877, "localhost:http", ""])
def test_what_nobody_can_listen_on_is_refused(listen: object) -> None:
    with pytest.raises(ValidationError, match="cannot listen on"):
        HttpShape.model_validate({"listen": listen})
