"""How many connections are let in, and for how long; what strangers send is not logged each."""

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest
import structlog
from fakes.web import FakeDaemon, served

from regwatch.web import door as door_module
from regwatch.web.door import Door, Heard, is_rare


class Echo(asyncio.Protocol):
    """Says what it hears."""

    made = 0
    lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        type(self).made += 1

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[attr-defined]

    def connection_lost(self, error: Exception | None) -> None:
        type(self).lost += 1


@pytest.fixture(autouse=True)
def counts() -> None:
    Echo.made = Echo.lost = 0


@asynccontextmanager
async def opened(
    heard: Heard | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, int]]:
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    door = Door(Echo, heard=heard or Heard(), tls=tls)
    door.open(sock)
    try:
        yield sock.getsockname()
    finally:
        await door.close()


async def said(where: tuple[str, int], word: bytes = b"hello") -> bytes:
    """What is answered; nothing, if nobody is let in."""
    reader, writer = await asyncio.open_connection(*where)
    with closing(writer):
        try:
            writer.write(word)
            return await reader.read(len(word) or 1)
        except ConnectionError:
            return b""


async def test_who_is_let_in_is_served_and_counted_until_it_goes() -> None:
    async with opened() as where:
        assert [await said(where) for _ in range(3)] == [b"hello"] * 3
        while Echo.lost < 3:
            await asyncio.sleep(0)
    assert Echo.made == 3


async def test_no_more_of_one_peer_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "MOST_PER_PEER", 2)
    async with opened() as where:
        held = [await asyncio.open_connection(*where) for _ in range(2)]
        while Echo.made < 2:
            await asyncio.sleep(0)
        with structlog.testing.capture_logs() as logs:
            assert [await said(where) for _ in range(5)] == [b""] * 5
        assert [line["count"] for line in logs] == [1, 2, 4]
        held[0][1].close()
        while not Echo.lost:
            await asyncio.sleep(0)
        assert await said(where) == b"hello", "there is room again"
        held[1][1].close()


async def test_no_more_in_all_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "MOST_CONNECTIONS", 0)
    async with opened() as where:
        assert await said(where) == b""


async def test_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "HEAD_SECONDS", 0.05)
    async with opened() as where:
        assert await said(where, b"") == b""
    assert Echo.lost == 1


async def test_who_asked_in_time_may_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "HEAD_SECONDS", 0.05)
    async with served(FakeDaemon()) as session:
        for _ in range(2):
            async with session.get("/-/live") as answer:
                kept = answer.connection
            await asyncio.sleep(0.1)
        assert answer.status == 200
        assert kept is None or not kept.closed


async def test_a_handshake_that_never_ends_holds_nothing_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door_module, "HEAD_SECONDS", 0.05)
    monkeypatch.setattr(door_module, "MOST_PER_PEER", 1)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    async with opened(tls=context) as where:
        assert await said(where, b"") == b""
        assert Echo.made == 0


async def test_where_no_descriptor_is_left_it_is_said_once_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door_module, "FULL_PAUSE", 0.01)
    refusals = iter([errno.EMFILE, errno.ENFILE])
    accept = socket.socket.accept

    def scarce(self: socket.socket) -> object:
        number = next(refusals, None)
        if number is not None:
            raise OSError(number, "none left")
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", scarce)
    with structlog.testing.capture_logs() as logs:
        async with opened() as where:
            assert await said(where) == b"hello"
    assert [line["why"] for line in logs] == ["EMFILE", "ENFILE"]


async def test_what_is_no_request_is_counted_and_not_logged_each() -> None:
    with structlog.testing.capture_logs() as logs:
        async with served(FakeDaemon()) as session:
            async with session.get("/-/live") as answer:
                port = answer.url.port
            for _ in range(9):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                with closing(writer):
                    writer.write(b"GET / HTTP/9.9\r\nno header\r\n\r\n")
                    assert (await reader.readline()).split()[1] == b"400"
    told = [line["count"] for line in logs if line["event"] == "malformed_requests"]
    assert told == [1, 2, 4, 8]


async def test_neither_the_server_nor_its_version_is_told() -> None:
    async with served(FakeDaemon()) as session, session.get("/-/live") as answer:
        assert answer.headers["Server"] == "regwatch"


@pytest.mark.parametrize("said", ["GET / HTTP/9.9\r\n\r\n", "FOO / HTTP/1.1\r\n\r\n", "\x16\x03"])
async def test_nor_is_it_to_what_is_no_request(said: str) -> None:
    async with served(FakeDaemon()) as session:
        reader, writer = await asyncio.open_connection("127.0.0.1", session._base_url.port)
        with closing(writer):
            writer.write(said.encode() + b"\r\n\r\n")
            answer = await reader.read()
    assert b"400 Bad Request" in answer
    assert b"\r\nServer: regwatch\r\n" in answer
    assert b"aiohttp" not in answer


def test_rare_is_what_was_not_told_half_as_often() -> None:
    assert [n for n in range(1, 20) if is_rare(n)] == [1, 2, 4, 8, 16]


def test_the_limits_leave_room_for_the_polls() -> None:
    assert door_module.MOST_PER_PEER < door_module.MOST_CONNECTIONS < 1024 - 256
