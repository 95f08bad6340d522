"""Where each phone stands and what it is: on which line, switch or DECT base, made from a seed.

A seat is known by the number of its extension alone, so that nothing has to be built to ask.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from zlib import crc32

from regwatch.simulator.rates import Rates

PORTS = (4, 24)
"""Phones on one switch, at least and at most; about a quarter of a place."""
HANDSETS = 8
"""Of a DECT base, at most."""
NEVER_SHARE, STATIC_SHARE = 0.02, 0.01
"""Of the desk phones: who never registers, whose registration never ends."""


class Make(StrEnum):
    """What a phone is."""

    DESK = "desk"
    DECT = "dect"
    SOFTPHONE = "softphone"
    BROWSER = "browser"


class Network(StrEnum):
    """How a line's addresses are written."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    MAPPED = "mapped"


@dataclass(frozen=True, slots=True)
class Seat:
    """One extension's."""

    number: int
    """Of the extension, from 0."""
    line: int
    """The place: phones behind one public address."""
    make: Make
    host: str
    """`switch 3.1`, `base 3.0`; empty: on no wire."""
    is_never: bool = False
    is_static: bool = False
    has_second: bool = False

    @property
    def is_wired(self) -> bool:
        """A desk phone or a handset that can be lost."""
        is_phone = self.make in {Make.DESK, Make.DECT}
        return is_phone and not (self.is_never or self.is_static)


def seats(rates: Rates, *, seed: int, phones: int, line_size: int) -> tuple[Seat, ...]:
    """All of them, by number."""
    found: list[Seat] = []
    for line, start in enumerate(range(0, phones, line_size)):
        numbers = range(start, min(start + line_size, phones))
        found += sorted(_of_line(rates, Random(f"{seed}/line {line}"), line, numbers), key=_number)
    return tuple(found)


def _number(seat: Seat) -> int:
    return seat.number


def _of_line(rates: Rates, random: Random, line: int, numbers: range) -> Iterator[Seat]:
    left = random.sample(numbers, len(numbers))
    for share, make in (
        (rates.softphone_share, Make.SOFTPHONE),
        (rates.browser_share, Make.BROWSER),
    ):
        count = _rounded(random, share * len(numbers))
        chosen, left = left[:count], left[count:]
        yield from (Seat(number, line, make, "") for number in chosen)
    count = _rounded(random, rates.dect_share * len(numbers))
    handsets, left = left[:count], left[count:]
    for index, number in enumerate(handsets):
        yield Seat(number, line, Make.DECT, f"base {line}.{index // HANDSETS}")
    yield from _desks(rates, random, line, left, len(numbers))


def _desks(
    rates: Rates, random: Random, line: int, numbers: list[int], size: int
) -> Iterator[Seat]:
    ports = min(PORTS[1], max(PORTS[0], size // random.choice((3, 4, 5, 8))))
    for index, number in enumerate(numbers):
        roll, other = random.random(), random.random()
        yield Seat(
            number,
            line,
            Make.DESK,
            f"switch {line}.{index // ports}",
            is_never=roll < NEVER_SHARE,
            is_static=NEVER_SHARE <= roll < NEVER_SHARE + STATIC_SHARE,
            has_second=roll > NEVER_SHARE + STATIC_SHARE and other < rates.second_device_share,
        )


def _rounded(random: Random, count: float) -> int:
    """Up or down by chance, so that small places get their share."""
    return int(count + random.random())


def network_of(rates: Rates, seed: int, line: int) -> Network:
    """How this line's addresses are written."""
    roll = _roll(f"{seed}/network {line}")
    if roll < rates.ipv6_share:
        return Network.IPV6
    return Network.MAPPED if roll < rates.ipv6_share + rates.mapped_share else Network.IPV4


def is_nightly(rates: Rates, seed: int, line: int) -> bool:
    """Whether this line's address changes each night."""
    return _roll(f"{seed}/nightly {line}") < rates.nightly_share


def _roll(word: str) -> float:
    """Always the same for this word, from 0 to below 1."""
    return crc32(word.encode()) / 2**32
