"""All that a simulated PBX is: phones, quota, faults, and its own time."""

from collections.abc import Callable, Iterable, Sequence
from random import Random

from regwatch.simulator import bodies
from regwatch.simulator.faults import Faults
from regwatch.simulator.fleet import Phone
from regwatch.simulator.history import Edge, edges
from regwatch.simulator.life import Happening, Living, Plan
from regwatch.simulator.quota import FixedWindow, SharedQuota, SlidingWindow, Window
from regwatch.simulator.registrar import Registrar
from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.truth import Event


class World:
    """One simulated PBX, without its HTTP side."""

    def __init__(
        self,
        settings: SimulatorSettings,
        *,
        clock: Callable[[], float],
        tell: Callable[[Event], None] | None = None,
    ) -> None:
        self.settings = settings
        self.real_now = clock
        self.began_at = clock()
        self.faults = Faults(settings.faults)
        self.random = Random(settings.seed + 2)
        self.quota = SharedQuota(settings.quota, _window(settings))
        self.registrar = Registrar(settings, now=self.began_at, tell=tell)
        self._living = self._begun_life()
        self._frozen_at: float | None = None

    def _begun_life(self) -> Living | None:
        rates, seed, begins = self.settings.rates, self.settings.seed, self.began_at
        if rates is None:
            return None
        plan = Plan(self.settings, rates, seed=seed, begins=begins)
        return Living(self.registrar, self.faults, plan, seed=seed, begins=begins)

    def now(self) -> float:
        """The virtual time; all that is due by then has happened."""
        passed = self.real_now() - self.began_at
        now = self.began_at + passed * self.settings.speed
        self.advance(now)
        return now

    def advance(self, now: float) -> None:
        """Let happen what is due by then, in virtual time."""
        self.registrar.cleanup_lag = self.faults.number("cleanup_lag")
        if self._living is None:
            self.registrar.advance(now)
        else:
            self._living.advance(now)

    def happened(self) -> Sequence[Happening]:
        """The truth so far, where there is a life."""
        return () if self._living is None else self._living.happened()

    def answers(self, ids: Iterable[int]) -> list[bodies.Json]:
        """What the API shows of these extensions, faults of its answers and all."""
        now, asked = self.seen_now(), list(ids)
        known = [each for each in asked if self.is_known(each)]
        shown = [
            info
            for each in known
            if (info := bodies.reg_info(self.registrar, each, now=now, faults=self.faults))
        ]
        oddities = (self.registrar, self.faults, self.random)
        return bodies.with_oddities(shown, set(asked), *oddities)

    def seen_now(self) -> float:
        """The virtual time that answers speak of: an older one, if they are cached or frozen."""
        now, age = self.now(), self.faults.number("cached_answers")
        if not self.faults.on("frozen_answers"):
            self._frozen_at = None
            return now - now % age if age else now
        if self._frozen_at is None:
            self._frozen_at = now
        return self._frozen_at

    def happens(self, fault: str) -> bool:
        """Whether a fault that strikes a share of requests strikes this one."""
        share = self.faults.number(fault)
        return share > 0 and self.random.random() < share

    def listed(self) -> list[Phone]:
        """The extensions that the list shows."""
        return [phone for phone in self.registrar.phones.values() if phone.listed]

    def edges(self) -> list[Edge]:
        """When extensions came on and went off."""
        now = self.now()
        return edges(self.registrar, started_at=self.began_at, now=now)

    def is_known(self, extension_id: int) -> bool:
        """Whether the PBX has such an extension: one that was taken off its list, it has not."""
        phone = self.registrar.phones.get(extension_id)
        return phone is not None and phone.listed


def _window(settings: SimulatorSettings) -> Window:
    if settings.sliding:
        return SlidingWindow(settings.window)
    return FixedWindow(settings.window, used_by_others=settings.used_by_others)
