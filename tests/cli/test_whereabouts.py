"""Where the daemon is: by the command line, the environment, the socket, the configuration."""

from pathlib import Path

import pytest

from regwatch.cli.errors import RemoteError
from regwatch.cli.whereabouts import USUAL, chosen, nearest, remote_of, without_asking

CONFIG = """
accounts: [{{url: "https://pbx.example.com", access_token: t0ken}}]
http: {{listen: "{listen}", api_token: 5ecret{more}}}
"""


def file_in(folder: Path, listen: str = "127.0.0.1:9877", more: str = "") -> Path:
    file = folder / "regwatch.yml"
    file.write_text(CONFIG.format(listen=listen, more=more))
    return file


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("127.0.0.1:9877", "http://127.0.0.1:9877"),
        (":9877", "http://127.0.0.1:9877"),
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::]:80", "http://[::1]:80"),
        ("regwatch.example.com:80", "http://regwatch.example.com:80"),
    ],
)
def test_the_daemon_is_where_its_configuration_says(tmp_path: Path, listen: str, url: str) -> None:
    remote = remote_of(file_in(tmp_path, listen))
    assert (remote.url, remote.token()) == (url, "5ecret")
    assert "5ecret" not in repr(remote)


def test_its_socket_goes_before_its_address(tmp_path: Path) -> None:
    remote = remote_of(file_in(tmp_path, more=", socket: /run/x.sock"))
    assert remote.url == "unix:/run/x.sock"


def test_a_web_config_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match=r"web\.yml: cannot be read"):
        remote_of(file_in(tmp_path, more=", web_config_file: web.yml"))


def test_without_a_configuration_it_is_where_it_listens_without_one(tmp_path: Path) -> None:
    assert nearest(tmp_path / "none.yml").url == USUAL


def test_a_url_goes_before_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGWATCH_TOKEN", "t")
    remote = chosen(file_in(tmp_path), "http://elsewhere:1/", None)
    assert (remote.url, remote.token(), remote.user) == ("http://elsewhere:1", "t", "")


def test_a_user_s_password_may_come_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RemoteError, match="would have to be asked for"):
        without_asking(file_in(tmp_path), "http://x", "anna")
    monkeypatch.setenv("REGWATCH_PASSWORD", "pass")
    remote = without_asking(file_in(tmp_path), "http://x", "anna")
    assert (remote.user, remote.password) == ("anna", "pass")
    assert "pass" not in repr(remote)


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:9877", "regwatch", "http://["])
def test_what_is_no_url_is_told_how_to_write_one(tmp_path: Path, url: str) -> None:
    with pytest.raises(RemoteError, match="is no URL: write http://HOST:PORT, or unix:PATH"):
        chosen(file_in(tmp_path), url, None)
