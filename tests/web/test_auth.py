"""Basic authentication: who may pass, on every path, and from memory the second time."""

import asyncio
import base64
import ssl
from pathlib import Path

import aiohttp
import bcrypt
import pytest
from fakes.web import NOW, FakeDaemon, instruments, no_problems, served

from regwatch.web.auth import CACHE_SIZE, Gate
from regwatch.web.listener import listening
from regwatch.web.server import build_app
from regwatch.web.webconfig import load_web_config

LONG = "ž" * 80


def hashed(password: str) -> bytes:
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(rounds=4))


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "admitted"),
    [
        (basic("bob", "pass:wörd"), True),
        (basic("eve", LONG), True),
        (basic("bob", "wrong"), False),
        (basic("bob", ""), False),
        (basic("nobody", "pass:wörd"), False),
        (basic("bob", "pass:wörd\0"), False),
        (None, False),
        ("Bearer abc", False),
        ("Basic !!!", False),
        ("Basic " + base64.b64encode(b"\xff:\xff").decode(), False),
        ("Basic " + base64.b64encode(b"no colon").decode(), False),
    ],
)
async def test_who_may_pass(authorization: str | None, admitted: bool) -> None:
    gate = Gate({"bob": hashed("pass:wörd"), "eve": hashed(LONG)})
    assert await gate.admits(authorization) is admitted
    assert await gate.admits(authorization) is admitted


async def test_a_gate_without_users_is_open() -> None:
    assert await Gate({}).admits(None)


async def test_who_passed_passes_from_memory_until_the_users_change() -> None:
    gate = Gate({"bob": hashed("a")})
    assert await gate.admits(basic("bob", "a"))
    assert len(gate._passed) == 1
    gate.replace({"bob": hashed("b")})
    assert not await gate.admits(basic("bob", "a"))
    assert await gate.admits(basic("bob", "b"))


async def test_users_replaced_during_a_comparison_leave_nothing_remembered() -> None:
    gate = Gate({"bob": hashed("a")})
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(gate.admits(basic("bob", "a")))
        await asyncio.sleep(0)  # it waits for its thread now
        gate.replace({"bob": hashed("b")})
    assert asked.result()
    assert not gate._passed


async def test_memory_is_bounded_and_holds_no_password() -> None:
    users = {f"user{n}": hashed("same") for n in range(CACHE_SIZE + 5)}
    gate = Gate(users)
    for user in users:
        assert await gate.admits(basic(user, "same"))
    assert len(gate._passed) == CACHE_SIZE
    assert not any(b"same" in proof for proof in gate._passed)


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/static/status.css", "/nowhere"])
async def test_every_path_asks_for_the_password(path: str) -> None:
    gate = Gate({"bob": hashed("a")})
    async with served(FakeDaemon(), gate=gate) as session:
        async with session.get(path) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
        async with session.get(path, headers={"Authorization": basic("bob", "a")}) as answer:
            assert answer.status in {200, 404}


async def test_tls_and_password_together_from_a_web_config(tmp_path: Path) -> None:
    tls = Path(__file__).parent / "tls"
    path = tmp_path / "web.yml"
    path.write_text(
        f"tls_server_config: {{cert_file: {tls}/cert.pem, key_file: {tls}/key.pem}}\n"
        f"basic_auth_users: {{bob: {hashed('a').decode()}}}\n"
    )
    config = load_web_config(path)
    app = build_app(
        FakeDaemon(),
        instruments(),
        reload=no_problems,
        clock=lambda: NOW,
        gate=Gate(config.users),
    )
    trusting = ssl.create_default_context(cafile=str(tls / "cert.pem"))
    async with (
        listening(app, "127.0.0.1:0", tls=config.tls) as address,
        aiohttp.ClientSession(f"https://{address}") as session,
        session.get(
            "/-/healthy", ssl=trusting, headers={"Authorization": basic("bob", "a")}
        ) as answer,
    ):
        assert await answer.text() == "regwatch is healthy.\n"
