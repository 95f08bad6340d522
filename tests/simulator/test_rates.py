"""Rates hold over many days, and can be named, changed and left out."""

from collections import Counter

import pytest
from fakes.values import START

from regwatch.simulator.life import life
from regwatch.simulator.rates import (
    CALM_DAY,
    FAILURES,
    HONEST,
    LIES,
    LIVES,
    MACHINES,
    PEOPLE,
    REAL_LIFE,
    Kind,
    RateError,
    named,
)
from regwatch.simulator.settings import SimulatorSettings

DAYS = 100


def test_every_kind_is_of_one_sort() -> None:
    sorts = (FAILURES, PEOPLE, MACHINES, LIES)
    assert sum(map(len, sorts)) == len(Kind)
    assert frozenset().union(*sorts) == frozenset(Kind)


def test_a_calm_day_has_no_failure_and_no_lie_and_the_honest_api_no_lie() -> None:
    assert CALM_DAY.kinds == PEOPLE | MACHINES
    assert HONEST.kinds == frozenset(Kind) - LIES
    assert CALM_DAY.a_day(Kind.SILENT_DEATH) == 0.0
    assert REAL_LIFE.a_day(Kind.SILENT_DEATH) == 3.0


def test_rates_hold_over_a_hundred_days_of_500_phones() -> None:
    """Within four standard deviations of chance, by a seed: it fails only if rates change."""
    settings = SimulatorSettings(extensions=500, site_size=50, leases="desk")
    happened = Counter(h.kind for h in life(settings, REAL_LIFE, seed=1, begins=START, days=DAYS))
    for kind in Kind:
        expected = REAL_LIFE.a_day(kind) * DAYS
        assert abs(happened[kind] - expected) <= 4 * max(1.0, expected) ** 0.5 or not expected, kind
    working_days = DAYS * 5 / 7
    assert 0.85 < happened[Kind.ROAMING] / (60 * 0.1 * working_days) < 1.15
    assert 0.9 < happened[Kind.OFFICE_HOURS] / (70 * working_days) < 1.1


def test_lives_have_names_and_their_rates_can_be_changed() -> None:
    assert set(LIVES) == {"real", "calm", "honest"}
    assert named("real") == REAL_LIFE
    assert named("calm", ["reboot=5", "roaming_share=1"]).reboot == 5.0


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("wild", "reboot=5"),
        ("real", "kinds=5"),
        ("real", "rebot=5"),
        ("real", "reboot"),
        ("real", "reboot=often"),
        ("real", "reboot=-1"),
        ("real", "reboot=nan"),
        ("real", "dect_share=1.5"),
    ],
)
def test_what_is_no_rate(name: str, change: str) -> None:
    with pytest.raises(RateError):
        named(name, [change])
