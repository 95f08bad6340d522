"""When nobody could look."""

import pytest
from fakes.values import at

from regwatch.core.phones.gaps import MOST_KEPT, Gaps


def with_gap(*, since: float = 100, until: float = 160) -> Gaps:
    gaps = Gaps()
    gaps.answered(now=at(since))
    gaps.interrupted()
    gaps.answered(now=at(until))
    return gaps


@pytest.mark.parametrize(
    ("answered", "looked"),
    [
        pytest.param(90, 100, id="asked before it, and not since"),
        pytest.param(160, 200, id="asked since"),
        pytest.param(None, 100, id="never asked"),
    ],
)
def test_until_when_somebody_looked(answered: float | None, looked: float) -> None:
    before = None if answered is None else at(answered)
    assert with_gap().looked_until(before, now=at(200)) == at(looked)


def test_answers_far_apart_are_no_gap_if_nothing_was_asked_in_vain() -> None:
    gaps = Gaps()
    gaps.answered(now=at(100))
    gaps.answered(now=at(900))
    assert gaps.looked_until(at(90), now=at(900)) == at(900)


def test_one_failure_between_two_answers_hides_no_refresh() -> None:
    assert with_gap(since=100, until=105).looked_until(at(90), now=at(110)) == at(110)


def test_the_time_before_a_start_is_a_gap_since_the_last_answer_that_is_known() -> None:
    gaps = Gaps()
    for when in (50, 70, 60):
        gaps.restored(at(when))
    gaps.restored(None)
    gaps.answered(now=at(500))
    assert gaps.looked_until(at(60), now=at(510)) == at(70)


def test_only_the_latest_are_kept() -> None:
    gaps = Gaps()
    for number in range(MOST_KEPT + 2):
        gaps.answered(now=at(100 * number))
        gaps.interrupted()
    gaps.answered(now=at(2000))
    assert gaps.looked_until(at(0), now=at(2000)) == at(200)


def test_they_move_with_the_clock() -> None:
    gaps = with_gap()
    gaps.clock_set(1000.0)
    assert gaps.looked_until(at(1090), now=at(1200)) == at(1100)
    gaps.interrupted()
    gaps.answered(now=at(1300))
    assert gaps.looked_until(at(1165), now=at(1300)) == at(1160)
