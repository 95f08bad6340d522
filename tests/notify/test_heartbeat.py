"""The pings of a dead-man's switch, against a real server, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
import structlog
from aiohttp import web

from regwatch.clock import wall_clock
from regwatch.notify.heartbeat import Beat, Heartbeat, HeartbeatSettings

pytestmark = pytest.mark.looptime

SECRET = "4b5c-secret-of-the-check"


@dataclass
class Switch:
    """A check of healthchecks.io."""

    pings: list[tuple[str, float]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    problem: str = ""
    beats: list[Beat] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        now = round(asyncio.get_running_loop().time(), 1)
        self.pings.append((f"{request.method} {request.path}", now))
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status, headers={"Location": "http://127.0.0.1:1/elsewhere"})


@asynccontextmanager
async def beating(switch: Switch, *, every: float = 60.0) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", switch.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/ping/{SECRET}"
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        heart = Heartbeat(
            HeartbeatSettings(url, every),
            session,
            clock=wall_clock,
            problem=lambda: switch.problem,
            on_beat=switch.beats.append,
        )
        task = group.create_task(heart.run())
        try:
            yield
        finally:
            task.cancel()
    await runner.cleanup()


async def test_it_beats_at_its_pace() -> None:
    switch = Switch()
    async with beating(switch, every=30):
        await asyncio.sleep(61)
    assert [what for what, _ in switch.pings] == [f"GET /ping/{SECRET}"] * 3
    assert [at for _, at in switch.pings] == pytest.approx([0, 30, 60], abs=1)
    assert switch.beats == [Beat.SENT] * 3


async def test_a_lost_packet_is_made_good() -> None:
    switch = Switch(answers=[503])
    async with beating(switch):
        await asyncio.sleep(10)
    assert [at for _, at in switch.pings] == pytest.approx([0, 5], abs=1)
    assert switch.beats == [Beat.SENT]


async def test_it_is_silent_while_something_is_wrong_and_says_so_once() -> None:
    switch = Switch(problem="no poll of acme was answered whole for 2 min")
    with structlog.testing.capture_logs() as logs:
        async with beating(switch):
            await asyncio.sleep(59)
            switch.problem = "no poll of acme was answered whole for 3 min"
            await asyncio.sleep(60)
            assert switch.pings == []
            switch.problem = ""
            await asyncio.sleep(60)
    assert len(switch.pings) == 1
    assert switch.beats == [Beat.SUPPRESSED, Beat.SUPPRESSED, Beat.SENT]
    assert [entry["event"] for entry in logs] == ["heartbeat_silent", "heartbeat_back"]
    assert logs[0]["reason"] == "no poll of acme was answered whole for 2 min"


@pytest.mark.parametrize("status", [404, 500, 302])
async def test_a_switch_that_does_not_take_it_is_said_without_its_secret(status: int) -> None:
    switch = Switch(answers=[status] * 4)
    with structlog.testing.capture_logs() as logs:
        async with beating(switch):
            await asyncio.sleep(100)
    assert switch.beats == [Beat.FAILED, Beat.FAILED]
    (said,) = logs
    assert said["log_level"] == "warning"
    assert f"answered {status}" in said["reason"]
    assert SECRET not in str(logs)
