"""One account, polled: its client, its watcher and their task, started and stopped for itself.

It is built from its settings and from what is stored; so it is built anew whenever it begins again,
after a reload that changed it or after its death. What is asked of it meanwhile waits. A list of
extensions that was read shortly before a reload costs no requests again.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from regwatch.app.engines.account_view import AccountSight
from regwatch.app.engines.restoring import built_with
from regwatch.app.engines.running import Running
from regwatch.app.settings.accounts import AccountSettings
from regwatch.app.sources import Pbx
from regwatch.app.unregistering import Unregistering
from regwatch.clock import Clock
from regwatch.core.alerts.incidents import of_the_past
from regwatch.core.bugs import Where
from regwatch.core.heartbeat import Pulse
from regwatch.core.model import (
    Answer,
    ExtensionId,
    Incident,
    IncidentId,
    Instant,
    RegistrationId,
)
from regwatch.core.polling.list_reading import ListRead
from regwatch.guard import Bugs
from regwatch.sources.source import SourceError
from regwatch.store import StoreError
from regwatch.watcher.watcher import Watcher


@dataclass(frozen=True, slots=True)
class Watch:
    """What is built of an account each time that it begins."""

    watcher: Watcher
    client: Pbx


class IncidentStore(Protocol):
    """Where an account's incidents survive."""

    async def open_incidents(self) -> Sequence[Incident]:
        """Those not over, of all accounts; raises `StoreError`."""


class AccountEngine:
    """Starting twice is starting once, and so is stopping; it may be started again after a stop."""

    def __init__(
        self,
        settings: AccountSettings,
        build: Callable[[AccountSettings, Sequence[Incident], ListRead | None], Watch],
        store: IncidentStore,
        *,
        clock: Clock,
        bugs: Bugs,
        on_death: Callable[[object], None] = lambda _part: None,
    ) -> None:
        self.settings = settings
        self._build = build
        self._store = store
        self._clock = clock
        self._bugs = bugs
        self._is_loaded = False
        self._loading = asyncio.Lock()
        name = f"watch {settings.name}"
        self._running = Running(
            name,
            Where.WATCH,
            self._watch,
            bugs,
            on_death=lambda: on_death(self),
            no_bugs=(StoreError, SourceError),
        )
        self._built: Watch | None = None
        self.list_read: ListRead | None = None
        """By who was there before: known once that is stopped, and until this one begins."""

    def try_out(self) -> None:
        """Build it to see that it can be built; raises `SourceError` if the PBX could not be asked
        with these settings.
        """
        self._take(())

    def _take(self, incidents: Sequence[Incident]) -> None:
        settings, read = self.settings, self.list_read
        built = built_with(incidents, lambda some: self._build(settings, some, read), self._bugs)
        built.client.prepare()  # reads the certificates: entering cannot fail for them
        self._built = built
        self._sight = AccountSight(built.watcher.account, built.client, clock=self._clock)

    @property
    def _current(self) -> Watch:
        if self._built is None:
            raise RuntimeError("the account was not loaded yet")
        return self._built

    async def load(self) -> None:
        """Go on where the incidents in the store left off; raises `StoreError` and `SourceError`.
        Whoever did something to them before has stored it by now, and whoever comes, waits.
        """
        async with self._loading:
            found = await self._store.open_incidents()
            mine = (i for i in found if i.account == self.settings.name)
            self._take([of_the_past(i, now=self._clock()) for i in mine])
            self.list_read = None  # what was built has it, until it has a newer one
            self._is_loaded = True

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to poll, in a task of this group."""
        self._running.start(tasks)

    async def stop(self) -> None:
        """Ask nothing more, and store what is not stored yet; bounded, whatever hangs."""
        await self._running.stop()
        self._is_loaded = False
        if self._built is not None:
            self.list_read = self._built.watcher.account.list_read

    async def _watch(self) -> None:
        if not self._is_loaded:  # it died, or was stopped: what it held may be older than the store
            await self.load()
        self._is_loaded = False
        current = self._current
        async with current.client:
            await current.watcher.run()

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        self._current.client.clock_set(by)
        self._current.watcher.clock_set(by)

    # --- what is asked of it ---------------------------------------------------------------------

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        """Somebody is at it; None if no such incident is open here."""
        async with self._loading:
            return await self._current.watcher.acknowledge(incident_id, by, comment)

    def forget_saves(self) -> None:
        """What was stored is gone: all that is known is to be stored again."""
        self._current.watcher.forget_saves()

    def deleting(self, registrations: Sequence[RegistrationId]) -> None:
        """Somebody deletes these through us."""
        self._current.watcher.account.monitor.deleting(registrations, now=self._clock())

    async def unregister(
        self, extension_id: ExtensionId, registration_id: RegistrationId | None
    ) -> tuple[Answer, Answer]:
        """Delete registrations at the PBX; what it says before and after. Raises `SourceError`,
        and `NotRegisteredError`.
        """

        async def announce(ids: Sequence[RegistrationId], withdrawn: bool) -> None:
            (self.not_deleting if withdrawn else self.deleting)(ids)

        unregistering = Unregistering(self._current.client, extension_id, registration_id, announce)
        before = await unregistering.before()
        return before, await unregistering.delete(before)

    def not_deleting(self, registrations: Sequence[RegistrationId]) -> None:
        """The PBX refused that."""
        self._current.watcher.account.monitor.not_deleting(registrations)

    @property
    def incidents(self) -> Iterable[Incident]:
        """Those open."""
        return self._current.watcher.account.monitor.incidents

    @property
    def sight(self) -> AccountSight:
        """What the HTTP side sees of it."""
        return self._sight

    # --- how it is -------------------------------------------------------------------------------

    @property
    def trouble(self) -> str:
        """What it died of, until it is well again; empty if it lives."""
        return self._running.trouble

    def pulse(self, *, now: Instant) -> Pulse:
        """How its polling goes."""
        return self._current.watcher.account.pulse(now=now)

    def is_stalled(self, *, now: Instant) -> bool:
        """Whether its polling stands still though it lives: a start anew of the whole would help.
        One that died is begun anew in any case.
        """
        return not self.trouble and self._current.watcher.account.is_stalled(now=now)
