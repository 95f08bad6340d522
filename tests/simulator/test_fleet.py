"""The extensions of a simulated customer, and the phones on them, made from a seed."""

from ipaddress import ip_address, ip_network
from random import Random

import pytest
from fakes.values import START
from hypothesis import given
from hypothesis import strategies as st

from regwatch.simulator.fleet import Phone, make_fleet, new_binding, public_address
from regwatch.simulator.registrar import Registrar
from regwatch.simulator.settings import SimulatorSettings

DOCUMENTATION = [ip_network(f"{net}.0/24") for net in ("203.0.113", "198.51.100", "192.0.2")]


def registrar(**more: object) -> Registrar:
    values = {"extensions": 8, "calm": True, "leases": "600", "site_size": 4}
    return Registrar(SimulatorSettings(**{**values, **more}), now=START)  # type: ignore[arg-type]


def left(held: Registrar, extension_id: int, now: float) -> float:
    found = held.answer(extension_id, now)
    assert found is not None
    return found[1][0].left


def test_phones_are_met_in_the_middle_of_their_leases() -> None:
    held = registrar(extensions=200)
    leases = sorted(left(held, i, START) for i in held.phones)
    assert leases[0] < 300 < leases[-1]
    assert len({round(each) for each in leases}) > 50


def test_a_lively_fleet_has_phones_that_never_register_and_permanent_ones() -> None:
    held = registrar(extensions=1000, calm=False)
    phones = held.phones.values()
    assert any(phone.never for phone in phones)
    assert any(binding.is_static for phone in phones for binding in phone.bindings)
    assert any(len(phone.bindings) > 1 for phone in phones)


@pytest.mark.parametrize("leases", ["60", "300", "3600", "desk"])
def test_no_habit_lets_a_healthy_phone_lapse_between_two_refreshes(leases: str) -> None:
    """Also of those that refresh a few seconds before the end of a long lease."""
    held = registrar(extensions=400, leases=leases)
    for phone in held.phones.values():
        (binding,) = phone.bindings
        at = START
        for _ in range(50):
            ends, at = binding.lease_ends_at(at), binding.next_refresh_at(at)
            assert at < ends


def test_habits_differ() -> None:
    """Half, four fifths, nine tenths of the lease, and seconds before its end."""
    held = registrar(extensions=400, leases="3600")
    shares = [phone.bindings[0].period / 3600 for phone in held.phones.values()]
    assert {0.5, 0.8, 0.9} <= set(shares)
    assert any(0.98 < share < 1 for share in shares)


def test_numbers_go_up_ids_do_not_and_sites_are_filled_one_after_the_other() -> None:
    fleet = make_fleet(SimulatorSettings(extensions=50, site_size=20), START)
    assert [phone.name for phone in fleet] == [f"000*{100 + n}" for n in range(50)]
    ids = [phone.id for phone in fleet]
    assert len(set(ids)) == 50
    assert ids != sorted(ids)
    assert [phone.site for phone in fleet] == [0] * 20 + [1] * 20 + [2] * 10


def test_the_same_seed_makes_the_same_fleet() -> None:
    def fleet(seed: int) -> list[Phone]:
        return make_fleet(SimulatorSettings(seed=seed), START)

    assert fleet(7) == fleet(7)
    assert fleet(7) != fleet(8)


def test_in_the_calm_each_has_one_phone_that_registers() -> None:
    fleet = make_fleet(SimulatorSettings(extensions=300, calm=True), START)
    assert {len(phone.bindings) for phone in fleet} == {1}
    assert not any(phone.never or phone.bindings[0].is_static for phone in fleet)


def test_a_device_that_registers_now_begins_its_lease_now() -> None:
    phone = make_fleet(SimulatorSettings(calm=True, leases="600"), START)[0]
    fresh = new_binding(Random(1), phone, (600.0,), START, fresh=True)
    assert fresh.refreshed_at(START) == START
    assert fresh.lease_ends_at(START) == START + 600


@given(st.integers(0, 5000), st.integers(0, 200))
def test_addresses_are_those_kept_for_documentation(site: int, generation: int) -> None:
    address = ip_address(public_address(site, generation))
    assert any(address in network for network in DOCUMENTATION)


def test_neighbouring_sites_have_addresses_of_their_own() -> None:
    assert len({public_address(site) for site in range(750)}) == 750
    assert all(public_address(7, generation) != public_address(7) for generation in range(1, 201))
