"""Devices as the registrar meets them: habits, who is in step, how addresses are written."""

from collections import defaultdict
from dataclasses import replace
from ipaddress import ip_address

from fakes.values import START

from regwatch.simulator.bindings import Binding
from regwatch.simulator.fleet import make_fleet
from regwatch.simulator.furnishing import line_host, mobile_host
from regwatch.simulator.rates import REAL_LIFE, Rates
from regwatch.simulator.seats import Make, Seat, seats
from regwatch.simulator.settings import SimulatorSettings


def fleet(rates: Rates = REAL_LIFE, phones: int = 1000) -> list[tuple[Seat, list[Binding]]]:
    settings = SimulatorSettings(extensions=phones, rates=rates, leases="1800,3600", site_size=50)
    standing = seats(rates, seed=1, phones=phones, line_size=50)
    made = make_fleet(settings, START)
    return [(seat, phone.bindings) for seat, phone in zip(standing, made, strict=True)]


def intervals(binding: Binding, count: int = 60) -> list[float]:
    """Between its refreshes, as shares of its lease."""
    found, at = [], binding.next_refresh_at(START)
    for _ in range(count):
        after = binding.next_refresh_at(at)
        found.append((after - at) / binding.lease)
        at = after
    return found


def test_phones_refresh_at_50_to_95_percent_of_their_leases_and_never_lapse() -> None:
    spans = [intervals(b) for _, bindings in fleet(phones=300) for b in bindings]
    assert all(0.48 <= share < 1 for span in spans for share in span)
    spread = [max(span) - min(span) for span in spans]
    assert any(each > 0.3 for each in spread), "unsteady ones"
    assert sorted(spread)[len(spread) // 2] < 0.1, "most are steady"


def test_phones_of_a_base_and_of_some_switches_refresh_in_step() -> None:
    by_host: dict[str, list[float]] = defaultdict(list)
    for seat, bindings in fleet(replace(REAL_LIFE, unsteady_share=0.0)):
        if seat.host and bindings:
            by_host[seat.host].append(bindings[0].next_refresh_at(START + 40))
    spreads = {host: max(at) - min(at) for host, at in by_host.items() if len(at) > 2}
    in_step = [host for host, spread in spreads.items() if spread < 10]
    switches = [host for host in spreads if host.startswith("switch")]
    assert all(host in in_step for host in spreads if host.startswith("base"))
    assert 0.3 < len([host for host in in_step if host in switches]) / len(switches) < 0.7


def test_handsets_share_the_address_of_their_base_and_browsers_have_none() -> None:
    bases: dict[str, set[str]] = defaultdict(set)
    for seat, bindings in fleet():
        if seat.make is Make.DECT:
            bases[seat.host].add(f"{bindings[0].contact.partition('@')[2]} {bindings[0].device}")
        if seat.make is Make.BROWSER:
            assert bindings[0].contact.endswith(".invalid;transport=ws")
    assert bases
    assert all(len(found) == 1 for found in bases.values())


def test_who_has_two_devices_has_a_softphone_besides() -> None:
    doubled = [bindings for seat, bindings in fleet() if seat.has_second]
    assert doubled
    assert all([b.number for b in bindings] == [0, 1] for bindings in doubled)


def test_addresses_are_a_lines_own_and_written_as_the_line_does() -> None:
    plain = replace(REAL_LIFE, ipv6_share=0.0, mapped_share=0.0)
    hosts = {line_host(plain, 1, line, 7) for line in range(5000)}
    assert len(hosts) == 5000
    assert all(ip_address(host).version == 4 for host in hosts)
    assert not hosts & {line_host(plain, 1, line, 7, 1) for line in range(3)}
    mapped = line_host(replace(plain, mapped_share=1.0), 1, 3, 7)
    assert ip_address(mapped.strip("[]")).ipv4_mapped is not None  # type: ignore[union-attr]
    other = replace(plain, ipv6_share=1.0)
    one, two = (ip_address(line_host(other, 1, 3, salt).strip("[]")) for salt in (7, 8))
    assert one != two
    assert one.exploded[:19] == two.exploded[:19]
    assert ip_address(mobile_host(2_999_999))
