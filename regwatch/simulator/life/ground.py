"""On what a life is planned: the extensions, by place and by what they are."""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from regwatch.simulator.fleet import ids_of, seats_of
from regwatch.simulator.life.happenings import FIRST, SECOND
from regwatch.simulator.rates import Kind, Rates
from regwatch.simulator.seats import Make, Seat
from regwatch.simulator.settings import SimulatorSettings

DAY, HOUR, MINUTE = 86_400.0, 3600.0, 60.0
PHONES = 500
"""For so many the rates are."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Who is where."""

    settings: SimulatorSettings
    rates: Rates
    seed: int
    ids: Sequence[int]
    seats: Sequence[Seat]
    wired: Sequence[Seat]
    """Desk phones and handsets that can be lost."""
    roaming: Sequence[Seat]
    """Softphones."""
    browsers: Sequence[Seat]
    doubled: Sequence[Seat]
    """Who has a second device."""
    lines: Mapping[int, Sequence[Seat]]
    hosts: Mapping[str, Sequence[Seat]]
    """By switch or DECT base."""

    def id_of(self, seat: Seat) -> int:
        """Its extension's."""
        return self.ids[seat.number]

    def devices(self, seats: Sequence[Seat]) -> list[tuple[int, int]]:
        """All of theirs, by extension and number."""
        firsts = [(self.id_of(seat), FIRST) for seat in seats]
        return firsts + [(self.id_of(seat), SECOND) for seat in seats if seat.has_second]

    def random(self, kind: Kind, day: int) -> Random:
        """One of its own for each kind and day, so that who is left out changes nothing else."""
        return Random(f"{self.seed}/{kind.value}/{day}")

    def times(self, kind: Kind, random: Random, among: Collection[object]) -> int:
        """How often it happens on a day to as many phones as there are; never to nobody."""
        count = _poisson(random, self.rates.a_day(kind) * len(self.ids) / PHONES)
        return count if among else 0

    def times_at_all(self, kind: Kind, random: Random) -> int:
        """How often it happens on a day to the PBX, however many phones it has."""
        return _poisson(random, self.rates.a_day(kind))


def ground(settings: SimulatorSettings, rates: Rates, seed: int) -> Ground:
    """The one of these extensions."""
    seats = seats_of(settings, rates)
    lines, hosts = defaultdict(list), defaultdict(list)
    for seat in seats:
        if not (seat.is_never or seat.is_static):
            lines[seat.line].append(seat)
            hosts[seat.host].append(seat)
    hosts.pop("", None)
    able = [seat for seat in seats if not (seat.is_never or seat.is_static)]
    return Ground(
        settings,
        rates,
        seed,
        ids_of(settings),
        seats,
        wired=[seat for seat in able if seat.is_wired],
        roaming=[seat for seat in able if seat.make is Make.SOFTPHONE],
        browsers=[seat for seat in able if seat.make is Make.BROWSER],
        doubled=[seat for seat in able if seat.has_second],
        lines=lines,
        hosts=hosts,
    )


def _poisson(random: Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count
