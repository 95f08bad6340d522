"""What is settled happens once each, and who is kept off by two things is back after both."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from fakes.values import START

from regwatch.simulator.faults import Faults
from regwatch.simulator.life import Act, Happening, Living, Step, Want
from regwatch.simulator.life.happenings import SECOND
from regwatch.simulator.rates import Kind
from regwatch.simulator.registrar import Registrar
from regwatch.simulator.settings import SimulatorSettings


def happening(number: str, who: int, begins: float, ends: float) -> Happening:
    at, until = START + begins, START + ends
    return Happening(
        number=number,
        at=at,
        kind=Kind.SILENT_DEATH,
        want=Want.LOSS,
        whom=(who,),
        until=until,
        steps=(Step(at, Act.OFF, who), Step(until, Act.ON, who)),
    )


def living(*pairs: tuple[float, float]) -> tuple[Living, Registrar, int]:
    settings = SimulatorSettings(extensions=1, calm=True, leases="60")
    registrar = Registrar(settings, now=START)
    (who,) = registrar.phones
    planned = [happening(f"h{n}", who, *pair) for n, pair in enumerate(pairs)]

    def plan(since: float, before: float) -> Sequence[Happening]:
        return [each for each in planned if since <= each.at < before]

    return Living(registrar, Faults({}), plan, seed=1, begins=START), registrar, who


def is_there(registrar: Registrar, who: int, now: float) -> bool:
    found = registrar.answer(who, START + now)
    return found is not None and found[0]


def test_who_is_dead_when_its_place_goes_dark_is_not_back_with_its_place() -> None:
    held, registrar, who = living((100, 1000), (300, 500))
    seen = {}
    for now in (50, 250, 600, 1001):
        held.advance(START + now)
        seen[now] = is_there(registrar, who, now)
    assert seen == {50: True, 250: False, 600: False, 1001: True}
    dead, dark = held.happened()
    assert (dead.sights[0].back_at, dark.sights) == (START + 1000, ())


def test_whose_place_is_still_dark_when_somebody_finds_its_plug_is_back_with_its_place() -> None:
    held, _, _ = living((100, 400), (300, 900))
    held.advance(START + 1000)
    dead, dark = held.happened()
    assert (dead.sights[0].back_at, dark.sights) == (START + 900, ())


def test_what_happens_is_part_of_the_truth_with_what_one_would_want_to_be_told() -> None:
    held, registrar, who = living((100, 400))
    held.advance(START + 100)
    told = [(e.kind, e.want, e.whom) for e in registrar.truth.since(0)]
    assert told == [("silent_death", "loss", (who,)), ("die", "", ())]


def test_days_follow_each_other() -> None:
    held, _, _ = living((100, 400), (86_400 * 2, 86_400 * 2 + 100))
    held.advance(START + 86_400 * 3)
    assert [len(each.sights) for each in held.happened()] == [1, 1]


def test_of_a_long_life_the_last_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regwatch.simulator.life.living.KEPT", 2)
    held, _, _ = living((100, 900), (1000, 1100), (1200, 1300))
    held.advance(START + 950)
    held.advance(START + 2000)
    assert [each.number for each in held.happened()] == ["h1", "h2"]


def test_who_was_off_before_by_another_hand_is_no_part_of_what_is_seen() -> None:
    held, registrar, who = living((100, 400))
    registrar.act(who, "unregister", START + 50)
    held.advance(START + 500)
    assert is_there(registrar, who, 500)
    assert held.happened()[0].sights == ()


def test_who_is_back_only_after_its_happening_was_forgotten_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("regwatch.simulator.life.living.KEPT", 1)
    held, registrar, who = living((100, 900), (200, 300))
    held.advance(START + 950)
    assert is_there(registrar, who, 950)
    assert [each.number for each in held.happened()] == ["h1"]


def test_a_device_that_never_was_neither_goes_nor_comes() -> None:
    held, registrar, who = living()
    steps = (Step(START, Act.OFF, who, SECOND), Step(START + 5, Act.ON, who, SECOND))
    held._enter(replace(happening("h", who, 0, 5), steps=steps))
    held.advance(START + 10)
    assert is_there(registrar, who, 10)
    assert held.happened()[0].sights == ()
