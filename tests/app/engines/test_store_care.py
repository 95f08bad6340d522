"""The store is looked after whatever it says."""

import asyncio
from typing import Any

import pytest
from fakes.clocks import Clocks

from regwatch.app.engines.store_care import BACKLOG_SECONDS, KEEP_SECONDS, PRUNE_SECONDS, StoreCare
from regwatch.core.model import Timestamp
from regwatch.guard import Bugs
from regwatch.store import StoreUnavailableError

pytestmark = pytest.mark.looptime


class Around:
    """As much of the surroundings as it needs; the store and its outbox are itself."""

    def __init__(self) -> None:
        clocks = Clocks()
        self.clock, self.steady, self.store = clocks.wall, clocks.steady, self
        self.outbox = self
        self.bugs = Bugs(clock=self.clock)
        self.is_locked = False
        self.looked = 0
        self.pruned: list[Timestamp] = []
        self.seen: list[Any] = []

    async def backlog(self) -> dict[str, tuple[int, Timestamp | None]]:
        self.looked += 1
        if self.is_locked:
            raise StoreUnavailableError("database is locked")
        return {"hook": (self.looked, Timestamp(5.0))}

    async def prune(self, *, before: Timestamp) -> None:
        self.pruned.append(Timestamp(self.clock() - before))


async def test_what_waits_is_looked_up_and_what_is_old_forgotten() -> None:
    around: Any = Around()
    care = StoreCare(around, on_backlog=around.seen.append)
    async with asyncio.TaskGroup() as tasks:
        care.start(tasks)
        care.start(tasks)
        await asyncio.sleep(10.5 * BACKLOG_SECONDS)
        assert around.looked == 11, "started twice, it looks once"
        assert care.backlog == around.seen[-1] == {"hook": (11, 5.0)}
        await asyncio.sleep(PRUNE_SECONDS)
        await care.stop()
        await care.stop()
    assert around.pruned == [KEEP_SECONDS] * 2


async def test_a_store_that_cannot_be_read_is_looked_at_again() -> None:
    around: Any = Around()
    care = StoreCare(around, on_backlog=around.seen.append)
    around.is_locked = True
    async with asyncio.TaskGroup() as tasks:
        care.start(tasks)
        await asyncio.sleep(3.5 * BACKLOG_SECONDS)
        assert (care.backlog, around.pruned, around.looked) == ({}, [], 4)
        around.is_locked = False
        await asyncio.sleep(BACKLOG_SECONDS)
        await care.stop()
    assert (len(around.seen), len(around.pruned)) == (1, 1)
