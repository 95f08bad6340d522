"""What happens on which day: settled by the seed alone, whoever asks whatever."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import Random

from regwatch.simulator.faults import Faults
from regwatch.simulator.life import failures, lies, machines, people
from regwatch.simulator.life.ground import DAY, Ground, ground
from regwatch.simulator.life.happenings import Happening, Want
from regwatch.simulator.life.living import Living
from regwatch.simulator.rates import Kind, Rates
from regwatch.simulator.registrar import Registrar
from regwatch.simulator.settings import SimulatorSettings

LONGEST_NIGHT = 4
"""Days: who went home on Friday is away on Monday morning."""
AFTERMATH = 3 * DAY
"""After the last day, until everybody is back."""
OfDay = Callable[[Ground, Random, int], Iterator[Happening]]
PLANNERS: Mapping[Kind, OfDay] = {
    Kind.SILENT_DEATH: failures.silent_deaths,
    Kind.DEVICE_DEATH: failures.device_deaths,
    Kind.SWITCH_REBOOT: partial(failures.switches, kind=Kind.SWITCH_REBOOT),
    Kind.SWITCH_DEATH: partial(failures.switches, kind=Kind.SWITCH_DEATH),
    Kind.BASE_DEATH: partial(failures.switches, kind=Kind.BASE_DEATH),
    Kind.POWER_CUT: partial(failures.places, kind=Kind.POWER_CUT),
    Kind.LINE_CUT: partial(failures.places, kind=Kind.LINE_CUT),
    Kind.PART_LOST: partial(failures.places, kind=Kind.PART_LOST),
    Kind.OFFICE_HOURS: people.office_hours,
    Kind.ROAMING: people.roaming,
    Kind.RELOAD: people.reloads,
    Kind.TAKE_OVER: people.take_overs,
    Kind.REBOOT: machines.reboots,
    Kind.REBIND: machines.rebinds,
    Kind.FIRMWARE: machines.firmware,
    Kind.NEW_ADDRESS: machines.new_addresses,
    Kind.TWO_NODES: machines.two_nodes,
    Kind.RESTART: machines.restarts,
    Kind.GLITCH: lies.glitches,
    Kind.MASS_GLITCH: lies.mass_glitches,
    Kind.FROZEN: lies.frozen,
    Kind.LIST_SHRUNK: lies.lists_shrunk,
    Kind.API_DOWN: lies.api_down,
}


class Plan:
    """A life that begins at some moment, and goes on."""

    def __init__(
        self, settings: SimulatorSettings, rates: Rates, *, seed: int, begins: float
    ) -> None:
        self._ground = ground(settings, rates, seed)
        self._begins = begins
        self._day: tuple[int, Sequence[Happening]] = (-1, ())

    def __call__(self, since: float, before: float) -> Sequence[Happening]:
        """What begins in that time; at its begin also who had gone home before."""
        days = range(int(since // DAY), int(before // DAY) + 1)
        found = [each for day in days for each in self._of_day(day) if since <= each.at < before]
        if since == self._begins:
            found += self._away_already()
        return sorted(found, key=lambda each: (each.at, each.number))

    def _of_day(self, day: int) -> Sequence[Happening]:
        """The last one is kept: who goes from noon to noon asks for each twice."""
        if self._day[0] != day:
            found: list[Happening] = []
            for kind, planned in PLANNERS.items():
                found += planned(self._ground, self._ground.random(kind, day), day)
            self._day = (day, found)
        return self._day[1]

    def _away_already(self) -> Iterator[Happening]:
        today = int(self._begins // DAY)
        for day in range(today - LONGEST_NIGHT, today + 1):
            random = self._ground.random(Kind.OFFICE_HOURS, day)
            for each in people.office_hours(self._ground, random, day):
                if each.until is not None and each.at < self._begins < each.until:
                    steps = tuple(replace(s, at=max(s.at, self._begins)) for s in each.steps)
                    yield replace(each, at=self._begins, want=Want.NOTHING, steps=steps)


def life(
    settings: SimulatorSettings, rates: Rates, *, seed: int, begins: float, days: float
) -> Sequence[Happening]:
    """Lived through once beforehand: all that begins in these days, with what is to be seen.

    Phones and their lives are those of the seed, whatever the settings' own.
    """
    ends = begins + days * DAY
    settings = replace(settings, rates=rates, seed=seed, calm=True, faults={})
    plan = Plan(settings, rates, seed=seed, begins=begins)

    def until_the_end(since: float, before: float) -> Sequence[Happening]:
        return plan(since, min(before, ends)) if since < ends else ()

    registrar = Registrar(settings, now=begins)
    living = Living(registrar, Faults({}), until_the_end, seed=seed, begins=begins)
    living.advance(ends + AFTERMATH)
    return sorted(living.happened(), key=lambda each: (each.at, each.number))
