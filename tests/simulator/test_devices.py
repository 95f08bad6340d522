"""What can be done to one device; and that nothing is done to one that is not there."""

from random import Random

import pytest
from fakes.values import START

from regwatch.simulator.devices import Devices
from regwatch.simulator.registrar import Entry, Registrar
from regwatch.simulator.settings import SimulatorSettings


class Held:
    """One extension with one device, whose lease is 600 seconds."""

    def __init__(self, **more: object) -> None:
        settings = SimulatorSettings(**{"extensions": 1, "calm": True, "leases": "600", **more})  # type: ignore[arg-type]
        self.registrar = Registrar(settings, now=START)
        (self.id,) = self.registrar.phones
        self.devices = Devices(self.registrar, Random(1), lambda _phone, _binding: "198.18.0.1")

    def entries(self, now: float) -> list[Entry]:
        found = self.registrar.answer(self.id, now)
        assert found is not None
        return found[1] if found[0] else []


def test_the_same_contact_keeps_its_entry_while_it_runs() -> None:
    held = Held()
    (before,) = held.entries(START)
    gone = held.devices.off(held.id, 0, START + 10, goodbye=False)
    assert gone is not None
    assert gone.missed_at is not None
    assert START + 10 < gone.missed_at < gone.gone_at
    assert held.devices.on(held.id, 0, START + 20)
    (after,) = held.entries(START + 20)
    assert after.binding.ruid == before.binding.ruid
    assert after.left == 600
    assert after.real.startswith("sip:198.18.0.1:")
    assert [e.binding.ruid for e in held.entries(START + 5000)] == [before.binding.ruid]


def test_a_lease_that_ran_out_is_followed_by_a_new_entry() -> None:
    held = Held()
    (before,) = held.entries(START)
    held.devices.off(held.id, 0, START, goodbye=False)
    assert held.entries(START + 601) == []
    held.devices.on(held.id, 0, START + 700)
    (after,) = held.entries(START + 700)
    assert after.binding.ruid != before.binding.ruid
    assert after.binding.contact == before.binding.contact


def test_a_good_bye_removes_at_once_and_there_is_no_second_one() -> None:
    held = Held()
    gone = held.devices.off(held.id, 0, START + 10, goodbye=True)
    assert gone is not None
    assert (gone.missed_at, gone.gone_at) == (None, START + 10)
    assert held.entries(START + 10) == []
    assert held.devices.off(held.id, 0, START + 20, goodbye=True) is None


def test_who_is_on_does_not_come_and_a_device_that_never_was_neither() -> None:
    held = Held()
    assert not held.devices.on(held.id, 0, START + 10)
    assert not held.devices.on(held.id, 1, START + 10)


def test_a_former_entry_that_was_renewed_is_shown_once() -> None:
    held = Held()
    held.devices.off(held.id, 0, START, goodbye=False)
    held.devices.on(held.id, 0, START + 1)
    held.devices.off(held.id, 0, START + 2, goodbye=True)
    found = held.registrar.answer(held.id, START + 3)
    assert found is not None
    assert (found[0], len(found[1])) == (False, 1)


ACTS = ("rebind", "roam", "reload", "renumber", "twin", "untwin", "take_over")


def do(held: Held, act: str, now: float) -> None:
    more: dict[str, dict[str, object]] = {
        "roam": {"host": "100.64.0.1"},
        "reload": {"goodbye": True},
        "untwin": {"removed": True},
        "take_over": {"agent": "MicroSIP/3.21.3"},
    }
    getattr(held.devices, act)(held.id, 0, now, **more.get(act, {}))


@pytest.mark.parametrize("act", ACTS)
def test_nothing_happens_to_a_device_that_is_off(act: str) -> None:
    held = Held()
    held.devices.off(held.id, 0, START, goodbye=True)
    told = len(held.registrar.truth.since(0))
    do(held, act, START + 5)
    assert held.entries(START + 6) == []
    assert len(held.registrar.truth.since(0)) == told


@pytest.mark.parametrize("act", [act for act in ACTS if act != "untwin"])
def test_each_is_part_of_the_truth(act: str) -> None:
    held = Held()
    do(held, act, START + 5)
    assert len(held.registrar.truth.since(0)) == 1


def test_who_roams_home_has_its_own_line_again() -> None:
    held = Held()
    held.devices.roam(held.id, 0, START + 5, "100.64.0.1")
    held.devices.roam(held.id, 0, START + 10, "")
    reals = [entry.real for entry in held.entries(START + 10)]
    assert reals[1].startswith("sip:100.64.0.1:")
    assert reals[2].startswith("sip:198.18.0.1:")


@pytest.mark.parametrize("act", ["roam", "reload", "renumber", "take_over"])
def test_a_copy_is_not_refreshed_from_where_its_phone_is_no_more(act: str) -> None:
    held = Held()
    held.devices.twin(held.id, 0, START + 1)
    do(held, act, START + 5)
    assert len(held.devices.live(held.id, 0, START + 5)) == 1


def test_a_page_has_no_port_to_change() -> None:
    held = Held()
    held.devices.reload(held.id, 0, START, goodbye=True)
    (before,) = held.entries(START)
    held.devices.off(held.id, 0, START + 1, goodbye=True)
    held.devices.on(held.id, 0, START + 2, is_fresh=True)
    (after,) = held.entries(START + 2)
    assert after.binding.contact == before.binding.contact


def test_who_is_to_return_after_a_restart_goes_and_moves_with_the_others() -> None:
    held = Held()
    held.registrar.restart(START + 1)
    held.devices.renumber(held.id, 0, START + 2)
    assert held.entries(START + 2) == []
    (entry,) = held.entries(START + 601)
    assert entry.real.startswith("sip:198.18.0.1:")
    held = Held()
    held.registrar.restart(START + 1)
    gone = held.devices.off(held.id, 0, START + 2, goodbye=False)
    assert gone is not None
    assert gone.gone_at == START + 2
    assert held.entries(START + 601) == []
