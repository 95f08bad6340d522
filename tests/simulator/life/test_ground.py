"""On what a life is planned."""

from random import Random
from statistics import fmean

from regwatch.simulator.life.ground import ground
from regwatch.simulator.rates import REAL_LIFE, Kind
from regwatch.simulator.settings import SimulatorSettings

SETTINGS = SimulatorSettings(extensions=500, site_size=50)


def test_it_knows_who_stands_where() -> None:
    held = ground(SETTINGS, REAL_LIFE, 1)
    assert len(held.ids) == len(held.seats) == 500
    assert set(held.lines) == set(range(10))
    assert "" not in held.hosts
    assert all(seat.is_wired for seat in held.wired)
    seat = held.doubled[0]
    assert held.devices([seat]) == [(held.id_of(seat), 0), (held.id_of(seat), 1)]


def test_chance_is_of_each_kind_and_day_its_own() -> None:
    held = ground(SETTINGS, REAL_LIFE, 1)
    rolls = [
        held.random(kind, day).random() for kind in (Kind.REBOOT, Kind.REBIND) for day in (1, 2)
    ]
    assert len(set(rolls)) == 4
    assert held.random(Kind.REBOOT, 1).random() == rolls[0]


def test_it_happens_as_often_as_there_are_phones_and_never_to_nobody() -> None:
    few, many = (
        ground(SimulatorSettings(extensions=count), REAL_LIFE, 1) for count in (500, 50_000)
    )
    random = Random(1)
    assert 18 < fmean(few.times(Kind.REBOOT, random, few.wired) for _ in range(300)) < 22
    assert 1960 < fmean(many.times(Kind.REBOOT, random, many.wired) for _ in range(100)) < 2040
    assert few.times(Kind.REBOOT, random, []) == 0
    assert few.times_at_all(Kind.REBOOT, random) < 60
