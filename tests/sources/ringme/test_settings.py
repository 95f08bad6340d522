"""How one account's PBX is reached: nothing of it that is secret is shown."""

import pytest

from regwatch.sources.ringme.settings import ClientCredentials, FixedToken, PbxSettings


@pytest.mark.parametrize(
    "credentials",
    [ClientCredentials("demo", "5ecret"), FixedToken("5ecret")],
    ids=["pair", "token"],
)
def test_no_secret_is_shown(credentials: ClientCredentials | FixedToken) -> None:
    assert "5ecret" not in repr(PbxSettings("https://pbx.example.com", credentials))


def test_a_silence_within_an_answer_ends_before_the_whole_request_does() -> None:
    usual = PbxSettings("https://pbx.example.com", FixedToken("t"))
    assert usual.connect_timeout < usual.read_timeout < usual.total_timeout
