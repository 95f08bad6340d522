"""Phones as they are, watched for days in virtual time: some die, many are rebooted, and those who
are warned of are told from those who live.
"""

from dataclasses import dataclass, field, replace
from random import Random
from statistics import median

from bench.polling.case import HOUR, Case
from bench.polling.driver import Driver
from bench.polling.world import BACK_AFTER, World
from fakes.values import EVERY_ALERT

from regwatch.core.model import AccountName, AlertName, ExtensionId, IncidentState
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.lateness import LatenessPolicy
from regwatch.core.sites import Sites

LEASES = "300,600,1800,3600"
"""Long enough for a warning to gain something."""
MANY = 40.0
"""So many deaths for there to be enough to count."""
STEADY_JITTER = 0.02
"""Of the time between two refreshes, from the earliest to the latest: one percent to each side."""
EARLIEST, LATEST = 0.5, 0.95
"""Where in their lease phones refresh."""


@dataclass(frozen=True)
class Life:
    """What happens to the phones; per 500 of them and day."""

    case: Case
    learn_after: int = 6
    unsteady: float = 0.3
    """The share of phones that refresh anywhere in 50 to 95 % of the lease."""
    reboots: float = 20.0
    deaths: float = 3.0

    @property
    def extension_days(self) -> float:
        """Also those hours in which habits are learned: then most of what is false is told."""
        return self.case.extensions * (self.case.warm_up + self.case.hours * HOUR) / (24 * HOUR)


@dataclass
class Death:
    """A phone that died silently, and lived again later."""

    at: float
    ends_at: float
    """When its lease runs out."""
    back_at: float
    lease: float
    period: float
    is_steady: bool
    warned_at: float | None = None

    @property
    def could_be_warned_of(self) -> bool:
        """Whether its habit leaves room for it: a warning half a minute before the end is none."""
        point = 1.01 * self.period + max(10.0, 0.05 * self.lease)
        return self.is_steady and self.lease - point >= 60.0


class LivingWorld(World):
    """The phones of a case, with habits and a life of this kind."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.deaths: dict[ExtensionId, list[Death]] = {}
        super().__init__(life.case)

    def _set_habits(self) -> None:
        random = Random(self.case.seed + 11)
        for phone in self.registrar.phones.values():
            for binding in phone.bindings:
                binding.is_unsteady = random.random() < self.life.unsteady
                share = random.uniform(EARLIEST, LATEST)
                jitter = STEADY_JITTER
                if binding.is_unsteady:
                    share = (EARLIEST + LATEST) / 2
                    jitter = (LATEST - EARLIEST) / share
                binding.period, binding.jitter = share * binding.lease, jitter
                binding.phase = random.random() * binding.period

    def _plan_losses(self) -> list[tuple[float, str, ExtensionId]]:
        case, random = self.case, Random(self.case.seed + 13)
        share = case.extensions / 500 * case.hours / 24
        number = {"die": self.life.deaths * share, "reboot": self.life.reboots * share}
        return sorted(
            (random.uniform(case.begins_at, case.ends_at), kind, random.choice(self.ids))
            for kind, times in number.items()
            for _ in range(round(times))
        )

    def _lose(self, at: float, kind: str, extension_id: ExtensionId) -> None:
        if self.dead(extension_id, at) is not None:
            return
        binding = self.registrar.phones[extension_id].bindings[-1]
        ends_at = binding.lease_ends_at(at)
        self.registrar.act(extension_id, kind, at)
        if kind == "die":
            back_at = ends_at + BACK_AFTER
            steady = not binding.is_unsteady
            death = Death(at, ends_at, back_at, binding.lease, binding.period, steady)
            self.deaths.setdefault(extension_id, []).append(death)
            self.registrar._schedule(back_at, "revive", extension_id)

    def dead(self, extension_id: ExtensionId, now: float) -> Death | None:
        """How it died, if it is dead now."""
        for death in self.deaths.get(extension_id, ()):
            if death.at <= now < death.back_at:
                return death
        return None


@dataclass
class Warnings:
    """What became of a life."""

    life: Life
    false: int = 0
    deaths: list[Death] = field(default_factory=list)

    @property
    def true(self) -> int:
        return sum(death.warned_at is not None for death in self.deaths)

    @property
    def steady(self) -> list[Death]:
        """Those who died and could have been warned of."""
        return [death for death in self.deaths if death.could_be_warned_of]

    @property
    def ahead(self) -> float:
        """Seconds before the lease's end, the median."""
        found = [d.ends_at - d.warned_at for d in self.deaths if d.warned_at is not None]
        return median(found) if found else float("nan")


class Watching(Driver):
    """A life, watched; each warning is judged by whether its phone lives."""

    world: LivingWorld

    def __init__(self, life: Life) -> None:
        self.life = life
        super().__init__(life.case)
        self.world = self.run.world = LivingWorld(life)
        self.warnings = Warnings(life)

    def make_monitor(self) -> Monitor:
        lateness = LatenessPolicy(self.life.learn_after)
        return Monitor(AccountName("acme"), MonitorPolicy(EVERY_ALERT, lateness=lateness), Sites())

    def live(self) -> Warnings:
        """All of it."""
        self.play()
        found = [death for deaths in self.world.deaths.values() for death in deaths]
        self.warnings.deaths = [death for death in found if death.ends_at < self.case.ends_at]
        return self.warnings

    def _judge(self, outcome: Outcome, now: float) -> None:
        for incident in outcome.incidents:
            extension_id = incident.facts.extension_id
            is_warning = incident.alert is AlertName.REFRESH_OVERDUE
            if not is_warning or incident.state is not IncidentState.FIRING or not extension_id:
                continue
            if incident.fired_at != now or now >= self.case.ends_at:
                continue
            death = self.world.dead(extension_id, now)
            if death is None:
                self.warnings.false += 1
            elif death.warned_at is None:
                death.warned_at = now


def watched(life: Life) -> Warnings:
    """What is told of it."""
    return Watching(life).live()


def lives(days: float, phones: int, seeds: int) -> list[Life]:
    """Those of the table. With real rates few die: how sure warnings are depends on how many do."""
    base = Case(phones, 50, phones * 3 // 5, LEASES, hours=24 * days, warm_up=6 * HOUR)
    kinds = [
        Life(base),
        *(Life(base, deaths=MANY, learn_after=number) for number in (3, 6, 12)),
        Life(base, deaths=MANY, unsteady=1.0),
    ]
    return [
        replace(life, case=replace(life.case, seed=seed))
        for life in kinds
        for seed in range(1, 1 + seeds)
    ]
