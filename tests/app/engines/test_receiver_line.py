"""One receiver for itself: what is in flight ends, within its grace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fakes.notifications import lost
from structlog.testing import capture_logs

from regwatch.app.engines.receiver_line import DELIVERY_GRACE_SECONDS, LineSettings, ReceiverLine
from regwatch.core.model import Incident
from regwatch.guard import Bugs
from regwatch.notify.delivery.repost import REPOST_SECONDS
from regwatch.notify.receivers.webhook import WebhookSettings

pytestmark = pytest.mark.looptime

SETTINGS = LineSettings("hook", WebhookSettings("http://127.0.0.1:9"), "chat", ())


class Receiver:
    """Wants to be told again and again."""

    name = "hook"

    def __init__(self) -> None:
        self.reposts: list[tuple[list[Incident], bool]] = []

    async def repost(self, incidents: Any, *, alive: bool) -> None:
        self.reposts.append((list(incidents), alive))


class Outbox:
    """Its delivery in flight takes so long once it is to stop."""

    def __init__(self, takes: float, dies: bool) -> None:
        self._takes, self._dies = takes, dies
        self._stopping = asyncio.Event()
        self.runs, self.woken = 0, list[str]()

    async def run(self) -> None:
        self.runs += 1
        if self._dies and self.runs == 1:
            raise RuntimeError("a bug")
        await self._stopping.wait()
        await asyncio.sleep(self._takes)

    def stop(self) -> None:
        self._stopping.set()

    def wake(self, receiver: str) -> None:
        self.woken.append(receiver)


class Scene:
    def __init__(self, takes: float, dies: bool) -> None:
        self.receiver: Any = Receiver()
        self.made: list[Any] = []

        def outbox(receiver: object, fallback: str | None) -> Any:
            assert (receiver, fallback) == (self.receiver, "chat")
            self.made.append(Outbox(takes, dies))
            return self.made[-1]

        self.bugs = Bugs()
        self.line = ReceiverLine(
            SETTINGS,
            self.receiver,
            outbox,
            told=lambda _name: [lost()],
            alive=lambda: True,
            bugs=self.bugs,
        )


@asynccontextmanager
async def scene(
    takes: float = 0.0, *, dies: bool = False
) -> AsyncIterator[tuple[Scene, asyncio.TaskGroup]]:
    made = Scene(takes, dies)
    async with asyncio.TaskGroup() as tasks:
        made.line.start(tasks)
        await asyncio.sleep(1)
        yield made, tasks
        await made.line.stop()


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_started_twice_it_runs_once_and_stopped_twice_it_is_stopped() -> None:
    async with scene() as (it, tasks):
        it.line.start(tasks)
        await asyncio.sleep(1)
        assert [outbox.runs for outbox in it.made][-1:] == [1]
        await it.line.stop()
        await it.line.stop()
        assert now() == 2.0


async def test_a_delivery_in_flight_is_let_end() -> None:
    with capture_logs() as logs:
        async with scene(takes=DELIVERY_GRACE_SECONDS - 1) as (it, _):
            await it.line.stop()
            assert now() == DELIVERY_GRACE_SECONDS
    assert logs == []


async def test_one_that_takes_too_long_is_cut_off() -> None:
    with capture_logs() as logs:
        async with scene(takes=1e9) as (it, _):
            await it.line.stop()
            assert now() == 1 + DELIVERY_GRACE_SECONDS
    assert [(line["event"], line["receiver"]) for line in logs] == [("delivery_cut_off", "hook")]


async def test_stopped_and_started_again_it_delivers_anew() -> None:
    async with scene() as (it, tasks):
        await it.line.stop()
        it.line.start(tasks)
        await asyncio.sleep(1)
        it.line.wake()
        assert (it.made[-1].runs, it.made[-1].woken) == (1, ["hook"])
        assert it.made[-2].woken == []


async def test_dead_of_a_bug_it_is_begun_again() -> None:
    with capture_logs() as logs:
        async with scene(dies=True) as (it, _):
            await asyncio.sleep(2)
            assert (it.bugs.trouble, it.made[-1].runs) == ("", 2)
    assert [(line["event"], line["part"]) for line in logs] == [
        ("part_died", "outbox hook"),
        ("part_lives_again", "outbox hook"),
    ]


async def test_who_wants_to_be_told_again_is() -> None:
    async with scene() as (it, _):
        await asyncio.sleep(2 * REPOST_SECONDS)
        assert it.receiver.reposts == [([lost()], True)] * 2
