"""Where phones stand: by the seed alone, in the shares that the rates say."""

from collections import Counter
from dataclasses import replace

import pytest

from regwatch.simulator.rates import REAL_LIFE, Rates
from regwatch.simulator.seats import HANDSETS, PORTS, Make, Network, is_nightly, network_of, seats

PHONES, LINE = 5000, 50


def test_seats_are_the_same_for_the_same_seed_and_in_the_order_of_numbers() -> None:
    some = seats(REAL_LIFE, seed=1, phones=100, line_size=30)
    assert some == seats(REAL_LIFE, seed=1, phones=100, line_size=30)
    assert some != seats(REAL_LIFE, seed=2, phones=100, line_size=30)
    assert [seat.number for seat in some] == list(range(100))
    assert [seat.line for seat in some] == [number // 30 for number in range(100)]


def test_a_place_keeps_its_seats_when_others_are_added() -> None:
    assert seats(REAL_LIFE, seed=1, phones=120, line_size=30)[:90] == seats(
        REAL_LIFE, seed=1, phones=90, line_size=30
    )


def test_makes_are_in_their_shares_and_wires_have_their_sizes() -> None:
    found = seats(REAL_LIFE, seed=1, phones=PHONES, line_size=LINE)
    makes = Counter(seat.make for seat in found)
    assert 0.11 < makes[Make.SOFTPHONE] / PHONES < 0.13
    assert 0.015 < makes[Make.BROWSER] / PHONES < 0.025
    assert 0.11 < makes[Make.DECT] / PHONES < 0.13
    hosts = Counter(seat.host for seat in found if seat.host)
    assert max(n for host, n in hosts.items() if host.startswith("base")) <= HANDSETS
    assert max(n for host, n in hosts.items() if host.startswith("switch")) <= PORTS[1]
    assert not any(seat.host for seat in found if seat.make in {Make.SOFTPHONE, Make.BROWSER})


def test_who_cannot_be_lost_is_on_no_list_of_losses() -> None:
    found = seats(REAL_LIFE, seed=1, phones=PHONES, line_size=LINE)
    apart = [seat for seat in found if seat.is_never or seat.is_static]
    assert any(seat.is_never for seat in apart)
    assert any(seat.is_static for seat in apart)
    assert not any(seat.is_wired or seat.has_second for seat in apart)
    assert all(s.is_wired for s in found if s.make is Make.DESK and s not in apart)


@pytest.mark.parametrize(
    ("rates", "network"),
    [
        (replace(REAL_LIFE, ipv6_share=1.0), Network.IPV6),
        (replace(REAL_LIFE, ipv6_share=0.0, mapped_share=1.0), Network.MAPPED),
        (replace(REAL_LIFE, ipv6_share=0.0, mapped_share=0.0), Network.IPV4),
    ],
)
def test_a_line_is_of_one_network(rates: Rates, network: Network) -> None:
    assert {network_of(rates, 1, line) for line in range(50)} == {network}


def test_some_lines_change_each_night() -> None:
    nightly = [line for line in range(1000) if is_nightly(REAL_LIFE, 1, line)]
    assert 150 < len(nightly) < 250
    assert nightly == [line for line in range(1000) if is_nightly(REAL_LIFE, 1, line)]
