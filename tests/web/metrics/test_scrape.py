"""`/metrics` over HTTP."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fakes.web import FakeDaemon, account, served, watched

from regwatch.web.metrics.scrape import Rendering
from regwatch.web.server import WebSettings
from regwatch.web.views import AccountView

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Counted(FakeDaemon):
    """Counts how often it is looked at."""

    asked = 0

    def accounts(self) -> list[AccountView]:
        self.asked += 1
        return list(super().accounts())


async def test_over_http_in_gzip_and_plain() -> None:
    async with served(FakeDaemon([account(watched(1))])) as session:
        async with session.get("/metrics", headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert answer.headers["Vary"] == "Accept, Accept-Encoding"
            assert "regwatch_build_info" in await answer.text()
        plain = {"Accept-Encoding": "identity", "Accept": OPENMETRICS}
        async with session.get("/metrics", headers=plain) as answer:
            assert "Content-Encoding" not in answer.headers
            assert answer.content_type == "application/openmetrics-text"
            assert (await answer.text()).endswith("# EOF\n")
        async with session.head("/metrics") as answer:
            assert answer.status == 200
            assert await answer.read() == b""


async def test_many_extensions_come_whole_through_gzip() -> None:
    daemon = FakeDaemon([account(*(watched(n) for n in range(5000)))])
    async with (
        served(daemon, settings=WebSettings(per_extension=True)) as session,
        session.get("/metrics", headers={"Accept-Encoding": "gzip"}) as answer,
    ):
        text = await answer.text()
    assert text.count("regwatch_extension_registered{") == 5000
    assert text.count("\nregwatch_extension_lease_end_timestamp_seconds{") == 5000


async def test_scrapes_at_the_same_time_share_one_rendering() -> None:
    daemon = Counted([account(*(watched(n) for n in range(5000)))])
    headers = {"Accept-Encoding": "identity"}
    async with served(daemon, settings=WebSettings(per_extension=True)) as session:

        async def scraped() -> bytes:
            async with session.get("/metrics", headers=headers) as answer:
                return await answer.read()

        await scraped()
        for_one = daemon.asked
        answers = await asyncio.gather(*(scraped() for _ in range(10)))
        counts = {each.count(b"\nregwatch_extension_registered{") for each in answers}
        assert counts == {5000}
        assert daemon.asked < 8 * for_one, "each for itself would be eleven times as much"


async def test_a_rendering_goes_on_for_the_others_when_one_who_reads_it_goes() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for word in (b"one", b"two", b"three"):
            yield word
            await asyncio.sleep(0)

    rendering = Rendering(chunks())
    early = rendering.parts()
    assert await anext(early) == b"one"
    await early.aclose()  # type: ignore[attr-defined]
    assert [part async for part in rendering.parts()] == [b"one", b"two", b"three"]
    assert [part async for part in rendering.parts()] == [b"one", b"two", b"three"]


async def test_what_the_making_met_all_readers_are_told() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        raise ValueError("no")

    rendering = Rendering(chunks())
    for _ in range(2):
        parts = rendering.parts()
        assert await anext(parts) == b"one"
        with pytest.raises(ValueError, match="no"):
            await anext(parts)
