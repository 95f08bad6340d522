"""That the clock was set is found once, and said once."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.clocks import STEPS, Clocks
from fakes.surroundings import surroundings
from structlog.testing import capture_logs

from regwatch.app.engines.clock_care import LOOK_SECONDS, ClockCare

pytestmark = pytest.mark.looptime


@pytest.mark.parametrize("step", [STEPS[0], STEPS[3]])
async def test_a_step_is_followed_said_and_counted_once(tmp_path: Path, step: float) -> None:
    clocks, followed = Clocks(), list[float]()

    async def follow(look: Callable[[], float]) -> None:
        followed.append(look())

    async with surroundings(tmp_path, clocks) as around, asyncio.TaskGroup() as tasks:
        care = ClockCare(around, follow=follow)
        with capture_logs() as lines:
            care.start(tasks)
            await asyncio.sleep(3.5 * LOOK_SECONDS)
            clocks.set_by = step
            await asyncio.sleep(3 * LOOK_SECONDS)
        await care.stop()
        registry = around.instruments.registry
        assert followed == pytest.approx([0.0, 0.0, 0.0, step, 0.0, 0.0])
        assert registry.get_sample_value("regwatch_clock_steps_total") == 1
    assert lines == [{"event": "clock_set", "log_level": "warning", "seconds": step}]
