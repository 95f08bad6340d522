"""One task of many: begun, begun again, ended."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from regwatch.app.engines.running import CUT_OFF_SECONDS, STOP_SECONDS, Running, stop_all
from regwatch.core.bugs import Where
from regwatch.guard import LONGEST_PAUSE_SECONDS, Bugs

pytestmark = pytest.mark.looptime


def now() -> float:
    return asyncio.get_running_loop().time()


class Work:
    """Lives for so long, then dies; and keeps when it began and ended."""

    def __init__(self, *lives: float) -> None:
        self.lives = list(lives)
        self.begun_at: list[float] = []
        self.ended_at: list[float] = []

    async def __call__(self) -> None:
        self.begun_at.append(now())
        try:
            if self.lives:
                await asyncio.sleep(self.lives.pop(0))
                raise RuntimeError("hunter2")
            await asyncio.Event().wait()
        finally:
            self.ended_at.append(now())


def running_of(name: str, work: Callable[[], Any], **how: Any) -> Running:
    return Running(name, Where.WATCH, work, Bugs(), **how)


@asynccontextmanager
async def started(running: Running) -> AsyncIterator[asyncio.TaskGroup]:
    async with asyncio.TaskGroup() as tasks:
        running.start(tasks)
        try:
            yield tasks
        finally:
            await running.stop()


async def test_started_twice_it_runs_once_and_stopped_twice_it_is_stopped() -> None:
    work = Work()
    running = running_of("it", work)
    async with started(running) as tasks:
        running.start(tasks)
        await asyncio.sleep(1)
        assert (work.begun_at, running.is_started) == ([0.0], True)
        await running.stop()
        await running.stop()
        assert (work.ended_at, running.is_started) == ([1.0], False)
    assert now() == 1.0


async def test_stopped_by_two_at_once_both_wait_for_its_end() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(2)
            ended.set()

    running = running_of("it", work)
    async with started(running):
        await asyncio.sleep(0)
        await stop_all([running, running])
        assert ended.is_set(), "the second stop did not cut the first one short"
        assert now() == 2.0


async def test_before_it_was_started_there_is_nothing_to_stop() -> None:
    running = running_of("it", Work())
    await running.stop()
    assert await running.ended(seconds=1)
    assert now() == 0.0


async def test_stopped_it_may_be_started_again() -> None:
    work = Work()
    running = running_of("it", work)
    async with started(running) as tasks:
        await asyncio.sleep(1)
        await running.stop()
        running.start(tasks)
        await asyncio.sleep(1)
        assert work.begun_at == [0.0, 1.0]


async def test_dead_it_is_begun_again_and_says_so() -> None:
    work, deaths = Work(0.0), list[float]()
    running = running_of("watch acme", work, on_death=lambda: deaths.append(now()))
    with capture_logs() as logs:
        async with started(running):
            await asyncio.sleep(0.5)
            assert running.trouble.startswith("watch acme died of RuntimeError")
            await asyncio.sleep(10)
            assert running.trouble == ""
    assert (work.begun_at, deaths) == ([0.0, 1.0], [0.0])
    assert [line["event"] for line in logs] == ["part_died", "part_lives_again"]


async def test_let_end_it_ends_and_is_not_begun_again() -> None:
    begun = list[float]()

    async def work() -> None:
        begun.append(now())

    running = running_of("it", work)
    async with started(running):
        running.let_end()
        assert await running.ended(seconds=1)
        await asyncio.sleep(100)
    assert begun == [0.0]


async def test_its_own_end_is_waited_for_and_no_longer_than_is_said() -> None:
    running = running_of("it", Work())
    async with started(running):
        assert not await running.ended(seconds=3)
        assert now() == 3.0


async def test_the_others_live_on_when_one_dies() -> None:
    dying, living = running_of("dying", Work(1.0)), running_of("living", other := Work())
    async with started(dying) as tasks:
        living.start(tasks)
        await asyncio.sleep(10)
        assert other.ended_at == []
        await living.stop()


async def test_waiting_to_be_begun_again_it_is_stopped_at_once() -> None:
    work = Work(*[0.0] * 9)
    running = running_of("it", work)
    async with started(running):
        await asyncio.sleep(100)
        begun = len(work.begun_at)
        await running.stop()
        assert now() == 100.0
        await asyncio.sleep(LONGEST_PAUSE_SECONDS)
    assert len(work.begun_at) == begun


async def test_failing_in_its_stop_it_is_ended_and_says_so() -> None:
    deaths = list[None]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("disk full")

    running = running_of("it", work, on_death=lambda: deaths.append(None))
    with capture_logs() as logs:
        async with started(running):
            await asyncio.sleep(1)
            await running.stop()
            assert (running.is_started, now()) == (False, 1.0)
            await asyncio.sleep(LONGEST_PAUSE_SECONDS)
    assert [(line["event"], line["at_stop"]) for line in logs] == [("part_died", True)]
    assert deaths == [], "nobody is to go back to a former configuration for it"


def hanging(cuts: int) -> Callable[[], "asyncio.Future[None]"]:
    """Does not end before it was cancelled so many times."""

    async def work() -> None:
        for _ in range(cuts):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    return work  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("cuts", "seconds"), [(2, STOP_SECONDS), (3, STOP_SECONDS + CUT_OFF_SECONDS)]
)
async def test_hanging_in_its_stop_it_holds_nobody_up(cuts: int, seconds: float) -> None:
    running = running_of("it", hanging(cuts))
    with capture_logs() as logs:
        async with asyncio.TaskGroup() as tasks:
            running.start(tasks)
            await asyncio.sleep(0)
            await running.stop()
            assert now() == seconds
            if running._task is not None:
                running._task.cancel()
    assert logs == [
        {
            "event": "engine_stop_timed_out",
            "log_level": "error",
            "part": "it",
            "seconds": STOP_SECONDS,
        }
    ]
