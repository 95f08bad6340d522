"""The watch over regwatch itself, started and stopped for itself like an account's."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from regwatch.app.engines.restoring import built_with
from regwatch.app.engines.running import Running
from regwatch.app.engines.self_watch import Database, SelfWatch
from regwatch.app.reporting import Reporting
from regwatch.app.surroundings import Surroundings
from regwatch.core.alerts.conditions import NO_ACCOUNT
from regwatch.core.alerts.incidents import of_the_past
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.alerts.store_conditions import DatabaseSetAside
from regwatch.core.bugs import Where
from regwatch.core.model import Incident, IncidentId
from regwatch.core.watches.receiver_watch import ReceiverWatch
from regwatch.notify.delivery.deliveries import DeliveryAttempt


@dataclass(frozen=True, slots=True)
class SelfSettings:
    """It goes on while these stay as they are."""

    rules: Rules
    fallbacks: Mapping[str, str]
    """By each receiver, who gets its messages meanwhile; or nobody."""


class SelfEngine:
    """Starting twice is starting once, and so is stopping; it may be started again after a stop."""

    def __init__(
        self,
        settings: SelfSettings,
        around: Surroundings,
        reporting: Reporting,
        *,
        on_incidents: Callable[[Sequence[Incident]], None],
        on_death: Callable[[object], None] = lambda _part: None,
    ) -> None:
        self.settings = settings
        self._around = around
        self._reporting = reporting
        self._on_incidents = on_incidents
        self._loading = asyncio.Lock()
        self._running = Running(
            "self watch",
            Where.SELF_WATCH,
            self._run,
            around.bugs,
            on_death=lambda: on_death(self),
        )
        self._watch = self._built(())

    def _built(self, incidents: Sequence[Incident]) -> SelfWatch:
        around, settings = self._around, self.settings
        mine = OpenIncidents(
            NO_ACCOUNT, AlertRules(settings.rules), mutes=around.mutes, incidents=incidents
        )
        return SelfWatch(
            ReceiverWatch(mine, settings.fallbacks),
            around.store.accounts,
            clock=around.clock,
            on_outcome=partial(self._reporting.outcome, NO_ACCOUNT),
            on_incidents=self._on_incidents,
            bugs=around.bugs,
            looked_at=self._looked_at,
        )

    def _looked_at(self) -> Database:
        store, instruments = self._around.store, self._around.instruments
        losses = store.take_losses()
        instruments.store_looked_at(unreadable=store.take_unreadable(), set_aside=len(losses))
        found = [
            DatabaseSetAside(str(loss.aside.path), loss.aside.reason, loss.kept, loss.is_running)
            for loss in losses
        ]
        return Database(store.damage, found)

    async def load(self) -> None:
        """Go on where the incidents in the store left off; raises `StoreError`."""
        async with self._loading:
            found = await self._around.store.incidents.open_incidents()
            mine, now = (i for i in found if i.account == NO_ACCOUNT), self._around.clock()
            past = [of_the_past(i, now=now) for i in mine]
            self._watch = built_with(past, self._built, self._around.bugs)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to watch, in a task of this group."""
        self._running.start(tasks)

    async def stop(self) -> None:
        """Conclude nothing more, and store what is not stored yet."""
        await self._running.stop()

    async def _run(self) -> None:
        await self._watch.run()

    @property
    def incidents(self) -> Iterable[Incident]:
        """Those open."""
        return self._watch.incidents

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        self._watch.clock_set(by)

    def delivery(self, attempt: DeliveryAttempt) -> None:
        """An attempt to deliver came to its end."""
        self._watch.delivery(attempt)

    def forget_saves(self) -> None:
        """What was stored is gone: all that is known is to be stored again."""
        self._watch.forget_saves()

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        """Somebody is at it; None if no such incident is open."""
        async with self._loading:
            return await self._watch.acknowledge(incident_id, by, comment)
