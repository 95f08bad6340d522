"""What regwatch finds wrong with itself: stored and told like what it finds wrong with phones."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from regwatch.clock import Clock
from regwatch.core.alerts.conditions import NO_ACCOUNT
from regwatch.core.alerts.incidents import Step
from regwatch.core.alerts.store_conditions import DatabaseSetAside
from regwatch.core.bugs import SetAside, Where
from regwatch.core.history import of_outcome
from regwatch.core.model import Incident, IncidentId
from regwatch.core.outcome import Gathered, Outcome
from regwatch.core.watches.receiver_watch import ReceiverWatch
from regwatch.core.watches.store_watch import StoreWatch
from regwatch.guard import Bugs
from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt
from regwatch.watcher.keeper import StateStore
from regwatch.watcher.ledger import Ledger
from regwatch.watcher.unsaved import Unsaved

TICK_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Database:
    """How it is, and what became of it since it was looked at last."""

    damage: str = ""
    """What is wrong with it and not put right."""
    set_aside: Sequence[DatabaseSetAside] = ()


class SelfWatch:
    """Listens to deliveries."""

    def __init__(
        self,
        receivers: ReceiverWatch,
        store: StateStore,
        *,
        clock: Clock,
        on_outcome: Callable[[Outcome], None],
        on_incidents: Callable[[Sequence[Incident]], None],
        bugs: Bugs,
        looked_at: Callable[[], Database] = Database,
    ) -> None:
        """`on_outcome` hears of each step as it is made, `on_incidents` once it is stored.
        `looked_at`: what is new of the database.
        """
        self._receivers = receivers
        self._files = StoreWatch(receivers.incidents)
        self._looked_at = looked_at
        self._store = store
        self._clock = clock
        self._on_outcome = on_outcome
        self._bugs = bugs
        self._ledger = Ledger(
            NO_ACCOUNT, self._save, on_incidents=on_incidents, bugs=bugs, where=Where.SELF_WATCH
        )
        self._noted = asyncio.Event()

    @property
    def incidents(self) -> Iterable[Incident]:
        """Those open."""
        return self._receivers.incidents

    def delivery(self, attempt: DeliveryAttempt) -> None:
        """An attempt to deliver came to its end."""
        if attempt.outcome is Delivery.REFUSED or attempt.is_unstorable:
            error = attempt.error or "no reason given"
            self._take(self._receivers.refused(attempt.receiver, error, now=attempt.at))
        elif attempt.outcome is Delivery.DELIVERED:
            self._take(self._receivers.delivered(attempt.receiver, now=attempt.at))

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds; there are no more incidents than
        receivers.
        """
        held = self._receivers.incidents
        for _ in held.clock_set(by):
            pass
        self._ledger.note(incidents=tuple(held))
        self._noted.set()

    def forget_saves(self) -> None:
        """What was stored is gone: all that is known is to be stored again."""
        self._ledger.note(incidents=self.incidents)

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        """Somebody is at it; None if no such incident is open."""
        now = self._clock()
        step = self._receivers.incidents.acknowledge(incident_id, by, comment, now=now)
        if step is None:
            return None
        self._take([step])
        await self._ledger.flush()
        return step.incident

    async def run(self) -> None:
        """Watch until cancelled; what is not stored by then is stored on the way out."""
        try:
            while True:
                self._take(self._receivers.tick(now=self._clock()))
                self._look_at_store()
                await self._ledger.flush()
                self._noted.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(TICK_SECONDS):
                        await self._noted.wait()
        finally:
            await self._ledger.flush()
            self._ledger.say_what_is_left()

    def _look_at_store(self) -> None:
        now, found = self._clock(), self._looked_at()
        for each in found.set_aside:
            self._take(self._files.set_aside(each, now=now))
        self._take(self._files.tick(found.damage, now=now))

    def _take(self, steps: Iterable[Step | SetAside]) -> None:
        gathered = Gathered()
        gathered.add(steps)
        outcome = gathered.outcome()
        for each in outcome.set_aside:
            self._bugs.met("monitor_bug", each.where, each.what, each.error)
        if outcome.steps:
            self._on_outcome(outcome)
            self._ledger.note(
                incidents=outcome.incidents,
                happenings=of_outcome(NO_ACCOUNT, outcome, watched={}, now=self._clock()),
            )
            self._noted.set()

    async def _save(self, part: Unsaved) -> None:
        await self._store.save(
            NO_ACCOUNT, watched=(), incidents=part.incidents, happenings=part.happenings
        )
