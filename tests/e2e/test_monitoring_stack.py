"""The daemon among its neighbours: Prometheus scrapes it, Alertmanager hears from it."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from fakes.daemon import daemon
from fakes.debian import program
from fakes.patience import PATIENCE
from fakes.servers import active_alerts, alertmanager, prometheus, sample
from fakes.sink import sink

from regwatch.simulator import Simulator, SimulatorSettings

pytestmark = [pytest.mark.e2e, pytest.mark.needs_debian]
SIMULATED = SimulatorSettings(extensions=12, seed=3, leases="40", quota=1_000_000, calm=True)
RECEIVER = "  - {{name: am, alertmanager: {{urls: ['{url}']}}}}"


async def complaints(metrics: str) -> str:
    """What `promtool check metrics` has to say."""
    process = await asyncio.create_subprocess_exec(
        program("promtool"),
        "check",
        "metrics",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(metrics.encode())
    assert process.returncode == 0, said.decode()
    return said.decode()


async def until_active(url: str, expected: list[tuple[str, str]]) -> None:
    """Wait until just these fire there, by name and extension."""
    async with asyncio.timeout(PATIENCE):
        while True:
            alerts = await active_alerts(url)
            if [(a["alertname"], a.get("extension_id", "")) for a in alerts] == expected:
                return
            await asyncio.sleep(0.2)


async def test_promtool_is_silent_and_prometheus_finds_the_daemon_up(tmp_path: Path) -> None:
    async with (
        Simulator(SIMULATED).serving() as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx.url, hook=hook.url) as regwatch,
    ):
        await regwatch.until_ready()
        lost, *_ = pbx.control.registered_ids()
        pbx.control.act(lost, "unregister")
        await hook.until(lambda h: h.of(lost, "firing"))
        _, metrics = await regwatch.get("/metrics")
        assert "regwatch_extension_registered{" in metrics
        assert await complaints(metrics) == ""
        async with (
            prometheus(regwatch.listen, tmp_path) as address,
            aiohttp.ClientSession() as asking,
        ):
            await sample(asking, address, 'up{job="regwatch"} == 1')
            firing = await sample(asking, address, "sum(regwatch_incidents_firing) == 1")
            assert firing["value"][1] == "1"
        assert await regwatch.stop() == 0


async def test_a_real_alertmanager_sees_the_loss_fire_and_end(tmp_path: Path) -> None:
    async with (
        Simulator(SIMULATED).serving() as pbx,
        sink() as hook,
        alertmanager(tmp_path) as url,
        daemon(
            tmp_path,
            pbx=pbx.url,
            hook=hook.url,
            receivers=RECEIVER.format(url=url),
            names="hook, am",
        ) as regwatch,
    ):
        await regwatch.until_ready()
        lost, *_ = pbx.control.registered_ids()
        pbx.control.act(lost, "unregister")
        await until_active(url, [("RegwatchSignedOff", str(lost))])
        pbx.control.act(lost, "revive")
        await until_active(url, [])
        await hook.until(lambda h: h.of(lost, "resolved"))
        assert len(hook.of(lost)) == 2
        assert await regwatch.stop() == 0
