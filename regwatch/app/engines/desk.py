"""Deciding whom to tell what: the routes, and how far each receiver has been told."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog

from regwatch.app.engines.restoring import built_with
from regwatch.app.engines.running import Running
from regwatch.app.surroundings import Surroundings
from regwatch.core.alerts.incidents import of_the_past
from regwatch.core.bugs import Where
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.dispatch.routing import Route
from regwatch.core.model import Incident, IncidentId, Timestamp
from regwatch.notify.delivery.dispatch import Dispatcher

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """A desk stays as it is while these do."""

    routes: Sequence[Route]
    receivers: Collection[str]
    """The names of all: what is owed to others is owed to nobody."""


class Desk:
    """Built from the store when it is loaded; it may be started again after a stop."""

    def __init__(
        self,
        settings: DeskSettings,
        around: Surroundings,
        *,
        wake: Callable[[str], None],
        on_death: Callable[[object], None] = lambda _part: None,
    ) -> None:
        """`wake` hears for which receiver a message was stored."""
        self.settings = settings
        self._around = around
        self._wake = wake
        self._running = Running(
            "dispatch",
            Where.DISPATCH,
            self._dispatch,
            around.bugs,
            on_death=lambda: on_death(self),
        )
        self._take_up(Grouping(settings.routes))

    def _take_up(self, grouping: Grouping) -> None:
        around = self._around
        self._grouping = grouping
        self._dispatcher = Dispatcher(
            grouping,
            around.store.outbox,
            wake=self._wake,
            clock=around.clock,
            bugs=around.bugs,
        )

    async def load(self) -> None:
        """Go on where the store says that another left off; raises `StoreError`."""
        store, now = self._around.store, self._around.clock()
        # First: what is owed to those that are gone would else be taken up again.
        lost = await store.outbox.forget_receivers(self.settings.receivers, at=now)
        for receiver, messages in lost.items():
            log.error("receiver_removed", receiver=receiver, notifications_lost=messages)
        notified = await store.outbox.notified()
        grouping = built_with(
            [of_the_past(i, now=now) for i in await store.incidents.unsettled()],
            lambda some: Grouping(self.settings.routes, incidents=some, notified=notified, now=now),
            self._around.bugs,
        )
        self._take_up(grouping)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to dispatch, in a task of this group."""
        self._running.start(tasks)

    async def stop(self) -> None:
        """Dispatch no more. A message that is being stored then is stored or not: it has the same
        name when it is due again, and is stored once.
        """
        await self._running.stop()

    async def _dispatch(self) -> None:
        await self._dispatcher.run()  # looked up each time: it may have been loaded anew

    def take(self, incidents: Sequence[Incident]) -> None:
        """Take in incidents that changed and are stored; also while it is stopped."""
        self._dispatcher.take(incidents)

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        self._dispatcher.clock_set(by)

    def told(self, receiver: str) -> Sequence[Incident]:
        """What a receiver was told of and still fires."""
        return self._grouping.told(receiver)

    def escalations(self, incident_id: IncidentId) -> Sequence[tuple[Timestamp, Sequence[str]]]:
        """When who will be told of an incident, too, if nobody acknowledges it."""
        return self._grouping.escalations.coming(incident_id)

    def known(self, wanted: Sequence[IncidentId]) -> Mapping[IncidentId, Incident]:
        """Those of these incidents that fire, or of which a receiver has still to hear."""
        return self._grouping.known(wanted)
