"""Simulated lives in which one kind of thing happens, and what the API shows meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fakes.values import START

from regwatch.simulator.life import Happening, life
from regwatch.simulator.rates import REAL_LIFE, Kind
from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.world import World

OFTEN = 50.0
DAY = 86_400.0


@dataclass
class Lived:
    """A world that can be looked at, and the truth of it."""

    world: World
    truth: tuple[Happening, ...]

    def at(self, now: float, who: int) -> Mapping[str, Any]:
        """What the API shows of one; to be asked in the order of time."""
        self.world.real_now = lambda: now
        (shown,) = self.world.answers([who])
        return shown

    def all_at(self, now: float) -> list[Mapping[str, Any]]:
        self.world.real_now = lambda: now
        return list(self.world.answers(self.world.registrar.phones))

    @property
    def first(self) -> Happening:
        return self.truth[0]


def living(
    *kinds: Kind,
    phones: int = 60,
    leases: str = "600",
    days: float = 3,
    seed: int = 1,
    rates: Mapping[str, float] | None = None,
    **more: object,
) -> Lived:
    """These kinds, as often as can be."""
    names = {field for field in Kind if field.value in REAL_LIFE.__slots__}
    often = {kind.value: OFTEN for kind in kinds if kind in names}
    chosen = replace(REAL_LIFE.only(*kinds), **(often | dict(rates or {})))  # type: ignore[arg-type]
    settings = SimulatorSettings(
        extensions=phones,
        leases=leases,
        seed=seed,
        rates=chosen,
        site_size=20,
        **more,  # type: ignore[arg-type]
    )
    truth = life(settings, chosen, seed=seed, begins=START, days=days)
    return Lived(World(settings, clock=lambda: START), tuple(truth))
