"""All that a simulated PBX is: phones, quota, faults, and its own time."""

from collections.abc import Callable
from random import Random

from regwatch.simulator.faults import Faults
from regwatch.simulator.fleet import Phone
from regwatch.simulator.history import Edge, edges
from regwatch.simulator.quota import HourlyQuota
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
        self._started_at = clock()
        self.faults = Faults(settings.faults)
        self.random = Random(settings.seed + 2)
        self.quota = HourlyQuota(settings.quota, settings.used_by_others)
        self.registrar = Registrar(settings, now=self._started_at, tell=tell)

    def now(self) -> float:
        """The virtual time; all that is due by then has happened."""
        passed = self.real_now() - self._started_at
        now = self._started_at + passed * self.settings.speed
        self.registrar.cleanup_lag = self.faults.number("cleanup_lag")
        self.registrar.advance(now)
        return now

    def seen_now(self) -> float:
        """The virtual time that answers speak of: an older one, if they are cached."""
        now, age = self.now(), self.faults.number("cached_answers")
        return now - now % age if age else now

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
        return edges(self.registrar, started_at=self._started_at, now=now)

    def is_known(self, extension_id: int) -> bool:
        """Whether the PBX has such an extension: one that was taken off its list, it has not."""
        phone = self.registrar.phones.get(extension_id)
        return phone is not None and phone.listed
