"""Nothing secret, nothing unprintable, nothing long."""

import pytest

from regwatch.core.hiding import LONGEST_READ
from regwatch.notify.redaction import host_of, origin_of, redact, secrets_of


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
        ("5.7.1 gel\udcf6scht\u2028", (), "5.7.1 gel?scht"),
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


@pytest.mark.parametrize(
    ("url", "piece"),
    [
        ("https://hooks.example/services/T00000000/B00000000/abcdefgh", "abcdefgh"),
        ("https://h.example/api/webhooks/123456789/to-ken_x", "123456789"),
        ("https://h.example/flow?api-version=1&sig=a%2Fbcdef", "a/bcdef"),
        ("https://h.example/flow?api-version=1&sig=a%2Fbcdef", "a%2Fbcdef"),
        ("json://user:passw0rd@h.example/x", "passw0rd"),
        ("http://[::bad/secretpath", "http://[::bad/secretpath"),
    ],
)
def test_the_pieces_of_a_url_are_secrets_too(url, piece):
    assert piece not in redact(f"you sent {piece}, no", secrets_of(url))


def test_words_in_a_path_are_no_secrets():
    assert "hooks" not in secrets_of("https://h.example/hooks/x")


@pytest.mark.parametrize("unseen", ["\u200b", "\u2060", "\xad", "\u202e"])
def test_what_is_not_seen_hides_no_secret(unseen):
    text = f"htt{unseen}ps://hooks.example.com/abc and s3cr{unseen}et"
    assert redact(text, ["s3cret"]) == "https://hooks.example.com/… and ***"


def test_of_an_endless_text_only_the_beginning_is_looked_at():
    assert redact("a" * (LONGEST_READ - 2) + " https://x/y") == "a" * 199 + "…"
