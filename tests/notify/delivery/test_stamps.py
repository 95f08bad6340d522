"""What was to be tried in five minutes still is, however the clock is set meanwhile."""

import pytest
from fakes.clocks import STEPS
from fakes.notifications import NOW, all_new, lost
from fakes.waiting import waiting
from hypothesis import given
from hypothesis import strategies as st

from regwatch.clock import STEP_SECONDS
from regwatch.core.model import Instant, Now, Timestamp
from regwatch.notify.delivery.stamps import Stamps

ENTRY = waiting(1, all_new([lost()]), due=300, refused=-60)


def now(passed: float, set_by: float = 0.0) -> Now:
    return Now(Instant(passed), Timestamp(NOW + passed + set_by))


def times(entry: object) -> tuple[float, float, float]:
    assert entry is not None
    return entry.next_attempt_at - NOW, entry.created_at - NOW, entry.refused_at - NOW


def test_while_nobody_sets_the_clock_times_are_as_they_are_stored() -> None:
    stamps = Stamps()
    for passed in (0.0, 100.0):
        (entry,) = stamps.by_now([ENTRY], now=now(passed))
        assert entry == ENTRY


@pytest.mark.parametrize("step", STEPS)
def test_all_times_move_with_the_clock(step: float) -> None:
    stamps = Stamps()
    stamps.by_now([ENTRY], now=now(0))
    for passed in (100.0, 200.0):
        (entry,) = stamps.by_now([ENTRY], now=now(passed, step))
        assert times(entry) == pytest.approx((300 + step, 1 + step, -60 + step))


def test_what_a_clock_drifts_by_is_no_step() -> None:
    stamps = Stamps()
    stamps.by_now([ENTRY], now=now(0))
    (entry,) = stamps.by_now([ENTRY], now=now(0, STEP_SECONDS))
    assert entry == ENTRY


@pytest.mark.parametrize("step", STEPS)
def test_what_is_stored_after_the_step_is_right_as_it_is(step: float) -> None:
    stamps = Stamps()
    stamps.by_now([ENTRY], now=now(0))
    later = waiting(2, all_new([lost()]), due=step + 300)
    _, entry = stamps.by_now([ENTRY, later], now=now(100, step))
    assert entry.next_attempt_at == later.next_attempt_at


def test_a_new_time_of_an_old_message_is_a_time_of_now() -> None:
    stamps = Stamps()
    stamps.by_now([ENTRY], now=now(0))
    put_off = waiting(1, ENTRY.notification, due=3600 + 500, refused=-60)
    (entry,) = stamps.by_now([put_off], now=now(100, 3600.0))
    assert entry.next_attempt_at == put_off.next_attempt_at
    assert entry.created_at - NOW == 3601, "while the old ones move"


def test_what_is_gone_is_forgotten() -> None:
    stamps = Stamps()
    stamps.by_now([ENTRY], now=now(0))
    stamps.by_now([], now=now(1))
    (entry,) = stamps.by_now([ENTRY], now=now(2, 3600.0))
    assert entry == ENTRY


@given(st.lists(st.sampled_from(STEPS), max_size=5))
def test_however_often_the_clock_is_set_the_wait_is_the_same(steps: list[float]) -> None:
    stamps, set_by = Stamps(), 0.0
    stamps.by_now([ENTRY], now=now(0))
    for passed, step in enumerate(steps, 1):
        set_by += step
        present = now(float(passed), set_by)
        (entry,) = stamps.by_now([ENTRY], now=present)
        assert entry.next_attempt_at - present.wall == pytest.approx(300 - passed)


@pytest.mark.parametrize("step", STEPS)
def test_what_a_message_says_moves_with_it(step: float) -> None:
    stamps = Stamps()
    (before,) = stamps.by_now([ENTRY], now=now(0))
    (after,) = stamps.by_now([ENTRY], now=now(100, step))
    (was,), (is_now,) = before.notification.items, after.notification.items
    assert is_now.incident.started_at == was.incident.started_at + step
    stored_so = waiting(1, after.notification, due=300, refused=-60)
    (again,) = stamps.by_now([stored_so], now=now(200, step))
    assert again.notification == after.notification, "what was stored after the step is right"
