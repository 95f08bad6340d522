"""Every loop of the daemon ends, in every way: the others go on, it is said on each channel, and it
comes back.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fakes.bugs import Ending, Switch, bugs_on_a_switch, dies, is_cancelled_from_inside, returns
from fakes.living import Living, living
from structlog.testing import capture_logs

from regwatch.core.bugs import Where
from regwatch.guard import LONGEST_PAUSE_SECONDS

pytestmark = pytest.mark.looptime

LOOPS = {
    "watch acme": Where.WATCH,
    "tick acme": Where.WATCH,
    "dispatch": Where.DISPATCH,
    "outbox hook": Where.OUTBOX,
    "repost alertmanager": Where.REPOST,
    "self watch": Where.SELF_WATCH,
    "heartbeat": Where.HEARTBEAT,
    "store": Where.STORE,
    "status": Where.STATUS,
    "watchdog": Where.WATCHDOG,
    "trials": Where.RELOAD,
    "former HTTP sides": Where.RELOAD,
    "clock": Where.CLOCK,
    "loop lag": Where.METRICS,
}
"""Each guard's name, and the `where` of its metric."""
ALIKE = {"watch bolt", "tick bolt", "outbox other", "outbox alertmanager"}
"""Of the same kind as one above."""
ENDINGS: dict[str, tuple[Ending, str]] = {
    "dies": (dies, "RuntimeError"),
    "returns": (returns, "ReturnedError"),
    "is cancelled from inside": (is_cancelled_from_inside, "StrayCancelError"),
}
WITH_ALL_PARTS = {
    "hook_more": '}}\n  - {name: alertmanager, alertmanager: {urls: ["http://127.0.0.1:9"]',
    "extra": 'heartbeat: {url: "http://127.0.0.1:9/ping"}',
}
ROUND = 10.0
"""Seconds from poll to poll."""


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Other tests are to have their garbage collected."""
    yield
    gc.unfreeze()


class Scene:
    def __init__(self, it: Living, switch: Switch, logs: list[Any]) -> None:
        self.it, self.switch, self.logs = it, switch, logs
        self.session = aiohttp.ClientSession(f"http://{it.daemon.address}")

    @property
    def polls(self) -> int:
        return len(self.it.bolt.batches)

    def count(self, where: Where) -> float:
        registry = self.it.daemon.begun.around.instruments.registry
        return registry.get_sample_value("regwatch_bugs_total", {"where": where.value}) or 0.0

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(path) as answer:
            return answer.status, await answer.text()

    async def until_dead(self, name: str) -> None:
        while name not in self.it.daemon.begun.around.bugs.trouble:
            await asyncio.sleep(0.1)

    async def check_said(self, name: str, why: str) -> None:
        words = f"{name} died of {why}"
        status, text = await self.get("/-/healthy")
        assert status == 503
        assert words in text
        assert (await self.get("/-/live"))[0] == 200, "a start anew would mend nothing"
        page = (await self.get("/"))[1]
        assert f"regwatch itself is not well: {words}" in page
        assert f"<b>{name}</b>" in page, "among what is set aside"
        overview = (await self.get("/api/v1/status"))[1]
        assert f'"what":"{name}","why":"{why}' in overview
        assert not self.it.daemon.begun.engine.heart.may_beat()
        died = [each["part"] for each in self.logs if each["event"] == "part_died"]
        assert died[-1] == name

    async def check_well(self) -> None:
        assert await self.get("/-/healthy") == (200, "regwatch is healthy.\n")
        assert "Set aside because of bugs" not in (await self.get("/"))[1]
        assert self.it.daemon.begun.engine.heart.may_beat()


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    notify = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "20000000"}
    with bugs_on_a_switch() as switch, capture_logs() as logs:
        async with living(folder, environ=notify, **WITH_ALL_PARTS) as it:
            await asyncio.sleep(ROUND)
            made = Scene(it, switch, logs)
            try:
                yield made
            finally:
                await made.session.close()


@pytest.mark.parametrize(("ending", "why"), ENDINGS.values(), ids=ENDINGS)
async def test_ended_once_it_is_said_on_each_channel_and_begun_again(
    ending: Ending, why: str, tmp_path: Path
) -> None:
    async with scene(tmp_path) as it:
        for name, where in LOOPS.items():
            polls, bugs, begun = it.polls, it.count(where), it.switch.begun.count(name)
            it.switch.strike(name, ending)
            await it.until_dead(name)
            await it.check_said(name, why)
            await asyncio.sleep(2 * ROUND)
            assert it.count(where) == bugs + 1, name
            assert it.switch.begun.count(name) == begun + 1
            assert it.polls >= polls + 2, f"the other account is polled while {name} is dead"
            await it.check_well()
        assert {*it.switch.begun} == {*LOOPS, *ALIKE}, "a guard that is in no table"
        it.it.lose(3)
        await asyncio.sleep(3 * ROUND)
        assert len(it.it.hook.of(3)) == 2, "each account's loss is told, by all that was dead once"


async def test_ending_each_time_it_neither_spins_nor_floods_and_comes_back(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        for name, where in LOOPS.items():
            polls, bugs, lines = it.polls, it.count(where), len(it.logs)
            it.switch.strike(name, dies, times=float("inf"))
            await asyncio.sleep(4 * LONGEST_PAUSE_SECONDS)
            deaths = it.count(where) - bugs
            longest = 5 if name == "watchdog" else LONGEST_PAUSE_SECONDS
            assert 6 <= deaths <= 8 + 4 * LONGEST_PAUSE_SECONDS / longest, name
            assert it.polls >= polls + 20, name
            died = [each for each in it.logs[lines:] if each["event"] == "part_died"]
            assert len(died) <= 3, "one for each time that it was well in between"
            assert (await it.get("/-/healthy"))[0] == 503, name
            it.switch.strike("", dies, times=0)
            await asyncio.sleep(2 * LONGEST_PAUSE_SECONDS + 2 * ROUND)
            await it.check_well()
    said = [each for each in it.logs if "exc_info" in each and each["event"] == "part_died"]
    assert len(said) == 1, "the same traceback stands in the log once"
