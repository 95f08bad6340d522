"""What a large simulated PBX costs: hardly more for each phone of 100,000 than of 10,000."""

import time
from dataclasses import dataclass

import pytest
from fakes.values import START

from regwatch.simulator.rates import REAL_LIFE, Rates
from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.world import World

pytestmark = pytest.mark.bench

FEW, MANY = 10_000, 100_000
ASKED = 500
MOST_TIMES = 4.0
"""How much more each phone may cost among many: their memory is not in the cache."""


@dataclass(frozen=True)
class Cost:
    """In microseconds of CPU time, for each phone."""

    built: float
    answered: float
    lived: float
    """An hour of its life."""


def cost(phones: int, rates: Rates | None = None) -> Cost:
    begun = time.process_time()
    held = World(SimulatorSettings(extensions=phones, rates=rates), clock=lambda: START)
    held.advance(START)
    built = time.process_time()
    for extension_id in list(held.registrar.phones)[:ASKED]:
        held.registrar.answer(extension_id, START)
    answered = time.process_time()
    held.advance(START + 3600)
    lived = time.process_time()
    each = 1e6 / phones
    return Cost((built - begun) * each, (answered - built) * 1e6 / ASKED, (lived - answered) * each)


@pytest.mark.parametrize("rates", [None, REAL_LIFE], ids=["by chance", "a life"])
def test_a_phone_among_many_costs_hardly_more(rates: Rates | None) -> None:
    few, many = cost(FEW, rates), cost(MANY, rates)
    print(f"\nof {FEW:,}: {few}\nof {MANY:,}: {many}")
    assert many.built <= MOST_TIMES * few.built
    assert many.answered <= MOST_TIMES * few.answered
    assert many.lived <= MOST_TIMES * few.lived
