"""The plan where other applications may use up the whole quota at any time."""

import pytest
from bench.polling.case import HOUR, Case
from bench.polling.driver import Driver

from regwatch.core.polling.pacing import TRICKLE_SHARE
from regwatch.core.polling.planner import PROBE_SECONDS

GREEDY = {"others": 1.0, "failing": 0.05, "hours": 2, "losses": 0}


@pytest.mark.parametrize("reserve", [0.0, 0.1])
@pytest.mark.parametrize("seed", range(3))
def test_no_request_is_made_for_which_none_is_known_to_be_left(seed: int, reserve: float) -> None:
    case = Case(40, 5, 60, "desk", seed=seed, reserve=reserve, **GREEDY)
    run = Driver(case).play()
    of_reserve = TRICKLE_SHARE * reserve * case.quota
    assert max(run.into_reserve.values(), default=0) <= of_reserve
    assert max(run.probes.values(), default=0) <= HOUR / PROBE_SECONDS
    assert max(run.quota.made.values()) <= case.quota * (1 - reserve) + of_reserve


def test_of_what_others_took_since_we_looked_one_request_an_hour_learns_by_refusal() -> None:
    run = Driver(Case(40, 5, 60, "desk", seed=1, reserve=0.0, **GREEDY)).play()
    learned = [n - run.probes[hour] for hour, n in run.quota.refused.items()]
    assert max(learned) == 1
