"""What outlives a daemon's parts, with a real database, on virtual time."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
from fakes.clocks import Clocks
from fakes.living import database_at_once
from prometheus_client import CollectorRegistry

from regwatch.app.surroundings import Surroundings
from regwatch.clock import EvenClock
from regwatch.core.alerts.mutes import Mutes
from regwatch.guard import Bugs
from regwatch.store import Store
from regwatch.web.metrics.instruments import Instruments


@asynccontextmanager
async def surroundings(folder: Path, clocks: Clocks | None = None) -> AsyncIterator[Surroundings]:
    clocks = clocks or Clocks()
    with database_at_once():
        store = await Store.open(f"sqlite:///{folder}/regwatch.db", clock=clocks.wall)
        async with AsyncExitStack() as stack, aiohttp.ClientSession() as session:
            stack.push_async_callback(store.close)
            instruments = Instruments(CollectorRegistry())
            yield Surroundings(
                store=store,
                session=session,
                mutes=Mutes(),
                instruments=instruments,
                bugs=Bugs(clock=clocks.wall, count=instruments.bug_met),
                clock=EvenClock(clocks.wall, clocks.steady),
                steady=clocks.steady,
            )
