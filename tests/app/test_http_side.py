"""The HTTP side over reloads: always somebody answers, and always the right one in the end."""

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from fakes.patience import PATIENCE

from regwatch.app.http_side import HttpSettings, HttpSide, http_settings
from regwatch.config import load_config
from regwatch.web.listener import ListenError
from regwatch.web.server import WebSettings
from regwatch.web.webconfig import WebConfig

FIRST = HttpSettings("127.0.0.1:0", WebConfig(), WebSettings(api_token="first"))
SECOND = replace(FIRST, app=WebSettings(api_token="second"))
TLS = Path(__file__).parents[1] / "web" / "tls"
CONFIG = """\
accounts: [{url: 'https://pbx.example.com', access_token: t0ken}]
http: {listen: '127.0.0.1:0', web_config_file: web.yml}
"""


def app_of(settings: HttpSettings) -> web.Application:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=settings.app.api_token)

    app = web.Application()
    app.router.add_get("/", answer)
    return app


async def said_at(side: HttpSide) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{side.address}/") as response,
    ):
        return await response.text()


async def test_one_takes_over_from_the_other_at_the_same_address() -> None:
    side = HttpSide(app_of)
    assert side.address is None
    side.take(await side.open(FIRST))
    address = side.address
    assert await side.open(replace(FIRST)) is None, "nothing differs"
    side.take(None)
    assert await said_at(side) == "first"
    side.take(await side.open(SECOND))
    closing = asyncio.create_task(side.close_former_ones())
    async with asyncio.timeout(PATIENCE):
        while side._former or await said_at(side) != "second":
            await asyncio.sleep(0.01)
    assert side.address == address
    closing.cancel()
    side.take(await side.open(FIRST))
    await side.close()
    with pytest.raises(aiohttp.ClientConnectionError):
        await said_at(side)


async def test_one_that_cannot_be_opened_leaves_the_other_alone() -> None:
    side = HttpSide(app_of)
    side.take(await side.open(FIRST))
    with pytest.raises(ListenError):
        await side.open(replace(FIRST, listen="192.0.2.1:9877"))
    assert await said_at(side) == "first"
    await side.close()


def test_a_certificate_that_was_renewed_is_a_difference(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem", "web.yml"):
        (tmp_path / name).write_bytes((TLS / name).read_bytes())
    file = tmp_path / "regwatch.yml"
    file.write_text(CONFIG)
    former, same = (http_settings(load_config(file, environ={}), {}) for _ in range(2))
    (tmp_path / "cert.pem").write_bytes((TLS / "cert.pem").read_bytes() + b"\n")
    renewed = http_settings(load_config(file, environ={}), {})
    assert former == same
    assert former != renewed
    assert "PRIVATE" not in repr(former)


async def test_the_socket_is_kept_over_reloads_and_taken_away_at_the_end(tmp_path: Path) -> None:
    path, other = tmp_path / "a.sock", tmp_path / "b.sock"
    side = HttpSide(app_of)
    side.take(await side.open(replace(FIRST, socket=path)))
    side.take(await side.open(replace(SECOND, socket=path)))
    closing = asyncio.create_task(side.close_former_ones())
    async with asyncio.timeout(PATIENCE):
        while side._former or await through(path) != "second":
            await asyncio.sleep(0.01)
    side.take(await side.open(replace(FIRST, socket=other)))
    assert await through(other) == "first"
    async with asyncio.timeout(PATIENCE):
        while path.exists():
            await asyncio.sleep(0.01)
    closing.cancel()
    unused = await side.open(replace(SECOND, socket=path))
    await side.drop(unused)
    assert not path.exists()
    assert await through(other) == "first"
    await side.close()
    assert not other.exists()


async def through(path: Path) -> str:
    connector = aiohttp.UnixConnector(str(path))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get("http://localhost/") as answer,
    ):
        return await answer.text()


def test_the_socket_lies_where_it_is_named_or_in_the_folder_made_for_it(tmp_path: Path) -> None:
    file = tmp_path / "regwatch.yml"
    minimal = "accounts: [{url: 'https://pbx.example.com', access_token: t0ken}]\n"
    file.write_text(minimal, encoding="utf-8")
    config = load_config(file, environ={})
    assert http_settings(config, {}).socket is None
    assert http_settings(config, {}).app.hosts == ("127.0.0.1",), "as it listens, it is called"
    made = {"RUNTIME_DIRECTORY": "/run/regwatch:/run/other"}
    assert http_settings(config, made).socket == Path("/run/regwatch/regwatch.sock")
    file.write_text(f"{minimal}http: {{socket: /tmp/mine.sock}}\n", encoding="utf-8")
    assert http_settings(load_config(file, environ={}), made).socket == Path("/tmp/mine.sock")
