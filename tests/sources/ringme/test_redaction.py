"""What comes from outside, in a log line."""

import pytest

from regwatch.sources.ringme.redaction import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\r\nlines\x00", "two lines"),
        ("https://user:pw@pbx.example.com/a?secret=1#x y", "https://pbx.example.com/a y"),
        ("see http://pbx.example.com:8080?x=1", "see http://pbx.example.com:8080"),
        ("Authorization: Bearer abc.DEF-1_2", "Authorization: Bearer ***"),
        ("basic dXNlcjpwdw==", "basic ***"),
        ('{"access_token":"abc","x":1}', '{"access_token":"***","x":1}'),
        ('{\\"client_secret\\": \\"abc\\"}', '{\\"client_secret\\": \\"***\\"}'),
        ("client_secret=abc&x=1", "client_secret=***&x=1"),
        ('{"access_token":"cut-o', '{"access_token":"***'),
        ("half \ud800 pair", "half ? pair"),
    ],
)
def test_one_line_without_secrets(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_known_secrets_are_hidden_in_every_encoding() -> None:
    secrets = ("p@ss word/1", "", "abc")
    assert redact("p@ss word/1 p%40ss%20word%2F1 p%40ss+word%2F1", secrets) == "*** *** ***"
    assert redact("abc too short to hide", secrets) == "abc too short to hide"


def test_a_longer_secret_goes_first() -> None:
    assert redact("secret-and-more", ("secret", "secret-and-more")) == "***"


def test_a_long_text_is_cut_after_it_was_redacted() -> None:
    shown = redact("x" * 190 + "topsecret" * 10, ("topsecret",))
    assert len(shown) == 200
    assert "top" not in shown
    assert shown.endswith("…")


@pytest.mark.parametrize("unseen", ["\u200b", "\u2060", "\xad", "\u202e"])
def test_what_is_not_seen_hides_no_secret(unseen: str) -> None:
    text = f"pass{unseen}word=hunter22 and s3cr{unseen}et"
    assert redact(text, ["s3cret"]) == "password=*** and ***"
