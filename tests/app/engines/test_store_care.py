"""The store is looked after whatever it says."""

import asyncio
from typing import Any

import pytest
from fakes.clocks import Clocks
from structlog.testing import capture_logs

from regwatch.app.engines.store_care import (
    BACKLOG_SECONDS,
    DOUBTED_SECONDS,
    PRUNE_SECONDS,
    StoreCare,
)
from regwatch.core.model import Timestamp
from regwatch.guard import Bugs
from regwatch.store import StoreUnavailableError, StoreVersionError
from regwatch.store.writer import LONGEST_PAUSE_SECONDS

pytestmark = pytest.mark.looptime


class Around:
    """As much of the surroundings as it needs; the store and its outbox are itself."""

    def __init__(self) -> None:
        clocks = Clocks()
        self.clock, self.steady, self.store = clocks.wall, clocks.steady, self
        self.outbox = self
        self.bugs = Bugs(clock=self.clock)
        self.is_locked = False
        self.history_seconds = 86_400.0
        self.left = 0

        self.is_stand_in = False
        self.problem = ""
        self.tried_at: list[float] = []
        self.looked = self.checked = 0
        self.pruned: list[Timestamp] = []
        self.seen: list[Any] = []

    async def backlog(self) -> dict[str, tuple[int, Timestamp | None]]:
        self.looked += 1
        if self.is_locked:
            raise StoreUnavailableError("database is locked")
        return {"hook": (self.looked, Timestamp(5.0))}

    async def take_up(self) -> None:
        self.tried_at.append(asyncio.get_running_loop().time())
        if self.is_locked:
            raise StoreUnavailableError("database is locked")
        self.is_stand_in = False

    async def check_there(self) -> None:
        self.checked += 1

    async def prune(self, *, before: Timestamp) -> bool:
        self.pruned.append(Timestamp(self.clock() - before))
        self.left -= 1
        return self.left > 0


@pytest.fixture
def looking_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days pass faster."""
    monkeypatch.setattr("regwatch.app.engines.store_care.BACKLOG_SECONDS", 120.0)


@pytest.mark.usefixtures("looking_seldom")
async def test_what_a_clock_set_forward_makes_old_is_not_forgotten_for_a_day() -> None:
    around: Any = Around()
    care = StoreCare(around, on_backlog=around.seen.append, take_up=around.take_up)
    async with asyncio.TaskGroup() as tasks:
        care.start(tasks)
        await asyncio.sleep(BACKLOG_SECONDS)
        care.clock_set(-3600.0)
        await asyncio.sleep(PRUNE_SECONDS)
        assert len(around.pruned) == 2
        care.clock_set(365 * 86_400.0)
        await asyncio.sleep(DOUBTED_SECONDS - 2 * PRUNE_SECONDS)
        assert min(around.pruned[2:]) == around.history_seconds + 365 * 86_400.0 - 3600.0
        await asyncio.sleep(4 * PRUNE_SECONDS)
        assert around.pruned[-1] == around.history_seconds
        await care.stop()


@pytest.mark.usefixtures("looking_seldom")
async def test_a_clock_that_is_set_forward_again_and_again_does_not_end_the_forgetting() -> None:
    around: Any = Around()
    care = StoreCare(around, on_backlog=around.seen.append, take_up=around.take_up)
    async with asyncio.TaskGroup() as tasks:
        care.start(tasks)
        for _ in range(2 * 24 * 6):
            await asyncio.sleep(600)
            care.clock_set(1.5)
        await care.stop()
    assert len(around.pruned) >= 2 * 24 - 1
    assert max(around.pruned) == around.history_seconds + 1.5 * 24 * 6, "those of a day"


async def test_what_waits_is_looked_up_and_what_is_old_forgotten() -> None:
    around: Any = Around()
    care = StoreCare(around, on_backlog=around.seen.append, take_up=around.take_up)
    async with asyncio.TaskGroup() as tasks:
        care.start(tasks)
        care.start(tasks)
        await asyncio.sleep(10.5 * BACKLOG_SECONDS)
        assert around.looked == 11, "started twice, it looks once"
        assert around.checked == 3, "every ten seconds"
        assert care.backlog == around.seen[-1] == {"hook": (11, 5.0)}
        await asyncio.sleep(PRUNE_SECONDS)
        await care.stop()
        await care.stop()
    assert around.pruned == [around.history_seconds] * 2


async def test_a_store_that_cannot_be_read_is_looked_at_again() -> None:
    around: Any = Around()
    care = StoreCare(around, on_backlog=around.seen.append, take_up=around.take_up)
    around.is_locked = True
    async with asyncio.TaskGroup() as tasks:
        care.start(tasks)
        await asyncio.sleep(3.5 * BACKLOG_SECONDS)
        assert (care.backlog, around.pruned, around.looked) == ({}, [], 4)
        around.is_locked = False
        await asyncio.sleep(BACKLOG_SECONDS)
        await care.stop()
    assert (len(around.seen), len(around.pruned)) == (1, 1)


async def test_a_database_that_could_not_be_opened_is_tried_ever_more_slowly_until_it_can() -> None:
    around: Any = Around()
    care = StoreCare(around, on_backlog=around.seen.append, take_up=around.take_up)
    around.is_stand_in = around.is_locked = True
    async with asyncio.TaskGroup() as tasks:
        care.start(tasks)
        await asyncio.sleep(600)
        tries = len(around.tried_at)
        assert 600 / LONGEST_PAUSE_SECONDS <= tries <= 30
        around.is_locked = False
        await asyncio.sleep(LONGEST_PAUSE_SECONDS + BACKLOG_SECONDS)
        await care.stop()
    assert len(around.tried_at) == tries + 1, "once it is open it is left alone"


async def test_one_that_needs_an_editor_meanwhile_is_said_and_ends_nothing() -> None:
    around: Any = Around()

    async def newer() -> None:
        raise StoreVersionError("made by a newer regwatch")

    care = StoreCare(around, on_backlog=around.seen.append, take_up=newer)
    around.is_stand_in = True
    with capture_logs() as logs:
        async with asyncio.TaskGroup() as tasks:
            care.start(tasks)
            await asyncio.sleep(60)
            await care.stop()
    assert [line["event"] for line in logs] == ["store_not_opened"], "said once"
    assert len(around.seen) > 1
