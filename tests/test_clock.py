"""The two clocks, and how it is noticed that one was set."""

import pytest
from fakes.values import START, at

from regwatch.clock import EvenClock, steady_clock, wall_clock
from regwatch.core.model import Instant, Now


def test_the_steady_clock_goes_on_from_where_the_wall_clock_stood() -> None:
    first, second = steady_clock(), steady_clock()
    assert first <= second
    assert first > START - 10 * 365 * 86_400, "seconds since the epoch, not since the machine began"
    assert wall_clock() > 0


@pytest.mark.parametrize("step", [-86_400.0, -1.5, 1.5, 3600.0])
def test_a_step_is_seen_once_and_shown_from_then_on(step: float) -> None:
    set_by = 0.0
    clock = EvenClock(lambda: at(set_by), lambda: Instant(START))
    assert (clock.look(), clock()) == (0.0, at(0))
    set_by = step
    assert clock() == at(0), "nobody looked yet"
    assert (clock.look(), clock()) == (step, at(step))
    assert clock.look() == 0.0


def test_between_two_looks_it_goes_on_as_the_steady_clock_does() -> None:
    passed = 0.0
    clock = EvenClock(lambda: at(3 * passed), lambda: Instant(1000.0 + passed))
    assert clock() == at(0)
    passed = 10.0
    assert clock() == at(10)
    assert (clock.look(), clock()) == (20.0, at(30))


def test_small_steps_are_seen_when_they_add_up() -> None:
    set_by = 0.0
    clock, seen = EvenClock(lambda: at(set_by), lambda: Instant(START)), []
    for _ in range(5):
        set_by += 0.4
        seen.append(clock.look())
    assert seen == pytest.approx([0.0, 0.0, 1.2, 0.0, 0.0])


def test_one_clock_is_read_as_the_other() -> None:
    now = Now(Instant(500.0), at(90))
    assert now.instant_of(at(100)) == 510.0
    assert now.time_of(Instant(510.0)) == at(100)
