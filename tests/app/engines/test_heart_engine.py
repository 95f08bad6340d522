"""The pings, for themselves."""

import asyncio
from typing import Any

import pytest

from regwatch.app.engines.heart_engine import HeartEngine
from regwatch.guard import Bugs
from regwatch.notify.heartbeat import HeartbeatSettings

pytestmark = pytest.mark.looptime

SETTINGS = HeartbeatSettings("http://127.0.0.1:9/ping", 60.0)


class Heartbeat:
    """Counts its runs; dies in the first of them, if it is to."""

    def __init__(self, *, dies: bool = False) -> None:
        self.dies, self.runs = dies, 0

    async def run(self) -> None:
        self.runs += 1
        if self.dies and self.runs == 1:
            raise RuntimeError("a bug")
        await asyncio.Event().wait()


@pytest.mark.parametrize(("dies", "runs"), [(False, 1), (True, 2)])
async def test_started_twice_it_pings_once_and_dead_it_is_begun_again(
    dies: bool, runs: int
) -> None:
    made: Any = Heartbeat(dies=dies)
    engine = HeartEngine(SETTINGS, lambda _settings: made, bugs := Bugs())
    await engine.load()
    async with asyncio.TaskGroup() as tasks:
        engine.start(tasks)
        engine.start(tasks)
        await asyncio.sleep(0.5)
        assert bool(bugs.trouble) is dies
        await asyncio.sleep(5)
        await engine.stop()
        await engine.stop()
    assert made.runs == runs
    assert bugs.trouble == ""
