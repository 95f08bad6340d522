"""A life is settled beforehand: by its seed, at its rates, and what it says is what is shown."""

from collections.abc import Sequence

from fakes.values import START
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.simulator.life import Happening, life
from regwatch.simulator.rates import HONEST, REAL_LIFE, Kind, Rates
from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.world import World

DAY = 86_400.0
FEW = SimulatorSettings(extensions=60, site_size=20, leases="mixed")


def lived(rates: Rates = HONEST, *, seed: int = 1, days: float = 3.0) -> Sequence[Happening]:
    return life(FEW, rates, seed=seed, begins=START, days=days)


def world_of(rates: Rates, seed: int = 1) -> World:
    chosen = SimulatorSettings(
        extensions=60, site_size=20, leases="mixed", seed=seed, rates=rates, calm=True
    )
    return World(chosen, clock=lambda: START)


def test_the_same_seed_is_the_same_life() -> None:
    assert lived(seed=3) == lived(seed=3)
    assert lived(seed=3) != lived(seed=4)


def test_who_is_left_out_changes_nothing_of_the_others() -> None:
    plain = {h.number: (h.at, h.whom, h.until) for h in lived()}
    without = lived(HONEST.without(Kind.REBOOT, Kind.RELOAD))
    kept = {n: v for n, v in plain.items() if not n.startswith(("reboot", "reload"))}
    assert {h.number: (h.at, h.whom, h.until) for h in without} == kept


def test_a_world_lives_what_was_foretold_whoever_asks() -> None:
    foretold = lived(REAL_LIFE, days=2)
    world = world_of(REAL_LIFE)
    for hour in range(5 * 24):
        world.advance(START + hour * 3600)
        if hour % 7 == 0:
            world.answers(world.registrar.phones)
    told = [each for each in world.happened() if each.at < START + 2 * DAY]
    assert sorted(told, key=lambda h: h.number) == sorted(foretold, key=lambda h: h.number)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), moments=st.lists(st.floats(0, 3 * DAY), max_size=40))
def test_what_the_truth_says_is_shown(seed: int, moments: list[float]) -> None:
    """Gone from `gone_at` until back, and there at all other times, where nobody lies."""
    rates = HONEST.without(Kind.RESTART)
    sights = [s for h in lived(rates, seed=seed) for s in h.sights]
    world = world_of(rates, seed)
    devices = {
        phone.id: {b.number for b in phone.bindings}
        for phone in world.registrar.phones.values()
        if not phone.never
    }
    for moment in sorted(moments):
        now = START + moment
        world.advance(now)
        away = {(s.extension_id, s.device) for s in sights if s.gone_at <= now < s.back_at}
        for extension_id, numbers in devices.items():
            found = world.registrar.answer(extension_id, now)
            assert found is not None
            expected = any((extension_id, number) not in away for number in numbers)
            assert found[0] is expected, (now, extension_id)
