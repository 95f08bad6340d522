"""Where it is served: addresses, busy ports, and a stop that does not hang."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from fakes.patience import PATIENCE

from regwatch.web.listener import Address, ListenError, listening, parse_address


@pytest.mark.parametrize(
    ("text", "address", "written"),
    [
        ("127.0.0.1:9877", Address("127.0.0.1", 9877), "127.0.0.1:9877"),
        ("localhost:0", Address("localhost", 0), "localhost:0"),
        (":9877", Address("", 9877), ":9877"),
        ("[::1]:9877", Address("::1", 9877), "[::1]:9877"),
    ],
)
def test_addresses(text: str, address: Address, written: str) -> None:
    assert parse_address(text) == address
    assert str(address) == written


@pytest.mark.parametrize(
    "text", ["", "9877", "host", "host:", "host:99999", "::1:80", "h:²", "h:-1"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ListenError, match="cannot listen on"):
        parse_address(text)


async def test_a_busy_port_is_named() -> None:
    async with listening(web.Application(), "127.0.0.1:0") as address:
        with pytest.raises(ListenError, match=f"^cannot listen on {address}: address already in"):
            async with listening(web.Application(), str(address)):
                raise AssertionError


async def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(ListenError, match=r"^cannot listen on 192\.0\.2\.1:80: "):
        async with listening(web.Application(), "192.0.2.1:80"):
            raise AssertionError


async def test_a_host_that_does_not_exist_is_named() -> None:
    with pytest.raises(ListenError, match=r"^cannot listen on no\.such\.invalid:0: \S+"):
        async with listening(web.Application(), "no.such.invalid:0"):
            raise AssertionError


async def test_the_stop_does_not_wait_for_a_request_that_never_ends() -> None:
    arrived = asyncio.Event()

    async def forever(_request: web.Request) -> web.Response:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    app = web.Application()
    app.router.add_get("/", forever)

    async def ask(address: Address) -> None:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError):
                await session.get(f"http://{address}/")

    async with (
        asyncio.timeout(PATIENCE),
        asyncio.TaskGroup() as group,
        listening(app, "127.0.0.1:0", shutdown_seconds=0.05) as address,
    ):
        group.create_task(ask(address))
        await arrived.wait()
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection(address.host, address.port)
