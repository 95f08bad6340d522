"""The acts of the demo: in order, never silent for long, and each undone before the next."""

import pytest

from regwatch.cli.demo import EXTENSIONS
from regwatch.cli.demo_acts import (
    ACTS,
    LEASE_SECONDS,
    SITES,
    Act,
    Faults,
    Phone,
    Site,
    longest_silence,
    phone_of,
)
from regwatch.simulator import SimulatorSettings
from regwatch.simulator.registrar import Registrar

MOST_SILENT = 30
"""Seconds: whoever looks on is told what is waited for."""


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.title)
def test_its_steps_are_in_order_and_what_it_does_is_undone(act: Act) -> None:
    times = [step.at for step in act.steps]
    assert times == sorted(times)
    assert times[-1] < act.seconds
    gone, dark, faults = set[str](), set[int](), dict[str, object]()
    for step in act.steps:
        match step.doing:
            case Phone(action):
                gone = {action} if action in ("die", "unregister") else set()
            case Site(index, is_dark):
                dark = dark | {index} if is_dark else dark - {index}
            case Faults(which):
                faults = dict(which)
    assert (gone, dark, faults) == (set(), set(), {})


def test_nobody_waits_long_without_a_word() -> None:
    assert longest_silence() <= MOST_SILENT


def test_all_that_is_done_can_be_done() -> None:
    registrar = Registrar(SimulatorSettings(extensions=EXTENSIONS, calm=True), now=0.0)
    doings = [step.doing for act in ACTS for step in act.steps]
    assert {each.action for each in doings if isinstance(each, Phone)} <= {*registrar.actions}
    assert {each.index for each in doings if isinstance(each, Site)} < set(range(len(SITES)))


def test_each_round_takes_other_phones_and_none_of_the_office_that_goes_dark() -> None:
    phones = list(range(EXTENSIONS))
    taken = [phone_of(act, turn, phones) for turn in range(3) for act in range(len(ACTS))]
    assert len(set(taken)) == len(taken)
    assert max(taken) < EXTENSIONS // 2


def test_a_death_shows_within_its_act() -> None:
    (act,) = (each for each in ACTS if each.title == "A silent death")
    back = next(step.at for step in act.steps if step.doing == Phone("revive"))
    assert back > LEASE_SECONDS
