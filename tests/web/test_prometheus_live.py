"""A real Prometheus scrapes a served daemon."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fakes.debian import program
from fakes.web import FakeDaemon, account, served, watched

from regwatch.core.model import ExtensionState

PATIENCE_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def prometheus(target: str, folder: Path) -> AsyncIterator[str]:
    """Its address; it scrapes the target every second."""
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        "scrape_configs:\n"
        f"  - {{job_name: regwatch, static_configs: [{{targets: ['{target}']}}]}}\n"
    )
    listen = f"127.0.0.1:{free_port()}"
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address={listen}",
            stdout=log,
            stderr=log,
        )
    try:
        yield f"http://{listen}"
    finally:
        process.kill()
        await process.wait()


async def answered(session: aiohttp.ClientSession, address: str, query: str) -> dict[str, Any]:
    """The first sample of a query, waited for."""
    while True:
        try:
            async with session.get(f"{address}/api/v1/query", params={"query": query}) as answer:
                if answer.status == 200 and (found := (await answer.json())["data"]["result"]):
                    return dict(found[0])
        except aiohttp.ClientConnectionError:
            pass  # not listening yet
        await asyncio.sleep(0.2)


@pytest.mark.needs_debian
async def test_a_real_prometheus_finds_it_up(tmp_path: Path) -> None:
    hostile = 'a"b\\c\nd'
    acme = account(watched(1, name=hostile), watched(2, ExtensionState.LOST), api_up=True)
    async with (
        served(FakeDaemon([acme])) as session,
        prometheus(str(session._base_url).removeprefix("http://").rstrip("/"), tmp_path) as address,
        aiohttp.ClientSession() as asking,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        up = await answered(asking, address, 'up{job="regwatch"} == 1')
        assert up["value"][1] == "1"
        found = await answered(asking, address, "regwatch_extension_registered == 1")
        assert found["metric"]["extension"] == hostile
        lost = await answered(asking, address, 'sum(regwatch_extensions{state="lost"})')
        assert lost["value"][1] == "1"
        total = await answered(asking, address, "count(regwatch_incidents_total)")
        assert int(total["value"][1]) > 0
