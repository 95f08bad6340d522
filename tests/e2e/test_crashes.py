"""kill -9 at random moments, under load: nothing is lost, nothing is told that is not stored."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from fakes.daemon import daemon
from fakes.sink import Sink, sink

from regwatch.core.model import Incident, Timestamp
from regwatch.simulator import Served, Simulator, SimulatorSettings
from regwatch.store import Store

pytestmark = [pytest.mark.e2e, pytest.mark.long]

KILLS = 20
LOAD = SimulatorSettings(extensions=40, seed=11, leases="5,40", quota=1_000_000, calm=True)


async def trouble(pbx: Served, hook: Sink, random: Random) -> None:
    """Phones come and go all the time, and the receiver is not always well."""
    ids = list(pbx.control.world.registrar.phones)
    while True:
        await asyncio.sleep(random.uniform(0.05, 0.3))
        action = random.choice(["unregister", "die", "revive", "revive", "reboot"])
        pbx.control.act(random.choice(ids), action)
        hook.status = random.choice([200, 200, 500])


async def all_well(pbx: Served, hook: Sink) -> None:
    """The last phones come back, and the receiver takes everything."""
    for extension_id in pbx.control.world.registrar.phones:
        pbx.control.act(extension_id, "revive")
    hook.status = 200


async def stored(file: Path) -> list[Incident]:
    """Every incident that fired and stands in the store."""
    store = await Store.open(f"sqlite:///{file}")
    resolved = await store.incidents.resolved(since=Timestamp(0), limit=100_000)
    found = [*await store.incidents.open_incidents(), *resolved]
    await store.close()
    return [incident for incident in found if incident.fired_at is not None]


def told(hook: Sink, status: str) -> list[str]:
    return [a["regwatch"]["incident_id"] for a in hook.alerts if a["status"] == status]


async def test_killed_twenty_times_no_alert_is_lost(tmp_path: Path) -> None:
    random = Random(23)
    async with (
        Simulator(LOAD).serving() as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx.url, hook=hook.url) as regwatch,
    ):
        async with asyncio.TaskGroup() as group:
            load = group.create_task(trouble(pbx, hook, random))
            for _ in range(KILLS):
                await asyncio.sleep(random.uniform(0.2, 1.5))
                await regwatch.kill()
                await regwatch.start()
            load.cancel()
        await all_well(pbx, hook)
        await hook.until(lambda h: set(told(h, "firing")) <= set(told(h, "resolved")))
        lost, *_ = pbx.control.registered_ids()
        pbx.control.act(lost, "unregister")
        await hook.until(lambda h: h.of(lost) and h.of(lost)[-1]["status"] == "firing")
        assert await regwatch.stop() == 0
    check_order(hook)
    check_repetitions(hook)
    file = tmp_path / "regwatch.db"
    check_integrity(file)
    incidents = {incident.id: incident for incident in await stored(file)}
    firing, resolved = set(told(hook, "firing")), set(told(hook, "resolved"))
    assert len(firing) > KILLS / 2, "there was no load"
    assert firing <= set(incidents), "told without its incident"
    assert resolved <= firing
    over = {name for name, incident in incidents.items() if incident.resolved_at is not None}
    # One that was over before its message was due is nobody's business.
    assert firing & over == resolved, "a resolve is owed wherever the firing was told"
    assert set(incidents) - over <= firing, "an open incident that nobody was told of"


def check_order(hook: Sink) -> None:
    """Each incident's messages: firing, perhaps again, and resolved as the last."""
    for name in set(told(hook, "resolved")):
        statuses = [a["status"] for a in hook.alerts if a["regwatch"]["incident_id"] == name]
        first_end = statuses.index("resolved")
        assert first_end > 0, "resolved before it fired"
        assert "firing" not in statuses[first_end:], "fired again after its end"


def check_repetitions(hook: Sink) -> None:
    """What comes again is the same message: whoever keeps its id can leave it out."""
    first: dict[tuple[str, str, str], str] = {}
    for message, body in zip(hook.ids, hook.bodies, strict=True):
        for a in body["alerts"]:
            told_as = a["regwatch"]["incident_id"], a["labels"]["alertname"], a["status"]
            assert first.setdefault(told_as, message) == message, told_as
    print(f"{len(hook.ids)} messages, {len(hook.ids) - len(set(hook.ids))} of them again")


def check_integrity(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
