"""The laws of the simulated phones and their registrar, in virtual time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regwatch.simulator.bindings import Binding
from regwatch.simulator.registrar import Registrar
from regwatch.simulator.settings import SimulatorSettings

START = 1_000_000.0
DAY = 86_400.0


def registrar(**more: object) -> Registrar:
    values = {"extensions": 30, "calm": True, "leases": "600"}
    return Registrar(SimulatorSettings(**{**values, **more}), now=START)  # type: ignore[arg-type]


def first(held: Registrar) -> tuple[int, Binding]:
    phone = next(iter(held.phones.values()))
    return phone.id, phone.bindings[0]


def shown(held: Registrar, extension_id: int, now: float) -> tuple[bool, list[str]]:
    held.advance(now)
    found = held.answer(extension_id, now)
    assert found is not None
    registered, entries = found
    return registered, [entry.binding.ruid for entry in entries]


def left(held: Registrar, extension_id: int, now: float) -> float:
    found = held.answer(extension_id, now)
    assert found is not None
    return found[1][0].left


# --- phones -----------------------------------------------------------------------------------


@given(st.floats(0, DAY), st.integers(0, 29), st.sampled_from(["60", "600", "60,3600", "desk"]))
def test_a_healthy_phone_never_lapses(after: float, index: int, leases: str) -> None:
    held = registrar(leases=leases)
    extension_id = list(held.phones)[index]
    registered, _ = shown(held, extension_id, START + after)
    assert registered
    assert 0 < left(held, extension_id, START + after) <= 3600


def test_the_same_seed_gives_the_same_life_and_another_another() -> None:
    def life(seed: int) -> list[object]:
        held = registrar(seed=seed, calm=False, events_per_phone_and_day=200.0)
        held.advance(START + 3600)
        return [(e.kind, e.at, e.extension_id) for e in held.truth.since(0)]

    assert life(1) == life(1) != life(2)


@pytest.mark.usefixtures("not_traced")
def test_left_alone_phones_have_lives_of_all_kinds() -> None:
    held = registrar(calm=False, events_per_phone_and_day=500.0)
    held.advance(START + DAY)
    kinds = {event.kind for event in held.truth.since(0)}
    assert {"die", "unregister", "reboot", "revive", "rebind", "move", "add_device"} <= kinds


def test_in_the_calm_nothing_happens() -> None:
    held = registrar()
    held.advance(START + 10 * DAY)
    assert held.truth.since(0) == []


# --- what happens to them ---------------------------------------------------------------------


def test_a_silent_death_shows_exactly_when_its_lease_ends() -> None:
    held = registrar()
    extension_id, binding = first(held)
    held.act(extension_id, "die", START + 50)
    ends = binding.lease_ends_at(START + 50)
    assert shown(held, extension_id, ends - 0.01)[0]
    assert not shown(held, extension_id, ends)[0]
    (event,) = held.truth.since(0)
    assert (event.kind, event.at, event.visible_at) == ("die", START + 50, ends)


def test_the_registrar_may_clean_up_later() -> None:
    held = registrar()
    held.cleanup_lag = 60.0
    extension_id, binding = first(held)
    held.act(extension_id, "die", START)
    ends = binding.lease_ends_at(START)
    assert shown(held, extension_id, ends + 59)[0]
    assert not shown(held, extension_id, ends + 60)[0]


def test_an_unregister_shows_at_once_and_the_ended_entry_is_listed() -> None:
    held = registrar()
    extension_id, binding = first(held)
    held.act(extension_id, "unregister", START + 50)
    assert shown(held, extension_id, START + 50) == (False, [binding.ruid])


def test_a_reboot_adds_an_entry_and_the_old_one_runs_out() -> None:
    held = registrar()
    extension_id, old = first(held)
    held.act(extension_id, "reboot", START + 50)
    registered, ruids = shown(held, extension_id, START + 51)
    assert registered
    assert ruids[0] == old.ruid
    assert len(ruids) == 2
    new = held.phones[extension_id].bindings[1]
    assert new.device == old.device
    assert new.contact != old.contact
    assert new.real == old.real
    after = old.lease_ends_at(START + 50)
    assert shown(held, extension_id, after) == (True, [new.ruid])


def test_a_rebinding_shows_a_new_port_with_the_next_refresh_under_the_same_id() -> None:
    held = registrar()
    extension_id, binding = first(held)
    before = binding.address(START)
    held.act(extension_id, "rebind", START)
    at = binding.next_refresh_at(START)
    assert binding.address(at - 0.01) == before
    assert binding.address(at) != before
    assert binding.address(at).rpartition(":")[0] == before.rpartition(":")[0]
    assert shown(held, extension_id, at)[1] == [binding.ruid]


def test_a_move_comes_from_another_network() -> None:
    held = registrar()
    extension_id, old = first(held)
    held.act(extension_id, "move", START)
    new = held.phones[extension_id].bindings[-1]
    assert new.real.rpartition(":")[0] != old.real.rpartition(":")[0]


def test_a_revived_phone_has_a_new_entry_and_one_that_is_on_stays_as_it_is() -> None:
    held = registrar()
    extension_id, old = first(held)
    held.act(extension_id, "revive", START)
    assert shown(held, extension_id, START)[1] == [old.ruid]
    held.act(extension_id, "unregister", START + 1)
    held.act(extension_id, "revive", START + 2)
    registered, ruids = shown(held, extension_id, START + 2)
    assert registered
    assert old.ruid not in ruids


def test_flapping_comes_and_goes() -> None:
    held = registrar()
    extension_id, _ = first(held)
    held.act(extension_id, "flap", START)
    states = [shown(held, extension_id, START + seconds)[0] for seconds in range(5, 130, 20)]
    assert states == [False, True, False, True, False, True, True]


def test_a_site_goes_dark_together_and_comes_back_within_a_minute() -> None:
    held = registrar(extensions=40, site_size=20)
    members = [phone.id for phone in held.phones.values() if phone.site == 1]
    assert held.site(1, dark=True, now=START) == 20
    assert not any(shown(held, i, START + 700)[0] for i in members)
    held.site(1, dark=False, now=START + 700)
    assert all(shown(held, i, START + 761)[0] for i in members)


def test_a_restart_forgets_all_and_phones_return_under_new_ids() -> None:
    held = registrar()
    before = {i: shown(held, i, START)[1] for i in held.phones}
    held.restart(START + 1)
    assert not any(shown(held, i, START + 1)[0] for i in held.phones)
    after = {i: shown(held, i, START + 601) for i in held.phones}
    assert all(registered for registered, _ in after.values())
    assert all(before[i] != ruids for i, (_, ruids) in after.items())


def test_a_restart_keeps_what_is_registered_for_good() -> None:
    held = registrar()
    extension_id, binding = first(held)
    binding.is_static = True
    held.restart(START + 1)
    assert shown(held, extension_id, START + 1)[1] == [binding.ruid]


def test_a_phone_that_dies_before_it_returned_does_not_return() -> None:
    held = registrar()
    extension_id, _ = first(held)
    held.restart(START)
    held.act(extension_id, "die", START + 0.001)
    assert not shown(held, extension_id, START + DAY)[0]


def test_what_is_deleted_returns_with_the_next_refresh() -> None:
    held = registrar()
    extension_id, binding = first(held)
    at = binding.next_refresh_at(START)
    assert held.delete(extension_id, binding.ruid, START)
    assert not held.delete(extension_id, binding.ruid, START)
    assert not shown(held, extension_id, at - 0.01)[0]
    assert shown(held, extension_id, at)[0]


def test_a_permanent_registration_never_ends() -> None:
    held = registrar()
    extension_id, binding = first(held)
    binding.is_static = True
    held.act(extension_id, "die", START)
    assert shown(held, extension_id, START + 100 * DAY)[0]


def test_entries_that_ended_long_ago_are_forgotten() -> None:
    held = registrar()
    extension_id, _ = first(held)
    for day in range(40):
        held.act(extension_id, "reboot", START + day * DAY)
    assert len(held.phones[extension_id].bindings) < 15


def test_an_extension_that_does_not_exist_has_no_answer() -> None:
    assert registrar().answer(999_999, START) is None


def test_what_happens_to_nobody_is_an_error() -> None:
    held = registrar()
    with pytest.raises(KeyError):
        held.act(999_999, "die", START)
    with pytest.raises(KeyError):
        held.act(first(held)[0], "dance", START)
