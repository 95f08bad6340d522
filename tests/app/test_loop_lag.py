"""How late the loop is, and that it is told again and again."""

import asyncio
import time

import pytest

from regwatch.app.loop_lag import EVERY_SECONDS, watch_lag


@pytest.mark.looptime
async def test_nothing_holds_an_idle_loop() -> None:
    told: list[float] = []
    watching = asyncio.create_task(watch_lag(told.append))
    await asyncio.sleep(10.25 * EVERY_SECONDS)
    watching.cancel()
    assert told == pytest.approx([0.0] * 10, abs=0.01)


async def test_what_holds_it_is_seen() -> None:
    told: list[float] = []
    watching = asyncio.create_task(watch_lag(told.append))
    await asyncio.sleep(0)
    time.sleep(EVERY_SECONDS + 0.2)  # noqa: ASYNC251 - it is to hold the loop
    while not told:
        await asyncio.sleep(0.01)
    watching.cancel()
    assert told[0] >= 0.19
