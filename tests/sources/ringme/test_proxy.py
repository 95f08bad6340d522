"""The environment's proxy."""

import pytest

from regwatch.sources.ringme.proxy import Proxy, proxy_for

NAMES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "REQUEST_METHOD")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("set_", "proxy"),
    [
        ({}, None),
        ({"http_proxy": "http://p:3128"}, None),
        ({"https_proxy": "http://p:3128"}, Proxy("http://p:3128")),
        ({"HTTPS_PROXY": "p:3128"}, Proxy("http://p:3128")),
        (
            {"https_proxy": "http://u:p%40w@p:3128"},
            Proxy("http://p:3128", {"Proxy-Authorization": "Basic dTpwQHc="}),
        ),
        ({"https_proxy": "http://p:3128", "no_proxy": "example.com"}, None),
    ],
)
def test_the_proxy_of_an_https_url(
    set_: dict[str, str], proxy: Proxy | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in set_.items():
        monkeypatch.setenv(name, value)
    assert proxy_for("https://pbx.example.com/x") == proxy


def test_its_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://u:hush@p:3128")
    assert "hush" not in repr(proxy_for("https://pbx"))
    assert "dTpodXNo" not in repr(proxy_for("https://pbx"))


@pytest.mark.parametrize("named", ["socks5://p:1", "http://", "http://p:port", "http://[p", "p:0"])
def test_what_is_no_proxy(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", named)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(ValueError):  # noqa: PT011 - of urlsplit's as well
        proxy_for("https://pbx.example.com/x")
