"""All that a simulated PBX is: its own time, its phones, its chances."""

import pytest
from fakes.values import START

from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.world import World


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def world(clock: Clock | None = None, **more: object) -> World:
    values = {"extensions": 5, "calm": True, "leases": "600"}
    settings = SimulatorSettings(**{**values, **more})  # type: ignore[arg-type]
    return World(settings, clock=clock or Clock())


@pytest.mark.parametrize(("speed", "passed"), [(1.0, 10.0), (60.0, 600.0), (0.5, 5.0)])
def test_its_time_passes_faster_or_slower_from_its_beginning_on(
    speed: float, passed: float
) -> None:
    clock = Clock()
    held = world(clock, speed=speed)
    assert held.now() == START
    clock.now += 10
    assert held.now() == START + passed
    assert held.real_now() == START + 10


def test_answers_from_a_cache_are_up_to_so_old() -> None:
    clock = Clock()
    held = world(clock)
    held.faults.set({"cached_answers": 30})
    seen = []
    for _ in range(60):
        clock.now += 1
        seen.append(clock.now - held.seen_now())
    assert max(seen) < 30
    assert len({clock.now - age for age in seen}) > 1
    held.faults.clear()
    assert held.seen_now() == clock.now


def test_frozen_answers_stay_as_they_were_and_thaw() -> None:
    clock = Clock()
    held = world(clock)
    held.faults.set({"frozen_answers": True})
    first, ids = held.answers(held.registrar.phones), list(held.registrar.phones)
    clock.now += 90_000
    held.registrar.act(ids[0], "unregister", clock.now)
    assert held.answers(ids) == first
    held.faults.clear()
    assert held.answers(ids) != first
    held.faults.set({"frozen_answers": True})
    assert held.answers(ids) != first


def test_answers_are_of_those_that_there_are() -> None:
    held = world()
    one, *others = held.registrar.phones
    held.registrar.list_extension(one, listed=False, now=START)
    shown = [each["extension_id"] for each in held.answers([one, *others, 9999])]
    assert shown == others


def test_without_rates_nothing_was_settled() -> None:
    assert world().happened() == ()


def test_late_cleaning_up_holds_from_when_it_is_switched_on() -> None:
    held = world()
    held.faults.set({"cleanup_lag": 45})
    held.now()
    assert held.registrar.cleanup_lag == 45


@pytest.mark.parametrize(("share", "least", "most"), [(0, 0, 0), (1, 1000, 1000), (0.3, 250, 350)])
def test_a_share_of_requests_is_struck(share: float, least: int, most: int) -> None:
    held = world()
    held.faults.set({"http_500": share})
    assert least <= sum(held.happens("http_500") for _ in range(1000)) <= most


def test_what_was_taken_off_the_list_is_known_no_more() -> None:
    held = world()
    first, *others = held.registrar.phones
    held.registrar.list_extension(first, listed=False, now=START)
    assert [phone.id for phone in held.listed()] == others
    assert (held.is_known(first), held.is_known(others[0]), held.is_known(0)) == (
        False,
        True,
        False,
    )


def test_who_went_off_is_in_the_history() -> None:
    clock = Clock()
    held = world(clock)
    clock.now += 5
    first = next(iter(held.registrar.phones))
    held.registrar.act(first, "unregister", held.now())
    (edge,) = held.edges()
    assert (edge.at, edge.is_on) == (START + 5, False)
