"""The phones of a case, the losses that are to be found, and the quota with its other users."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from bench.polling.case import HOUR, LEASES, START, Case

from regwatch.core.model import (
    Answer,
    ExtensionId,
    Quota,
    Registration,
    RegistrationId,
    Timestamp,
)
from regwatch.simulator.registrar import Registrar
from regwatch.simulator.settings import SimulatorSettings

STEP = 300.0
"""How long others keep their pace."""
BACK_AFTER = 1800.0
"""After how long a lost phone is back, counted from when its loss shows."""


@dataclass
class Loss:
    """A phone that went, and when it was found out."""

    extension_id: ExtensionId
    kind: str
    """`die` or `unregister`."""
    at: float
    visible_at: float
    lease: float
    period: float
    """Between its refreshes."""
    warned_at: float | None = None
    found_at: float | None = None

    @property
    def lag(self) -> float:
        """From when it showed to when it was found; infinite if it never was."""
        return float("inf") if self.found_at is None else self.found_at - self.visible_at


class World:
    """Phones in virtual time. What happens is settled beforehand: nobody's questions change it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        settings = SimulatorSettings(
            extensions=case.extensions,
            seed=case.seed,
            leases=LEASES.get(case.leases, case.leases),
            site_size=case.site_size,
            calm=True,
        )
        self.registrar = Registrar(settings, now=START)
        self._random = Random(case.seed)
        self._set_habits()
        self.losses: list[Loss] = []
        self._agenda = self._plan_losses()
        after = case.restart_after
        self._restart_at = float("inf") if after is None else case.begins_at + after
        self.gone: dict[ExtensionId, Loss] = {}
        """Those that are gone or about to be seen gone, until they are back."""

    @property
    def ids(self) -> list[ExtensionId]:
        return [ExtensionId(i) for i in self.registrar.phones]

    def _set_habits(self) -> None:
        share, jitter = self.case.lease_share, self.case.jitter
        for phone in self.registrar.phones.values():
            for binding in phone.bindings:
                if share is not None:
                    binding.period = binding.lease * share
                # The simulator's jitter is from the earliest to the latest.
                binding.jitter = min(2 * jitter, 1.6 * (binding.lease / binding.period - 1))

    def _plan_losses(self) -> list[tuple[float, str, ExtensionId]]:
        case, random = self.case, self._random
        victims = random.sample(self.ids, min(case.losses, case.extensions))
        span = (case.begins_at, case.ends_at)
        return sorted(
            (random.uniform(*span), ("die", "unregister")[number % 2], victim)
            for number, victim in enumerate(victims)
        )

    def advance(self, now: float) -> None:
        """Let happen what is due."""
        if now >= self._restart_at:
            self.registrar.restart(self._restart_at)
            self._restart_at = float("inf")
        while self._agenda and self._agenda[0][0] <= now:
            at, kind, extension_id = self._agenda.pop(0)
            self.registrar.advance(at)
            self._lose(at, kind, extension_id)
        self.registrar.advance(now)

    def _lose(self, at: float, kind: str, extension_id: ExtensionId) -> None:
        binding = self.registrar.phones[extension_id].bindings[-1]
        visible_at = at if kind == "unregister" else binding.lease_ends_at(at)
        self.registrar.act(extension_id, kind, at)
        loss = Loss(extension_id, kind, at, visible_at, binding.lease, binding.period)
        self.losses.append(loss)
        self.gone[extension_id] = loss
        self.registrar._schedule(visible_at + BACK_AFTER, "revive", extension_id)

    def answers(self, ids: tuple[ExtensionId, ...], now: float) -> Mapping[ExtensionId, Answer]:
        """As the API shows them: leases in whole seconds, rounded down."""
        self.advance(now)
        return {extension_id: self._answer(extension_id, now) for extension_id in ids}

    def _answer(self, extension_id: ExtensionId, now: float) -> Answer:
        found = self.registrar.answer(extension_id, now)
        assert found is not None
        registered, entries = found
        held = tuple(
            Registration(
                RegistrationId(e.binding.ruid),
                e.binding.device,
                e.real,
                e.binding.contact,
                Timestamp(now + int(e.left)),
            )
            for e in entries
        )
        active, former = (held, ()) if registered else ((), held)
        return Answer(extension_id, registered, active, former, Timestamp(now))


class SharedQuota:
    """So many requests per clock hour, of which others take theirs."""

    def __init__(self, case: Case) -> None:
        self._limit = case.quota
        self._own: dict[int, int] = {}
        self.refused: Counter[int] = Counter()
        """Requests made though none was left; by clock hour."""
        random = Random(case.seed + 7)
        hours = int(case.warm_up / HOUR + case.hours) + 3
        steps = int(HOUR / STEP)
        self._others: list[list[float]] = []
        for _ in range(hours):
            weights = [random.random() ** 2 for _ in range(steps)]
            total = random.uniform(0, case.others) * case.quota
            self._others.append(list(accumulate(w * total / sum(weights) for w in weights)))

    def own(self, now: float) -> int:
        """Our requests in this hour."""
        return self._own.get(int(now // HOUR), 0)

    @property
    def made(self) -> Mapping[int, int]:
        """Our requests by clock hour."""
        return self._own

    def taken_by_others(self, now: float) -> int:
        """Their requests in this hour."""
        steps = self._others[int((now - START) // HOUR)]
        index, within = divmod(now % HOUR, STEP)
        before = steps[int(index) - 1] if index else 0.0
        return int(before + (steps[int(index)] - before) * within / STEP)

    def take(self, now: float) -> bool:
        """One request of ours; False if the hour's are used up."""
        hour = int(now // HOUR)
        if self.own(now) + self.taken_by_others(now) >= self._limit:
            self.refused[hour] += 1
            return False
        self._own[hour] = self.own(now) + 1
        return True

    def seen(self, now: float) -> Quota:
        """As the headers tell it."""
        remaining = self._limit - self.own(now) - self.taken_by_others(now)
        resets_at = (now // HOUR + 1) * HOUR
        return Quota(self._limit, max(0, remaining), Timestamp(resets_at), Timestamp(now))
