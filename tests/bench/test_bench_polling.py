"""What polling by plan is worth, in virtual time: `make bench-polling` prints the whole table."""

import pytest
from bench.polling.case import HOUR, Case
from bench.polling.driver import Driver
from bench.polling.result import Result, measure

from regwatch.core.polling.pacing import TRICKLE_SHARE

pytestmark = pytest.mark.long

SPARE = Case(600, 50, 4000, "mixed", hours=2, losses=200)
MIXED = Case(1000, 50, 1000, "mixed", hours=2, losses=200)
LARGE = Case(10_000, 50, 5000, "desk", hours=0.25, warm_up=1200, losses=300)
LARGE_MIXED = Case(20_000, 100, 5000, "mixed", hours=0.25, warm_up=1200, losses=600)
FEW_REQUESTS = (
    Case(200, 50, 100, "mixed", hours=12),
    Case(200, 50, 100, "short", hours=12),
    Case(1000, 50, 100, "desk"),
    Case(1000, 100, 100, "short"),
    Case(5000, 50, 1000, "short", hours=2, losses=200),
    Case(5000, 50, 1000, "mixed", hours=2, losses=200),
)


def show(result: Result) -> Result:
    print(f"\n{result}")
    return result


def is_sound(result: Result) -> None:
    """What holds whatever the case."""
    assert result.not_found == 0
    assert result.false_losses == 0
    swept = result.swept * (1.6 if result.is_saturated else 1.1)
    assert result.unregistered <= swept + result.slot, "it is asked once more before it is told"
    assert result.longest_unasked <= 3 * result.sweep
    assert result.passed_over <= 3
    assert result.silent <= 1.1 * result.swept


def test_with_requests_to_spare_a_silent_loss_is_found_within_a_second_in_the_mean() -> None:
    """600 phones, and leave to ask once a second."""
    result = show(measure(SPARE))
    is_sound(result)
    assert result.silent < 1


def test_a_silent_loss_is_found_within_a_request_or_two() -> None:
    result = show(measure(MIXED))
    is_sound(result)
    assert result.silent <= result.swept / 10
    assert result.silent <= 1.5 * (result.slot / 2 + 1)


@pytest.mark.parametrize(
    ("case", "gain"),
    [
        pytest.param(LARGE, 40, id=str(LARGE)),
        pytest.param(LARGE_MIXED, 5, id=str(LARGE_MIXED), marks=pytest.mark.by_hand),
    ],
)
def test_with_many_phones_the_gain_is_larger(case: Case, gain: float) -> None:
    result = show(measure(case))
    is_sound(result)
    assert result.gain >= gain


@pytest.mark.parametrize("case", FEW_REQUESTS, ids=lambda case: case.name)
def test_where_requests_are_few_nothing_is_lost_against_a_sweep(case: Case) -> None:
    is_sound(show(measure(case)))


@pytest.mark.parametrize("phones", [500, pytest.param(1500, marks=pytest.mark.by_hand)])
def test_a_phone_is_called_overdue_long_before_its_lease_ends_and_no_healthy_one_is(
    phones: int,
) -> None:
    """Refreshing at half a lease, give or take 2 %, while a fiftieth of all requests fails."""
    habits = {"lease_share": 0.5, "warm_up": 4 * HOUR, "hours": 6, "failing": 0.02}
    case = Case(phones, 50, phones * 2 // 3, "600,1800,3600", **habits)
    result = show(measure(case))
    found, all_of_them = result.warned
    assert all_of_them >= 150
    assert found >= 0.95 * all_of_them
    assert result.warned_share_left >= 0.35
    assert result.phone_hours >= 6 * phones
    assert (result.false_warnings, result.false_losses) == (0, 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_is_passed_over_for_three_sweeps_while_others_take_quota_at_random(
    seed: int,
) -> None:
    """Up to half of it in an hour: at the pace that this leaves, everybody could have been asked
    3.3 times before one was.
    """
    case = Case(1000, 50, 1000, "mixed", hours=5, losses=200, others=0.5, seed=seed)
    result = show(measure(case))
    assert result.passed_over <= 3
    assert result.silent <= result.swept / 5
    assert (result.not_found, result.false_losses) == (0, 0)


@pytest.mark.parametrize("seed", range(2))
def test_the_quota_is_never_exceeded_by_our_own_doing_whatever_others_take_of_it(seed: int) -> None:
    """Of seed 1 one request is refused: others took the last hundred since the answer before."""
    others = {"others": 0.9, "failing": 0.01}
    case = Case(1000, 50, 1000, "mixed", hours=2, losses=200, seed=seed, **others)
    run = Driver(case).play()
    of_reserve = TRICKLE_SHARE * case.reserve * case.quota
    assert max(run.into_reserve.values(), default=0) <= of_reserve
    assert max(run.quota.refused.values(), default=0) <= 1 + max(run.probes.values(), default=0)
    assert max(run.quota.made.values()) <= case.quota * (1 - case.reserve) + of_reserve
    assert run.false_losses == 0


def test_a_registrars_restart_is_told_once_and_no_phone_is() -> None:
    case = Case(600, 50, 1000, "desk", losses=0, hours=2, restart_after=600)
    run = Driver(case).play()
    assert (len(run.restarts), run.false_losses, run.false_warnings) == (1, 0, 0)
