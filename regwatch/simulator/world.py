"""All that a simulated PBX is: phones, quota, faults, and its own time."""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

from regwatch.simulator.faults import Faults
from regwatch.simulator.fleet import Phone
from regwatch.simulator.quota import HourlyQuota
from regwatch.simulator.registrar import Registrar
from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.truth import Event

EDGES = {"die": "off", "unregister": "off", "revive": "on", "reboot": "on", "add_device": "on"}


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

    def status_log(self) -> list[dict[str, str]]:
        """On and off by short number, as the vendor's history tells it."""
        now, entries = self.now(), []
        for event in self.registrar.truth.since(0):
            if event.kind in EDGES and event.visible_at is not None and event.visible_at <= now:
                at = datetime.fromtimestamp(event.visible_at, tz=UTC)
                entries.append(
                    {
                        "status": EDGES[event.kind],
                        "date_gmt": at.strftime("%Y-%m-%d %H:%M:%S"),
                        "short_ext_name": event.name.rpartition("*")[2],
                    }
                )
        return sorted(entries, key=lambda entry: entry["date_gmt"])
