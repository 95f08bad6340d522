"""Receivers that hang, refuse, answer 429, 500 or nothing that is HTTP, while the daemon is killed
again and again: each gets every firing and every resolved, in order.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from aiohttp import web
from fakes.daemon import daemon
from fakes.sink import Alert, Sink, sink

from regwatch.simulator import Served, Simulator, SimulatorSettings

pytestmark = pytest.mark.e2e

CALM = SimulatorSettings(extensions=80, seed=9, leases="3600", quota=1_000_000, calm=True)
NAMES = ("hook", "hanging", "busy", "failing", "garbled")
KILLS = 4


async def misbehave(name: str, request: web.Request) -> web.Response:
    """What the receiver of this name does while it is in trouble."""
    if name == "hanging":
        await asyncio.sleep(5)
    if name == "garbled" and request.transport is not None:
        request.transport.write(b"\x00\xffwhat?\r\n\r\n")
        request.transport.close()
    if name == "gone":
        return web.Response(status=404, text="no such hook")
    if name == "busy":
        return web.Response(status=429, headers={"Retry-After": "1"})
    return web.Response(status=500)


class Moody(Sink):
    """A sink that is in trouble now and then."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.is_well = True

    async def receive(self, request: web.Request) -> web.Response:
        if self.is_well:
            return await super().receive(request)
        return await misbehave(self.name, request)


@asynccontextmanager
async def five_sinks() -> AsyncIterator[dict[str, Moody]]:
    async with AsyncExitStack() as stack:
        made = {name: Moody(name) for name in NAMES}
        for each in made.values():
            await stack.enter_async_context(sink(each))
        yield made


async def trouble(pbx: Served, sinks: dict[str, Moody], random: Random) -> None:
    """Phones come and go, one after the other, and so does the receivers' health."""
    phones = pbx.control.registered_ids()[::7]
    while True:
        for phone in phones:
            await asyncio.sleep(random.uniform(0.3, 0.6))
            gone = phone not in pbx.control.registered_ids()
            pbx.control.act(phone, "revive" if gone else "unregister")
            for each in sinks.values():
                each.is_well = random.random() < 0.4


@pytest.mark.long
async def test_nothing_is_lost_and_nothing_overtakes(tmp_path: Path) -> None:
    random = Random(31)
    async with Simulator(CALM).serving() as pbx, five_sinks() as sinks:
        others = NAMES[1:]
        receivers = "\n".join(
            f'  - {{name: {name}, webhook: {{url: "{sinks[name].url}", timeout: 1s}}}}'
            for name in others
        )
        options = {"receivers": receivers, "names": ", ".join(NAMES)}
        async with daemon(tmp_path, pbx=pbx.url, hook=sinks["hook"].url, **options) as running:
            await running.until_ready()
            async with asyncio.TaskGroup() as group:
                load = group.create_task(trouble(pbx, sinks, random))
                for _ in range(KILLS):
                    await asyncio.sleep(random.uniform(1.0, 2.5))
                    await running.kill()
                    await running.start()
                load.cancel()
            for each in sinks.values():
                each.is_well = True
            for phone in pbx.control.world.registrar.phones:
                pbx.control.act(phone, "revive")
            for each in sinks.values():
                await each.until(lambda s: told(s) and all_over(s))
            # What all of them must hear of, at last.
            last = pbx.control.registered_ids()[3]
            pbx.control.act(last, "unregister")
            for each in sinks.values():
                await each.until(lambda s: s.of(last, "firing"))
            assert await running.stop() == 0
    for each in sinks.values():
        check_order(each)


def told(hook: Sink) -> dict[str, list[str]]:
    """By incident: what was heard of it, in order."""
    stories: dict[str, list[str]] = {}
    for alert in hook.alerts:
        stories.setdefault(alert["regwatch"]["incident_id"], []).append(alert["status"])
    return stories


def all_over(hook: Sink) -> bool:
    return all(story[-1] == "resolved" for story in told(hook).values())


def check_order(hook: Sink) -> None:
    for story in told(hook).values():
        assert story[0] == "firing", "an end without its beginning"
        ends = [status for status in story if status == "resolved"]
        assert story[len(story) - len(ends) :] == ends, "it fired again after its end"


async def test_of_a_receiver_that_refuses_the_others_are_told(tmp_path: Path) -> None:
    gone = Moody("gone")
    gone.is_well = False
    async with Simulator(CALM).serving() as pbx, sink() as hook, sink(gone):
        receiver = f'  - {{name: gone, fallback: hook, webhook: {{url: "{gone.url}"}}}}'
        options = {"receivers": receiver, "names": "gone"}
        extra = "recover_after: 0s"
        async with daemon(tmp_path, pbx=pbx.url, hook=hook.url, extra=extra, **options) as running:
            await running.until_ready()
            lost, *_ = pbx.control.registered_ids()
            pbx.control.act(lost, "unregister")
            await hook.until(lambda h: h.of(lost, "firing") and broken(h))
            pbx.control.act(lost, "revive")
            await hook.until(lambda h: h.of(lost, "resolved"))
            log = running.log.read_text()
            assert await running.stop() == 0
    (alert,) = broken(hook)
    assert alert["labels"]["severity"] == "critical"
    assert "account" not in alert["labels"]
    assert "receiver gone: refuses our messages" in alert["annotations"]["summary"]
    assert "Its messages go to hook meanwhile." in alert["annotations"]["description"]
    assert log.count('"event": "notification_not_delivered"') == 1


def broken(hook: Sink) -> list[Alert]:
    return [a for a in hook.alerts if a["labels"]["alertname"] == "RegwatchReceiverBroken"]
