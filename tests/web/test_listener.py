"""Where it is served: addresses, busy ports, and a stop that does not hang."""

import asyncio
import errno

import aiohttp
import pytest
from aiohttp import web
from fakes.patience import PATIENCE

from regwatch.web.listener import Address, ListenError, _refused, listen, listening, parse_address


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


def saying(word: str) -> web.Application:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=word)

    app = web.Application()
    app.router.add_get("/", answer)
    return app


async def said_at(address: Address | str) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"http://{address}/") as response:
        return await response.text()


async def test_another_application_takes_over_an_address_without_a_request_refused() -> None:
    former = await listen(saying("former"), "127.0.0.1:0")
    coming = await listen(saying("coming"), "127.0.0.1:0", beside=former)
    assert coming.address == former.address
    assert await said_at(former.address) in ("former", "coming")
    await former.close()
    assert await said_at(coming.address) == "coming"
    last = await listen(saying("last"), "127.0.0.1:0", beside=coming)
    await coming.close()
    assert await said_at(last.address) == "last"
    await last.close()
    with pytest.raises(aiohttp.ClientConnectionError):
        await said_at(last.address)


async def test_an_address_that_overlaps_with_the_former_one_is_taken_too() -> None:
    former = await listen(saying("former"), "127.0.0.1:0")
    port = former.address.port
    everywhere = await listen(saying("coming"), f"0.0.0.0:{port}", beside=former)
    await former.close()
    assert await said_at(f"127.0.0.1:{port}") == "coming"
    back = await listen(saying("back"), f"127.0.0.1:{port}", beside=everywhere)
    await everywhere.close()
    assert await said_at(f"127.0.0.1:{port}") == "back"
    with pytest.raises(ListenError, match="already in use"):
        await listen(saying("another"), f"127.0.0.1:{port}")
    await back.close()


async def test_one_that_another_holds_stays_refused_beside_one_of_ours() -> None:
    async with listening(saying("another"), "127.0.0.1:0") as taken:
        former = await listen(saying("former"), "127.0.0.1:0")
        with pytest.raises(ListenError, match="already in use") as caught:
            await listen(saying("coming"), str(taken), beside=former)
        assert caught.value.may_pass
        assert await said_at(former.address) == "former"
        await former.close()


async def test_an_empty_host_is_every_interface() -> None:
    listener = await listen(saying("all"), ":0")
    assert await said_at(f"127.0.0.1:{listener.sockets[0].getsockname()[1]}") == "all"
    await listener.close()


@pytest.mark.parametrize(
    ("number", "may_pass"),
    [(errno.EACCES, False), (errno.EADDRINUSE, True), (errno.EADDRNOTAVAIL, True)],
)
def test_whether_to_try_again_later_may_help(number: int, may_pass: bool) -> None:
    error = _refused(Address("h", 80), OSError(number, "words"))
    assert error.may_pass is may_pass
    assert ("CAP_NET_BIND_SERVICE" in str(error)) is not may_pass
