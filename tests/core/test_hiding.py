"""Secrets in every form in which somebody may echo them."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.hiding import MAY_BE_CUT, REPLACEMENT, SHORTEST_SECRET, without

SECRET = 'S3cr=t/+"& <Ünïcödé>'
FORMS = {
    "as it is": SECRET,
    "in capitals": SECRET.upper(),
    "in small letters": SECRET.lower(),
    "percent-encoded": quote(SECRET, safe=""),
    "in small percent": quote(SECRET, safe="").lower(),
    "as a form": quote_plus(SECRET),
    "in JSON": json.dumps(SECRET),
    "in JSON as it is": json.dumps(SECRET, ensure_ascii=False),
    "in HTML": html.escape(SECRET),
    "quoted": repr(SECRET),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_in_every_form(form: str) -> None:
    shown = without(f"you sent {form}, which is wrong", [SECRET])
    assert REPLACEMENT in shown
    for piece in ("s3cr", "nïc", "n%c3", "00efc", "öd"):
        assert piece not in shown.lower()


@pytest.mark.parametrize("user", ["", "a", "ab", "abc", "0123abcd"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_as_basic_authorization_whatever_the_user(user: str, encode: object) -> None:
    echoed = encode(f"{user}:correct horse battery".encode()).decode()  # type: ignore[operator]
    shown = without(f"Authorization: Basic {echoed}", ["correct horse battery"])
    assert "Y29ycmVj" not in shown
    assert len(shown) < len("Authorization: Basic ") + len(echoed) - 20


@given(st.binary(max_size=5), st.text("abcdefgh0123456789", min_size=8, max_size=40))
@settings(deadline=None)
def test_of_its_base64_nothing_is_left_but_a_letter_or_two_at_its_ends(
    before: bytes, secret: str
) -> None:
    echoed = base64.b64encode(before + secret.encode() + b"?").decode()
    kept = without(echoed, [secret]).replace(REPLACEMENT, "")
    assert len(kept) <= len(base64.b64encode(before + b"???")) + 8


@given(st.text(min_size=SHORTEST_SECRET, max_size=30), st.text(max_size=60), st.text(max_size=60))
@settings(deadline=None)
def test_whatever_stands_around_it_the_secret_does_not_stand_there(
    secret: str, before: str, after: str
) -> None:
    shown = without(before + secret + after, [secret])
    assert secret not in shown.replace(REPLACEMENT, "\x00" if "*" in secret else "")


def test_half_of_it_at_a_cut_is_no_word_either() -> None:
    secret = "correct horse battery staple"
    long = "x" * MAY_BE_CUT
    assert without(f"{long} correct hor", [secret]) == f"{long} {REPLACEMENT}"
    assert without(f"{long} cor", [secret]) == f"{long} cor", "too little to tell"
    assert without("that is correct", [secret]) == "that is correct", "nobody cut it"


def test_short_ones_would_take_half_of_any_text() -> None:
    assert without("the cat sat", ["at", "", "the"]) == "the cat sat"


def test_of_two_that_hold_each_other_nothing_is_left() -> None:
    assert without("a token-extra b", ["token", "token-extra"]) == f"a {REPLACEMENT} b"
