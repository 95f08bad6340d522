"""Laws that hold for every simulated phone, whatever happened to it before."""

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.simulator.registrar import Registrar
from regwatch.simulator.settings import SimulatorSettings

START = 1_000_000.0
LEASE = 600.0


def registrar(**more: object) -> Registrar:
    values = {"extensions": 8, "calm": True, "leases": "600", "site_size": 4}
    return Registrar(SimulatorSettings(**{**values, **more}), now=START)  # type: ignore[arg-type]


def is_registered(held: Registrar, extension_id: int, now: float) -> bool:
    held.advance(now)
    found = held.answer(extension_id, now)
    assert found is not None
    return found[0]


def lefts(held: Registrar, extension_id: int, now: float) -> list[float]:
    held.advance(now)
    found = held.answer(extension_id, now)
    assert found is not None
    return [entry.left for entry in found[1]]


def kinds(held: Registrar) -> list[str]:
    return [event.kind for event in held.truth.since(0)]


HAPPENINGS = (
    "die",
    "unregister",
    "reboot",
    "revive",
    "rebind",
    "move",
    "add_device",
    "flap",
    "restart",
    "delete",
    "dark",
    "light",
)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.floats(0, 900)), max_size=12),
    st.integers(0, 1000),
)
def test_whatever_happened_answers_are_sound(story: list[tuple[str, float]], seed: int) -> None:
    """What is registered runs, what is not has ended, no id comes twice, all is valid JSON."""
    held, random, now = registrar(seed=seed), Random(seed), START
    for what, pause in story:
        now += pause
        held.advance(now)
        extension_id = random.choice(list(held.phones))
        if what == "restart":
            held.restart(now)
        elif what == "delete":
            held.delete(extension_id, None, now)
        elif what in ("dark", "light"):
            held.site(0, dark=what == "dark", now=now)
        else:
            held.act(extension_id, what, now)
        for each in held.phones:
            found = held.answer(each, now)
            assert found is not None
            registered, entries = found
            assert len({entry.binding.ruid for entry in entries}) == len(entries)
            assert all((entry.left > 0) is registered for entry in entries)
            assert all(entry.binding.born_at <= now for entry in entries)
    for event in held.truth.since(0):
        json.loads(event.line(), parse_constant=pytest.fail)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["restart", "delete", "rebind"]), min_size=1, max_size=6))
def test_a_phone_that_is_on_always_comes_back(story: list[str]) -> None:
    held, now = registrar(), START
    for what in story:
        now += 1
        for extension_id in held.phones:
            if what == "delete":
                held.delete(extension_id, None, now)
            elif what == "rebind":
                held.act(extension_id, "rebind", now)
        if what == "restart":
            held.restart(now)
    assert all(is_registered(held, each, now + LEASE) for each in held.phones)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["restart", "delete", "reboot", "move"]), max_size=5))
def test_a_phone_that_is_off_stays_away(story: list[str]) -> None:
    held, now = registrar(), START
    extension_id = next(iter(held.phones))
    for what in story:
        now += 1
        if what == "restart":
            held.restart(now)
        elif what == "delete":
            held.delete(extension_id, None, now)
        else:
            held.act(extension_id, what, now)
    held.act(extension_id, "die", now + 1)
    assert not any(is_registered(held, extension_id, now + 1 + LEASE + t) for t in (0, 1, 5000))


def test_the_lease_of_an_ended_entry_is_over() -> None:
    """Also if it was ended long before its time."""
    held = registrar()
    gone, deleted = list(held.phones)[:2]
    held.act(gone, "unregister", START + 10)
    held.delete(deleted, None, START + 10)
    assert lefts(held, gone, START + 12) == [-2]
    assert lefts(held, deleted, START + 10) == [0]


def test_what_never_registered_is_not_shown_as_ended() -> None:
    held = registrar()
    extension_id, binding = next((i, phone.bindings[0]) for i, phone in held.phones.items())
    held.restart(START + 1)
    held.act(extension_id, "die", START + 2)
    found = held.answer(extension_id, START + LEASE)
    assert found is not None
    assert [entry.binding.ruid for entry in found[1]] == [binding.ruid]
    assert kinds(held) == ["restart"]


