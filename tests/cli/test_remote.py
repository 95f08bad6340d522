"""How commands find the running daemon, and what they say when they do not."""

import ssl
from pathlib import Path

import aiohttp
import bcrypt
import pytest
import trustme
from aiohttp import web
from fakes.web import NOW, FakeDaemon, FakeOperations, account, instruments, no_problems, served

from regwatch.cli.remote import LARGEST_ANSWER, Remote, RemoteError, remote_of
from regwatch.web.api.bodies import NewSilence, SilenceBody, StatusBody
from regwatch.web.auth import Gate
from regwatch.web.listener import listening
from regwatch.web.server import WebSettings, build_app

CONFIG = """
accounts: [{{url: "https://pbx.example.com", access_token: t0ken}}]
http: {{listen: "{listen}", api_token: 5ecret{more}}}
"""


def found(folder: Path, listen: str, more: str = "") -> Remote:
    file = folder / "regwatch.yml"
    file.write_text(CONFIG.format(listen=listen, more=more))
    return remote_of(file)


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
    remote = found(tmp_path, listen)
    assert (remote.url, remote.token()) == (url, "5ecret")
    assert "5ecret" not in repr(remote)


async def test_over_tls_its_own_certificate_is_trusted_and_no_other(tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("regwatch.example.com")
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    (tmp_path / "web.yml").write_text(
        "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n"
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    app = build_app(
        FakeDaemon([account()]),
        instruments(),
        reload=no_problems,
        clock=lambda: NOW,
        settings=WebSettings(api_token="5ecret"),
        operations=FakeOperations(),
    )
    async with listening(app, "127.0.0.1:0", tls=context) as address:
        remote = found(tmp_path, str(address), ", web_config_file: web.yml")
        assert remote.url == f"https://{address}"
        assert (await remote.get(StatusBody, "/status")).accounts[0].name == "acme"
        with pytest.raises(RemoteError, match="no regwatch answers at https"):
            await Remote(remote.url).get(StatusBody, "/status")


def test_a_web_config_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match=r"web\.yml: cannot be read"):
        found(tmp_path, ":1", ", web_config_file: web.yml")


async def test_a_user_of_the_web_config_acts_under_its_name() -> None:
    gate = Gate({"anna": bcrypt.hashpw(b"pass", bcrypt.gensalt(rounds=4))})
    operations = FakeOperations()
    wanted = NewSilence(matchers={"site": ["riga"]}, comment="x", duration_seconds=60.0)
    async with served(FakeDaemon(), gate=gate, operations=operations) as session:
        url = str(session._base_url).rstrip("/")
        with pytest.raises(RemoteError, match="asks for a user and a password: give --user"):
            await Remote(url).get(StatusBody, "/status")
        anna = Remote(url, user="anna", password="pass")
        made = await anna.send(SilenceBody, "POST", "/silences", wanted)
    assert made.author == "anna"


async def test_something_else_that_listens_there_is_told_apart() -> None:
    app = web.Application()
    async with listening(app, "127.0.0.1:0") as address, aiohttp.ClientSession():
        with pytest.raises(RemoteError, match="answered with status 404: is this a regwatch"):
            await Remote(f"http://{address}").get(StatusBody, "/status")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b'{"accounts":', "its answer cannot be read"),
        (b"[" * 9999, "its answer cannot be read"),
        (b'"\xff"', "its answer cannot be read"),
        (b"<html>", "its answer cannot be read"),
        (b" " * (LARGEST_ANSWER + 1), "its answer has no end"),
    ],
    ids=["cut off", "deep", "no UTF-8", "a page", "endless"],
)
async def test_an_answer_that_is_none_of_a_regwatch_is_said(said: bytes, why: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=said)

    app = web.Application()
    app.router.add_get("/api/v1/status", answer)
    async with listening(app, "127.0.0.1:0") as address:
        with pytest.raises(RemoteError, match=why):
            await Remote(f"http://{address}").get(StatusBody, "/status")


async def test_a_name_that_nobody_knows_is_said() -> None:
    with pytest.raises(RemoteError, match=r"no regwatch answers at http://nowhere\.invalid: "):
        await Remote("http://nowhere.invalid").get(StatusBody, "/status")
