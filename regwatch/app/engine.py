"""All that one configuration builds, running together: it is made whole, runs, and is replaced
whole when the configuration changes. What must outlive it stands in the store.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp
import structlog

from regwatch.app.account_view import AccountSight
from regwatch.app.heart import Heart
from regwatch.app.self_watch import SelfWatch
from regwatch.clock import Clock, SteadyClock
from regwatch.core.alerts.mutes import Mutes
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.known_labels import KnownLabels
from regwatch.core.model import (
    AccountName,
    Incident,
    IncidentId,
    IncidentState,
    RegistrationId,
    Timestamp,
)
from regwatch.core.now import Instant
from regwatch.notify.delivery.dispatch import Dispatcher
from regwatch.notify.delivery.outbox import Outbox
from regwatch.notify.delivery.repost import repost_forever
from regwatch.notify.heartbeat import Heartbeat
from regwatch.notify.receiver import Receiver
from regwatch.sources.source import Connection
from regwatch.store import Store, StoreError
from regwatch.watcher.watcher import Watcher

DELIVERY_GRACE_SECONDS = 5.0
"""How long a delivery in flight may take at a stop; what it misses is sent after the next start."""
BACKLOG_SECONDS = 2.0
RESOLVED_SHOWN = 50
DAY = 86_400.0
KEEP_SECONDS = 30 * DAY
PRUNE_SECONDS = 3_600.0

log = structlog.get_logger(__name__)

Backlog = Mapping[str, tuple[int, Timestamp | None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of an engine, as `assembly` puts them together."""

    watchers: Sequence[Watcher]
    clients: Sequence[Connection]
    session: aiohttp.ClientSession
    receivers: Sequence[Receiver]
    grouping: Grouping
    dispatcher: Dispatcher
    outbox: Outbox
    mutes: Mutes
    known_labels: KnownLabels
    self_watch: SelfWatch
    heart: Heart
    heartbeat: Heartbeat | None


class Engine:
    """Runs the parts, and answers for them; satisfies `web.views.DaemonView`."""

    def __init__(
        self,
        parts: Parts,
        store: Store,
        *,
        clock: Clock,
        steady: SteadyClock,
        resolved: Sequence[Incident] = (),
    ) -> None:
        self._parts = parts
        self._store = store
        self._clock = clock
        self._steady = steady
        self._resolved = deque(resolved, maxlen=RESOLVED_SHOWN)
        self._backlog: Backlog = {}
        self._sights = [
            AccountSight(watcher, client, clock=clock)
            for watcher, client in zip(parts.watchers, parts.clients, strict=True)
        ]

    def prepare(self) -> None:
        """Do ahead what may fail when it runs: read the certificates; raises `SourceError`."""
        for client in self._parts.clients:
            client.prepare()

    async def run(self) -> None:
        """Run until cancelled. Stops in order: no more questions, then the last deliveries."""
        parts = self._parts
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(parts.session)
            for client in parts.clients:
                await stack.enter_async_context(client)
            async with asyncio.TaskGroup() as group:
                outbox = group.create_task(parts.outbox.run(), name="outbox")
                try:
                    await self._watch()
                finally:
                    await self._finish(outbox)

    async def _watch(self) -> None:
        async with asyncio.TaskGroup() as group:
            for watcher in self._parts.watchers:
                group.create_task(watcher.run(), name=f"watch {watcher.monitor.account}")
            group.create_task(self._parts.dispatcher.run(), name="dispatch")
            group.create_task(self._parts.self_watch.run(), name="self watch")
            group.create_task(self._look_after_store(), name="store")
            reposting = repost_forever(
                self._parts.receivers, self._parts.grouping.told, self._parts.heart.may_beat
            )
            group.create_task(reposting, name="repost")
            if self._parts.heartbeat is not None:
                group.create_task(self._parts.heartbeat.run(), name="heartbeat")

    async def _finish(self, outbox: asyncio.Task[None]) -> None:
        """Let deliveries in flight end, for a bounded time."""
        self._parts.outbox.stop()
        done, _ = await asyncio.wait([outbox], timeout=DELIVERY_GRACE_SECONDS)
        if not done:
            log.info("delivery_cut_off", seconds=DELIVERY_GRACE_SECONDS)
            outbox.cancel()

    async def _look_after_store(self) -> None:
        prune_at = self._steady()
        while True:
            try:
                self._backlog = await self._store.outbox.backlog()
                self._parts.heart.note_backlog(self._backlog)
                if self._steady() >= prune_at:
                    prune_at = Instant(self._steady() + PRUNE_SECONDS)
                    await self._store.prune(before=Timestamp(self._clock() - KEEP_SECONDS))
            except StoreError as error:
                log.debug("store_not_read", error=str(error))
            await asyncio.sleep(BACKLOG_SECONDS)

    async def close(self) -> None:
        """Give back what was opened by building it; safe to call twice."""
        await self._parts.session.close()

    # --- what is asked of it ---------------------------------------------------------------------

    @property
    def mutes(self) -> Mutes:
        """What is not to be told for now."""
        return self._parts.mutes

    @property
    def known_labels(self) -> KnownLabels:
        """What the configuration's alerts can be labelled with."""
        return self._parts.known_labels

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        """Somebody is at it; None if no such incident is open."""
        for watcher in self._parts.watchers:
            incident = await watcher.acknowledge(incident_id, by, comment)
            if incident is not None:
                return incident
        return await self._parts.self_watch.acknowledge(incident_id, by, comment)

    def deleting(self, account: AccountName, registrations: Sequence[RegistrationId]) -> bool:
        """Somebody deletes these through us. False: no such account."""
        found = [w.monitor for w in self._parts.watchers if w.monitor.account == account]
        for monitor in found:
            monitor.deleted(registrations)
        return bool(found)

    # --- what is seen of it ----------------------------------------------------------------------

    def publish(self, incidents: Sequence[Incident]) -> None:
        """Incidents that changed and are stored."""
        ended = (i for i in incidents if i.state is IncidentState.RESOLVED and i.fired_at)
        self._resolved.extendleft(ended)
        self._parts.dispatcher.take(incidents)

    def accounts(self) -> Sequence[AccountSight]:
        """Each account as it is now."""
        return self._sights

    def incidents(self) -> Sequence[Incident]:
        """Those pending and those firing."""
        of_accounts = (watcher.monitor.incidents for watcher in self._parts.watchers)
        return [i for held in (*of_accounts, self._parts.self_watch.incidents) for i in held]

    def recently_resolved(self) -> Sequence[Incident]:
        """The last ones that ended, latest first."""
        return tuple(self._resolved)

    def outbox_backlog(self) -> Backlog:
        """By receiver: how many notifications wait, and the oldest's time."""
        return {r.name: (0, None) for r in self._parts.receivers} | dict(self._backlog)

    def health_problem(self) -> str | None:
        """What is wrong with the parts; None if nothing is."""
        return self.live_problem()

    def live_problem(self) -> str | None:
        """Which account's polling stands still; None if none does."""
        now = self._steady()
        stalled = [w.monitor.account for w in self._parts.watchers if w.is_stalled(now=now)]
        return f"polling stands still for {', '.join(stalled)}" if stalled else None
