"""How a receiver that speaks HTTP shows who it is."""

import pytest
from pydantic import SecretStr, ValidationError

from regwatch.notify.http import Credentials
from regwatch.notify.receivers.authentication import BasicAuth, credentials

NOC = BasicAuth.model_validate({"username": "noc", "password": "s3cret"})
TOKEN = SecretStr("t0ken")


@pytest.mark.parametrize(
    ("auth", "token", "expected"),
    [
        (None, None, Credentials()),
        (NOC, None, Credentials(username="noc", password="s3cret")),
        (None, TOKEN, Credentials(bearer_token="t0ken")),
        (NOC, TOKEN, Credentials(username="noc", password="s3cret", bearer_token="t0ken")),
    ],
    ids=["nothing", "password", "token", "both"],
)
def test_what_stands_in_the_file_is_what_is_shown(auth, token, expected):
    assert credentials(auth, token) == expected


@pytest.mark.parametrize(
    "given",
    [
        {"username": "noc"},
        {"password": "s3cret"},
        {"username": "noc", "password": "x", "a": "y"},
    ],
    ids=["no password", "no name", "an unknown key"],
)
def test_a_name_and_a_password_go_together_and_nothing_else(given):
    with pytest.raises(ValidationError):
        BasicAuth.model_validate(given)


def test_the_password_may_stand_in_a_file_and_is_not_shown():
    read = {"read_secret": lambda name, _key: f"from {name}"}
    given = {"username": "noc", "password_file": "noc-password"}
    auth = BasicAuth.model_validate(given, context=read)
    assert credentials(auth, None).password == "from noc-password"
    assert "noc-password" not in repr(auth) + repr(credentials(auth, None))
