"""`/metrics` over HTTP."""

from fakes.web import FakeDaemon, account, served, watched

from regwatch.web.server import WebSettings

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


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
