"""The polling plan against a simulated PBX: over real sockets in virtual time, and for real."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest
from fakes.daemon import daemon, free_port
from fakes.patience import PATIENCE
from fakes.scene import MINUTES, Scene, scene
from fakes.sink import sink

from regwatch.core.model import AlertName, Incident, IncidentState

pytestmark = pytest.mark.e2e

INTERVAL = 60


def of(at: Scene, extension_id: int, alert: AlertName) -> Incident | None:
    """The first time that this was told of it."""
    told = (i for i in at.told if i.facts.extension_id == extension_id and i.alert is alert)
    return next((i for i in told if i.state is IncidentState.FIRING), None)


@pytest.mark.long
@pytest.mark.looptime
async def test_dead_phones_are_warned_of_by_their_habit_and_found_as_their_leases_end() -> None:
    """200 phones, 20 in a request, 300 requests an hour: an even sweep would take 133 seconds."""
    async with scene(200, leases="600,1800", quota=300, discover_every=900.0) as at:
        await asyncio.sleep(180 * MINUTES)
        assert at.losses() == []
        fleet = at.pbx.world.registrar.phones
        halfway = [i for i, p in fleet.items() if p.bindings[0].period < 0.51 * p.bindings[0].lease]
        dead = halfway[:12]
        for number, extension_id in enumerate(dead):
            await asyncio.sleep(40 + 7 * number)
            at.pbx.act(extension_id, "die")
        await asyncio.sleep(70 * MINUTES)
        visible = {
            event.extension_id: event.visible_at
            for event in at.pbx.world.registrar.truth.since(0)
            if event.kind == "die"
        }
        lags = []
        for extension_id in dead:
            ended_at, warned = (
                visible[extension_id],
                of(at, extension_id, AlertName.REFRESH_OVERDUE),
            )
            lost = of(at, extension_id, AlertName.EXTENSION_LOST)
            assert ended_at is not None
            assert warned is not None
            assert warned.facts.detected is not None
            assert lost is not None
            assert lost.facts.detected is not None
            lease = fleet[extension_id].bindings[0].lease
            assert ended_at - warned.facts.detected >= 0.2 * lease
            assert lost.id == warned.id, "the same incident, grown worse"
            lags.append(lost.facts.detected - ended_at)
        assert {i.facts.extension_id for i in at.losses()} == set(dead)
        assert max(lags) < 15
        assert sum(lags) / len(lags) < 6


@asynccontextmanager
async def simulated(*options: str) -> AsyncIterator[str]:
    """`regwatch simulate`, and its address."""
    url = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "regwatch", "simulate", "--listen", url, *options),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            while not await _is_listening(url):
                await asyncio.sleep(0.1)
        yield f"http://{url}"
    finally:
        process.terminate()
        await process.wait()


async def _is_listening(url: str) -> bool:
    host, _, port = url.partition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@pytest.mark.long
async def test_for_real_a_dead_phone_is_found_as_its_lease_ends_though_asked_once_a_minute(
    tmp_path: Path,
) -> None:
    async with (
        simulated("--extensions", "40", "--leases", "20", "--calm", "--quota", "20000") as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx, hook=hook.url, interval=f"{INTERVAL}s", batch_size=5) as regwatch,
        aiohttp.ClientSession() as asking,
    ):
        await regwatch.until_ready()
        async with asking.get(f"{pbx}/_simulator/phones") as answer:
            phones = await answer.json()
        # No more than two of a site: three would be an outage of it.
        victims = [phone["extension_id"] for phone in (*phones[:2], *phones[-2:])]
        for extension_id in victims:
            async with asking.post(f"{pbx}/_simulator/phones/{extension_id}/die") as answer:
                assert answer.status == 204
        await hook.until(lambda h: all(h.of(i, "firing") for i in victims))
        assert await regwatch.stop() == 0
    for extension_id in victims:
        (alert,) = hook.of(extension_id, "firing")
        assert alert["labels"]["alertname"] == "RegwatchExtensionLost"
        assert alert["regwatch"]["reason"] in ("expired", "ended_unseen")
        seen, found = (alert["regwatch"][each] for each in ("last_seen", "detected"))
        late = datetime.fromisoformat(found) - datetime.fromisoformat(seen)
        # Its lease ended 20 s after it was seen at the latest.
        assert late.total_seconds() < 20 + INTERVAL / 2
