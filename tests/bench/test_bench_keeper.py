"""What storing costs whoever else wants the loop, at 100,000 extensions."""

import asyncio
import gc
from pathlib import Path

import pytest
from fakes.values import ACME, EVERY_ALERT, answer, batch, listing, registration

from regwatch.batching import batched
from regwatch.clock import steady_clock, wall_clock
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.sites import Sites
from regwatch.store import Store
from regwatch.watcher.keeper import Keeper

pytestmark = pytest.mark.bench
EXTENSIONS = 100_000
MOST_MILLISECONDS = 20.0


async def test_a_save_of_all_first_answers_leaves_the_loop_to_others(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/regwatch.db")
    monitor = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites())
    keeper = Keeper(
        monitor,
        store.accounts,
        clock=wall_clock,
        steady=steady_clock,
        on_incidents=lambda _incidents: None,
    )
    for ids in batched(range(EXTENSIONS), 500):
        now = wall_clock()
        keeper._note(monitor.watch(listing(*ids).extensions, now=now))
        when = now - answer(1, when=0).answered_at
        found = (answer(i, registration(ends=9e4), when=when) for i in ids)
        keeper._note(monitor.observe(batch(*found), now=now))
    gc.collect()
    gc.freeze()  # as the daemon does once it has begun
    lags: list[float] = []
    ticking = asyncio.ensure_future(_tick(lags))
    begun_at = asyncio.get_running_loop().time()
    await keeper.flush()
    seconds = asyncio.get_running_loop().time() - begun_at
    ticking.cancel()
    gc.unfreeze()
    print(f"stored in {seconds:.1f} s; the loop was held for {max(lags):.1f} ms at most")
    assert len((await store.accounts.load(ACME)).watched) == EXTENSIONS
    assert sorted(lags)[-max(1, len(lags) // 100)] < MOST_MILLISECONDS
    await store.close()


async def _tick(lags: list[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        begun_at = loop.time()
        await asyncio.sleep(0.001)
        lags.append((loop.time() - begun_at - 0.001) * 1000)