def test_a_dead_phone_keeps_the_address_of_its_last_register() -> None:
    held = registrar()
    extension_id, binding = next((i, phone.bindings[0]) for i, phone in held.phones.items())
    before = binding.address(START)
    held.act(extension_id, "rebind", START)
    held.act(extension_id, "die", START)
    assert binding.address(START + 2 * LEASE) == before


def test_the_truth_of_a_rebinding_tells_the_new_address_and_when_it_shows() -> None:
    held = registrar()
    extension_id, binding = next((i, phone.bindings[0]) for i, phone in held.phones.items())
    held.act(extension_id, "rebind", START)
    (event,) = held.truth.since(0)
    assert event.visible_at == binding.next_refresh_at(START)
    assert event.address == binding.address(event.visible_at) != binding.real


def test_the_death_of_a_permanent_registration_never_shows() -> None:
    held = registrar()
    extension_id, binding = next((i, phone.bindings[0]) for i, phone in held.phones.items())
    binding.is_static = True
    held.act(extension_id, "die", START)
    assert held.truth.since(0)[0].visible_at is None


def test_all_devices_of_a_phone_come_back() -> None:
    held = registrar()
    extension_id = next(iter(held.phones))
    held.act(extension_id, "add_device", START)
    held.act(extension_id, "reboot", START + 1)
    devices = {b.device for b in held.phones[extension_id].bindings}
    held.act(extension_id, "unregister", START + 2)
    held.act(extension_id, "revive", START + 3)
    found = held.answer(extension_id, START + LEASE)
    assert found is not None
    assert found[0]
    assert len(found[1]) == 2
    assert {entry.binding.device for entry in found[1]} == devices


def test_an_entry_that_waits_for_cleaning_up_can_still_be_deleted() -> None:
    held = registrar()
    held.cleanup_lag = 60.0
    extension_id, binding = next((i, phone.bindings[0]) for i, phone in held.phones.items())
    held.act(extension_id, "die", START)
    late = binding.lease_ends_at(START) + 30
    assert is_registered(held, extension_id, late)
    assert held.delete(extension_id, binding.ruid, late)
    assert not is_registered(held, extension_id, late)
    assert kinds(held) == ["die", "deleted"]


def test_in_a_dark_site_nothing_comes_back_by_itself() -> None:
    held = registrar()
    members = [phone.id for phone in held.phones.values() if phone.site == 0]
    held.site(0, dark=True, now=START)
    held.site(0, dark=False, now=START + 700)
    held.site(0, dark=True, now=START + 700)
    assert not any(is_registered(held, each, START + 1400) for each in members)
    held.site(0, dark=False, now=START + 1400)
    assert all(is_registered(held, each, START + 1461) for each in members)


def test_the_light_wakes_nobody_who_never_registered() -> None:
    held = registrar(extensions=300, calm=False, events_per_phone_and_day=0.0, site_size=300)
    never = [phone.id for phone in held.phones.values() if phone.never]
    held.site(0, dark=True, now=START)
    held.site(0, dark=False, now=START + 1)
    held.advance(START + 100)
    assert never
    assert not any(is_registered(held, each, START + 100) for each in never)


def test_one_who_never_registered_can_be_brought_to() -> None:
    held = registrar(extensions=300, calm=False, events_per_phone_and_day=0.0)
    never = next(phone.id for phone in held.phones.values() if phone.never)
    held.act(never, "revive", START)
    assert is_registered(held, never, START)
    assert kinds(held) == ["add_device"]


def test_nothing_is_deleted_of_whom_there_is_not() -> None:
    assert not registrar().delete(999_999, None, START)


def test_restarts_leave_no_heap_of_old_entries() -> None:
    held = registrar()
    for day in range(40):
        held.advance(START + day * 86_400)
        held.restart(START + day * 86_400)
    assert all(len(phone.bindings) < 15 for phone in held.phones.values())


def test_a_return_is_told_when_it_happens() -> None:
    held = registrar()
    extension_id, binding = next((i, phone.bindings[0]) for i, phone in held.phones.items())
    at = binding.next_refresh_at(START)
    held.delete(extension_id, None, START)
    held.advance(at)
    deleted, returned = held.truth.since(0)
    assert (deleted.kind, deleted.visible_at) == ("deleted", START)
    assert (returned.kind, returned.at, returned.visible_at) == ("return", at, at)
    assert returned.registration_id != deleted.registration_id == binding.ruid
