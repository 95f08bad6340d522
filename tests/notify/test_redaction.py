"""Nothing secret, nothing unprintable, nothing long."""

import pytest

from regwatch.notify.redaction import host_of, origin_of, redact


@pytest.mark.parametrize(
    ("text", "secrets", "shown"),
    [
        ("plain", (), "plain"),
        ("key abcdef!", ("abcdef",), "key ***!"),
        ("abcdefgh", ("abcd", "abcdefgh"), "***"),
        ("an a", ("a", ""), "an a"),
        ("https://user:pw@hooks.example/x?y=z end", (), "https://hooks.example/… end"),
        ("http://[::bad/x", (), "an invalid URL/…"),
        ("a\r\n\x00\x1b b", (), "a b"),
    ],
)
def test_redact(text, secrets, shown):
    assert redact(text, secrets) == shown


def test_it_is_cut_to_200():
    assert redact("x" * 201) == "x" * 199 + "…"
    assert redact("x" * 200) == "x" * 200


def test_of_a_url_only_the_origin():
    assert origin_of("https://u:p@h.example:8443/secret") == "https://h.example:8443"
    assert origin_of("https://h.example/secret") == "https://h.example"
    assert origin_of("http://h:99999/") == "an invalid URL"


def test_of_a_url_only_the_host():
    assert host_of("https://u:p@h.example:8443/secret") == "h.example:8443"
    assert host_of("http://h:99999/") == "an invalid URL"
