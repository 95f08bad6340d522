"""Patterns on labels and extensions."""

import pytest

from regwatch.core.matchers import Matchers, names_extension, text_matches
from regwatch.core.model import Extension, ExtensionId

PETROV = Extension(id=ExtensionId(3), name="000*101@sip.example.com", label="Petrov")
NAMELESS = Extension(id=ExtensionId(7), name="")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("riga", "riga", True),
        ("riga", "Riga", False),
        ("riga", "riga-2", False),
        ("riga*", "riga-2", True),
        ("r?ga", "riga", True),
        ("[rs]iga", "siga", True),
        ("a[b", "a[b", True),
        ("000*101", "000*101", True),
        ("", "", True),
        ("*", "", True),
        ("?", "", False),
    ],
)
def test_a_pattern_is_exact_text_or_a_glob(pattern: str, text: str, expected: bool) -> None:
    assert text_matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("3", True),
        ("000*101", True),
        ("000*101@other.example.com", True),
        ("101", True),
        ("101@sip.example.com", True),
        ("000*1??", True),
        ("000*[12]01", True),
        ("000*", True),
        ("000*1*", True),
        ("1??", True),
        ("*101", True),
        ("*", True),
        ("?", False),
        ("30", False),
        ("01", False),
        ("00*101", False),
        ("0*1", False),
        ("000*2??", False),
        ("", False),
        ("@sip.example.com", False),
    ],
)
def test_an_extension_goes_by_id_full_name_short_number_or_glob(
    pattern: str, expected: bool
) -> None:
    assert names_extension(pattern, PETROV) is expected


@pytest.mark.parametrize("pattern", ["000*101", "000*1??"])
def test_the_star_of_a_full_name_is_no_wildcard(pattern: str) -> None:
    other = Extension(id=ExtensionId(4), name="000*2101")
    assert not names_extension(pattern, other)


@pytest.mark.parametrize(("pattern", "expected"), [("7", True), ("*", False), ("", False)])
def test_an_extension_without_name_goes_by_its_id_alone(pattern: str, expected: bool) -> None:
    assert names_extension(pattern, NAMELESS) is expected


LABELS = {
    "alertname": "RegwatchExtensionLost",
    "severity": "critical",
    "site": "riga",
    "extension_id": "3",
    "extension": "000*101",
}


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({}, True),
        ({"severity": "critical"}, True),
        ({"severity": "warning"}, False),
        ({"severity": ["warning", "critical"]}, True),
        ({"severity": "critical", "site": ["tallinn", "vilnius"]}, False),
        ({"severity": "critical", "site": ["tallinn", "r*"]}, True),
        ({"team": ""}, True),
        ({"team": "ops"}, False),
        ({"severity": []}, False),
        ({"extension": "000*1??"}, True),
        ({"extension": "101"}, True),
        ({"extension": "000*2??"}, False),
        ({"alert": "extension_lost"}, True),
        ({"alert": "extension_*"}, True),
        ({"alert": "RegwatchExtensionLost"}, True),
        ({"alert": "registration_lost"}, False),
        ({"alertname": "Regwatch*Lost"}, True),
        ({"alertname": "extension_lost"}, True),
    ],
)
def test_all_clauses_must_hold_by_one_of_their_patterns(
    match: dict[str, str | list[str]], expected: bool
) -> None:
    assert Matchers.of(match).matches(LABELS) is expected


@pytest.mark.parametrize(("pattern", "expected"), [("", True), ("*", True), ("101", False)])
def test_an_incident_of_no_extension_has_an_empty_one(pattern: str, expected: bool) -> None:
    assert Matchers.of({"extension": pattern}).matches({"severity": "info"}) is expected


def test_a_label_named_alert_is_taken_as_it_is() -> None:
    assert Matchers.of({"alert": "x"}).matches({"alert": "x", "alertname": "y"})


def test_matchers_are_values_in_any_order() -> None:
    one = Matchers.of({"site": "riga", "severity": ["critical", "info"]})
    other = Matchers.of({"severity": ["critical", "info"], "site": "riga"})
    assert one == other
    assert hash(one) == hash(other)
    assert str(one) == "severity=critical|info, site=riga"
    assert one.label_names == {"severity", "site"}
