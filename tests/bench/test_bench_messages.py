"""What a message about 10,000 incidents costs: how long the loop is held while it is grouped, made
and stored, and how large it is. CPU time of the loop's thread: others on the machine do not count.
"""

import asyncio
import gc
import time
from pathlib import Path

import pytest
from fakes.notifications import lost, resolved
from fakes.values import START
from sqlalchemy import func, select

from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.dispatch.routing import Route
from regwatch.core.model import Incident, Timestamp
from regwatch.notify.delivery.dispatch import Dispatcher
from regwatch.store import Store
from regwatch.store.schema import outbox

pytestmark = pytest.mark.bench

COUNT = 10_000
SIZE = select(func.length(outbox.c.notification)).order_by(outbox.c.id.desc()).limit(1)
ROUTE = Route(key="all", receivers=("chat", "hook"), group_by=("account", "site"))


class Watch:
    """The longest that the loop was held."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.longest = max(self.longest, now - before)
            before = now


async def held_by(dispatcher: Dispatcher, store: Store, incidents: list[Incident]) -> float:
    """Seconds, from the first of these incidents to the last stored message about them."""
    watch, stored = Watch(), len(await store.outbox.pending("hook", limit=100))
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch.run())
        running = group.create_task(dispatcher.run())
        dispatcher.take(incidents)
        while len(await store.outbox.pending("hook", limit=100)) == stored:
            await asyncio.sleep(0.2)
        await asyncio.sleep(0.5)
        running.cancel()
        watching.cancel()
    return watch.longest


async def test_messages_about_thousands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/bench.db")

    def now() -> Timestamp:
        return Timestamp(START + time.monotonic())

    dispatcher = Dispatcher(Grouping([ROUTE]), store.outbox, wake=lambda _name: None, clock=now)
    phones = [lost(1000 + number) for number in range(COUNT)]
    gc.freeze()  # as the daemon does: collecting what the imports left is no part of a message
    report = []
    for what, incidents in (
        ("all new", phones),
        ("one more", [lost(900)]),
        ("all resolved", [resolved(each) for each in phones]),
    ):
        held = await held_by(dispatcher, store, incidents)
        (newest,) = await store._database.read(SIZE)
        report.append(f"{what}: loop held {1000 * held:.1f} ms at most, {newest[0]:,} bytes stored")
    await store.close()
    with capsys.disabled():
        print(f"\nmessages about {COUNT:,} incidents, to two receivers; " + "; ".join(report))
