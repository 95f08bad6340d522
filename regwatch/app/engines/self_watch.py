"""What regwatch finds wrong with itself: stored and told like what it finds wrong with phones."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import structlog

from regwatch.clock import Clock
from regwatch.core.alerts.conditions import NO_ACCOUNT
from regwatch.core.alerts.incidents import Step
from regwatch.core.bugs import CANNOT_BE_STORED, SetAside, Where
from regwatch.core.history import Happening, of_outcome
from regwatch.core.model import Incident, IncidentId
from regwatch.core.outcome import Gathered, Outcome
from regwatch.core.watches.receiver_watch import ReceiverWatch
from regwatch.guard import Bugs
from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt
from regwatch.watcher.keeper import StateStore
from regwatch.watcher.unsaved import Unsaved, save_what_can_be

TICK_SECONDS = 1.0

log = structlog.get_logger(__name__)


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
    ) -> None:
        """`on_outcome` hears of each step as it is made, `on_incidents` once it is stored."""
        self._receivers = receivers
        self._store = store
        self._clock = clock
        self._on_outcome = on_outcome
        self._on_incidents = on_incidents
        self._bugs = bugs
        self._incidents: dict[IncidentId, Incident] = {}
        self._happenings: list[Happening] = []
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

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        """Somebody is at it; None if no such incident is open."""
        now = self._clock()
        step = self._receivers.incidents.acknowledge(incident_id, by, comment, now=now)
        if step is None:
            return None
        self._take([step])
        await self._flush()
        return step.incident

    async def run(self) -> None:
        """Watch until cancelled; what is not stored by then is stored on the way out."""
        try:
            while True:
                self._take(self._receivers.tick(now=self._clock()))
                await self._flush()
                self._noted.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(TICK_SECONDS):
                        await self._noted.wait()
        finally:
            await self._flush()

    def _take(self, steps: Iterable[Step | SetAside]) -> None:
        gathered = Gathered()
        gathered.add(steps)
        outcome = gathered.outcome()
        for each in outcome.set_aside:
            self._bugs.met("monitor_bug", each.where, each.what, each.error)
        if outcome.steps:
            self._on_outcome(outcome)
            self._incidents.update((i.id, i) for i in outcome.incidents)
            self._happenings.extend(of_outcome(NO_ACCOUNT, outcome, watched={}, now=self._clock()))
            self._noted.set()

    async def _flush(self) -> None:
        """Store, then tell; what cannot be stored waits for the next time."""
        if not (self._incidents or self._happenings):
            return
        unsaved = Unsaved(incidents=tuple(self._incidents.values()), happenings=self._happenings)
        self._incidents, self._happenings = {}, []
        try:
            saved = await save_what_can_be(unsaved, self._save, self._give_up)
        except asyncio.CancelledError:  # a stop in the midst of it: it is stored on the way out
            self._put_back(unsaved)
            raise
        for part in reversed(saved.left):
            self._put_back(part)
        if saved.error is not None:
            log.debug("own_state_not_stored", error=str(saved.error))
        if saved.incidents:
            self._on_incidents(tuple(saved.incidents))

    def _put_back(self, part: Unsaved) -> None:
        """What came meanwhile is newer."""
        self._incidents = {each.id: each for each in part.incidents} | self._incidents
        self._happenings = [*part.happenings, *self._happenings]

    async def _save(self, part: Unsaved) -> None:
        await self._store.save(
            NO_ACCOUNT, watched=(), incidents=part.incidents, happenings=part.happenings
        )

    def _give_up(self, part: Unsaved, error: Exception) -> None:
        log.error("own_state_lost", lost=str(part), error=str(error))
        self._bugs.lost(Where.SELF_WATCH, str(part), CANNOT_BE_STORED)
