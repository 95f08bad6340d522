"""A real Prometheus scrapes a served daemon."""

from pathlib import Path

import aiohttp
import pytest
from fakes.servers import prometheus, sample
from fakes.web import FakeDaemon, account, served, watched

from regwatch.core.model import ExtensionState


@pytest.mark.needs_debian
async def test_a_real_prometheus_finds_it_up(tmp_path: Path) -> None:
    hostile = 'a"b\\c\nd'
    acme = account(watched(1, name=hostile), watched(2, ExtensionState.LOST), api_up=True)
    async with (
        served(FakeDaemon([acme])) as session,
        prometheus(str(session._base_url).removeprefix("http://").rstrip("/"), tmp_path) as address,
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
