"""A simulated PBX as it is served."""

import asyncio
from urllib.parse import urlsplit

import pytest
from fakes.simulated import MANY, pbx

from regwatch.simulator.server import Simulator
from regwatch.simulator.settings import SimulatorSettings

SETTINGS = SimulatorSettings(extensions=2, calm=True)


@pytest.mark.looptime
async def test_every_answer_is_late_if_so_started() -> None:
    async with pbx(delay=3.0) as at:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await at.many(at.ids[0])
        assert loop.time() - begun == pytest.approx(3.0, abs=0.5)


async def test_without_gzip_in_the_request_there_is_none_in_the_answer() -> None:
    async with pbx() as at:
        answer = await at.call(
            "GET", f"{MANY}?extension_id={at.ids[0]}", headers={"Accept-Encoding": "identity"}
        )
    assert "Content-Encoding" not in answer.headers
    assert answer.json["extension_id"] == at.ids[0]


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
async def test_it_says_where_it_is_found(host: str, shown: str) -> None:
    async with Simulator(SETTINGS).serving(host) as served:
        assert served.url.startswith(f"http://{shown}:")
        assert urlsplit(served.url).port


async def test_each_time_it_is_served_its_world_begins_anew() -> None:
    simulator = Simulator(SETTINGS)
    async with simulator.serving() as served:
        served.control.act(next(iter(served.control.registered_ids())), "unregister")
        assert len(served.control.registered_ids()) == 1
    async with simulator.serving() as served:
        assert len(served.control.registered_ids()) == 2


async def test_a_port_that_is_taken_is_an_error() -> None:
    async with Simulator(SETTINGS).serving() as served:
        with pytest.raises(OSError, match="in use"):
            async with Simulator(SETTINGS).serving(port=urlsplit(served.url).port or 0):
                pass
