"""How commands find the running daemon, and what they say when they do not."""

import asyncio
import signal
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import bcrypt
import pytest
import trustme
from aiohttp import web
from fakes.web import NOW, FakeDaemon, FakeOperations, account, instruments, no_problems, served

from regwatch.cli.errors import RemoteError
from regwatch.cli.remote import LARGEST_ANSWER, Remote, speak
from regwatch.cli.whereabouts import remote_of
from regwatch.web.api.bodies import NewSilence, ShowBody, SilenceBody, StatusBody
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
        with pytest.raises(RemoteError, match=r"the certificate of https.* is not trusted"):
            await Remote(remote.url).get(StatusBody, "/status")


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


async def test_who_may_not_write_is_told_how_to_come_to_it() -> None:
    wanted = NewSilence(matchers={"site": ["riga"]}, comment="x", duration_seconds=60.0)
    async with served(FakeDaemon(), operations=FakeOperations()) as session:
        url = str(session._base_url).rstrip("/")
        with pytest.raises(RemoteError, match=r"no right to change anything there: .* use sudo"):
            await Remote(url).send(SilenceBody, "POST", "/silences", wanted)
        with pytest.raises(RemoteError, match="the token is not valid"):
            await Remote(url, lambda: "wrong").send(SilenceBody, "POST", "/silences", wanted)


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


async def told(remote: Remote) -> None:
    await remote.get(StatusBody, "/status")


def spoken(url: str, work: Callable[[Remote], Coroutine[Any, Any, None]], **more: int) -> int:
    with pytest.raises(SystemExit) as ended:
        speak(work, config_file=Path("none.yml"), url=url, user=None, **more)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_what_is_in_the_way_is_told_and_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert spoken("http://127.0.0.1:1", told) == 1
    assert capsys.readouterr().err.startswith("regwatch: no regwatch runs at http://127.0.0.1:1 ")
    assert spoken("ftp://x", told) == 1


@pytest.mark.parametrize(("more", "status"), [({}, 130), ({"interrupted": 0}, 0)])
def test_ctrl_c_ends_it_at_once(more: dict[str, int], status: int) -> None:
    async def hang(_: Remote) -> None:
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()

    assert spoken("http://127.0.0.1:1", hang, **more) == status


def test_what_is_done_ends_well() -> None:
    async def work(_: Remote) -> None:
        pass

    assert spoken("http://127.0.0.1:1", work) == 0


async def test_what_is_not_there_is_no_error_where_it_is_looked_for() -> None:
    async with served(FakeDaemon([account()]), operations=FakeOperations()) as session:
        remote = Remote(str(session._base_url).rstrip("/"))
        assert await remote.find(ShowBody, "/extensions/7") is None
