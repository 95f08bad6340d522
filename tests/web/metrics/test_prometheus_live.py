"""A real Prometheus scrapes a served daemon: by name, through a proxy, over TLS."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import gethostname

import aiohttp
import bcrypt
import pytest
import trustme
from fakes.servers import prometheus, reverse_proxy, sample
from fakes.web import NOW, FakeDaemon, account, instruments, no_problems, served, watched

from regwatch.core.model import ExtensionState
from regwatch.web.auth import Gate
from regwatch.web.listener import listening
from regwatch.web.server import build_app
from regwatch.web.webconfig import load_web_config

pytestmark = pytest.mark.needs_debian
OUTSIDE = "watch.example.com"
PASSWORD = "pa55 word"


def daemon() -> FakeDaemon:
    return FakeDaemon([account(watched(1), watched(2), api_up=True)])


def address_of(session: aiohttp.ClientSession) -> str:
    return str(session._base_url).removeprefix("http://").rstrip("/")


async def assert_up(target: str, folder: Path, *, how: str = "") -> None:
    """The scrape is answered, and what is scraped is ours."""
    async with (
        prometheus(target, folder, how=how) as address,
        aiohttp.ClientSession() as asking,
    ):
        found = await sample(asking, address, "sum(regwatch_extensions)")
        assert found["value"][1] == "2"
        up = await sample(asking, address, 'up{job="regwatch"}')
        assert (up["metric"]["instance"], up["value"][1]) == (target, "1")


async def test_a_real_prometheus_finds_it_up(tmp_path: Path) -> None:
    hostile = 'a"b\\c\nd'
    acme = account(watched(1, name=hostile), watched(2, ExtensionState.LOST), api_up=True)
    async with (
        served(FakeDaemon([acme])) as session,
        prometheus(address_of(session), tmp_path) as address,
        aiohttp.ClientSession() as asking,
    ):
        up = await sample(asking, address, 'up{job="regwatch"} == 1')
        assert up["value"][1] == "1"
        found = await sample(asking, address, "regwatch_extension_registered == 1")
        assert found["metric"]["extension"] == hostile
        lost = await sample(asking, address, 'sum(regwatch_extensions{state="lost"})')
        assert lost["value"][1] == "1"
        total = await sample(asking, address, "count(regwatch_incidents_total)")
        assert int(total["value"][1]) > 0


@pytest.mark.long
async def test_by_the_name_of_the_machine(tmp_path: Path) -> None:
    app = build_app(daemon(), instruments(), reload=no_problems, clock=lambda: NOW)
    async with listening(app, ":0") as address:
        await assert_up(f"{gethostname()}:{address.port}", tmp_path)


@pytest.mark.long
async def test_through_a_proxy_under_a_name_that_is_not_known_here(tmp_path: Path) -> None:
    """Whatever the Host is by which the proxy is asked, it is handed on."""
    async with served(daemon()) as session, reverse_proxy(session._base_url, tmp_path) as proxy:
        await assert_up(proxy, tmp_path)
        async with aiohttp.ClientSession(headers={"Host": OUTSIDE}) as asking:
            async with asking.get(f"http://{proxy}/metrics") as answer:
                assert answer.status == 200
                assert "Via" in answer.headers, "it was the proxy that answered"
            async with asking.get(f"http://{proxy}/api/v1/status") as answer:
                assert answer.status == 403, "this one shows names and numbers"


@asynccontextmanager
async def guarded(folder: Path) -> AsyncIterator[str]:
    """Over TLS, with a password; its name and port."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    file = folder / "web.yml"
    file.write_text(
        "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n"
        f"basic_auth_users: {{prometheus: {hashed}}}\n",
        encoding="utf-8",
    )
    given = load_web_config(file)
    gate = Gate(given.users)
    app = build_app(daemon(), instruments(), reload=no_problems, clock=lambda: NOW, gate=gate)
    assert isinstance(given.tls, ssl.SSLContext)
    async with listening(app, "127.0.0.1:0", tls=given.tls) as address:
        yield f"localhost:{address.port}"


@pytest.mark.long
async def test_over_tls_with_a_password(tmp_path: Path) -> None:
    ca_file, word = tmp_path / "ca.pem", tmp_path / "word"
    word.write_text(PASSWORD, encoding="utf-8")
    how = (
        f"scheme: https, tls_config: {{ca_file: {ca_file}}}, "
        f"basic_auth: {{username: prometheus, password_file: {word}}}, "
    )
    async with guarded(tmp_path) as target:
        await assert_up(target, tmp_path, how=how)


@pytest.mark.long
async def test_over_tls_with_a_wrong_password_it_is_down(tmp_path: Path) -> None:
    how = (
        f"scheme: https, tls_config: {{ca_file: {tmp_path / 'ca.pem'}}}, "
        "basic_auth: {username: prometheus, password: guessed}, "
    )
    async with (
        guarded(tmp_path) as target,
        prometheus(target, tmp_path, how=how) as address,
        aiohttp.ClientSession() as asking,
    ):
        up = await sample(asking, address, 'up{job="regwatch"}')
        assert up["value"][1] == "0"
