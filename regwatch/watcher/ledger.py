"""What of one account is not stored yet: collected, stored in an order that a crash does not mind,
told of once it is stored.

* Incidents go first, with the extensions that changed: nobody is told of an incident that a crash
  could make us forget. What was merely answered, and the history, follow in pieces.
* While the store is away, what came of a step waits here and is tried again, and incidents are told
  all the same: whoever sends them says that they may come again.
* Whatever ends a save, what it held and did not store is put back, unless something newer came.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

import structlog

from regwatch.core.bugs import CANNOT_BE_STORED, Where
from regwatch.core.history import Happening
from regwatch.core.model import AccountName, ExtensionId, Incident, IncidentId
from regwatch.guard import Bugs
from regwatch.store.errors import StoreError
from regwatch.watcher.held import Held
from regwatch.watcher.unsaved import Saved, Unsaved, save_what_can_be

MOST_WAITING = 100
"""Steps that wait for the store: with more of them, the polls wait too."""

log = structlog.get_logger(__name__)


class Ledger:
    """One for each account, and one for regwatch itself."""

    def __init__(
        self,
        account: AccountName,
        save: Callable[[Unsaved], Awaitable[None]],
        *,
        on_incidents: Callable[[Sequence[Incident]], None],
        bugs: Bugs,
        where: Where,
    ) -> None:
        """`save` stores all of it or nothing, or raises `StoreError`; `bugs` hear of what can never
        be stored, as met there.
        """
        self.is_failing = False
        """Whether the last save found the store away."""
        self._save = save
        self._on_incidents = on_incidents
        self._bugs = bugs
        self._where = where
        self._account = account
        self._saving = asyncio.Lock()
        self._waiting = 0
        self._notes = 0
        self._noted_when_saved = 0
        self._held = Held()
        self._told: dict[IncidentId, Incident] = {}
        """Those told of, though they are not stored."""
        self._log = log.bind(account=account)

    # --- collecting ------------------------------------------------------------------------------

    def note(
        self,
        *,
        touched: Iterable[ExtensionId] = (),
        changed: Iterable[ExtensionId] = (),
        removed: Iterable[ExtensionId] = (),
        incidents: Iterable[Incident] = (),
        happenings: Iterable[Happening] = (),
    ) -> None:
        """Something is to be stored. `changed`: of those touched, the ones that incidents may be
        about.
        """
        self._notes += 1
        self._held.note_removed(removed)
        self._held.note_touched(touched)
        self._held.changed.update(dict.fromkeys(changed))
        self._held.incidents.update((incident.id, incident) for incident in incidents)
        self._held.note_happenings(happenings)

    def is_touched(self, extension_id: ExtensionId) -> bool:
        """Whether it is to be stored with the next save: it changed since this one began, and its
        incidents go first.
        """
        return extension_id in self._held.touched

    # --- storing ---------------------------------------------------------------------------------

    async def flush(self) -> None:
        """Store what is not stored yet, and tell of the incidents in it."""
        mine = self._notes
        self._waiting += 1
        try:
            async with self._saving:
                if self._noted_when_saved < mine:  # else it went along with another's
                    await self._flush()
        finally:
            self._waiting -= 1

    async def between_saves(
        self, store: Callable[[Collection[ExtensionId]], Awaitable[None]]
    ) -> None:
        """Store something else while nothing is being saved; it is handed who changed and is not
        saved yet.
        """
        async with self._saving:
            await store(self._held.touched)

    async def caught_up(self) -> None:
        """Wait, if too many steps wait for the store."""
        if self._waiting >= MOST_WAITING:
            async with self._saving:  # it is fair: all that wait now had their turn
                pass

    async def _flush(self) -> None:
        noted, taken, self._held = self._notes, self._held, Held()
        try:
            while (part := taken.next_part()) is not None:
                saved = await save_what_can_be(part, self._save, self._give_up)
                taken.note_saved(part, saved.left)
                self._note_saved(saved)
                if saved.error is not None:
                    return
            self._noted_when_saved = noted
            self._say_what_was_let_go(taken)
        finally:
            self._held = taken.followed_by(self._held)

    def _give_up(self, part: Unsaved, error: Exception) -> None:
        if isinstance(error, StoreError):
            self._log.error("state_lost", lost=str(part), error=str(error))
            self._bugs.lost(self._where, f"{self._account}: {part}", CANNOT_BE_STORED)
        else:
            self._bugs.met("state_lost", self._where, f"{self._account}: {part}", error)

    def say_what_is_left(self) -> None:
        """At the end: what could not be stored is lost with the process."""
        held = self._held
        if not held.is_empty:
            self._log.error(
                "state_left_behind",
                extensions=len(held.touched),
                incidents=len(held.incidents),
                history=len(held.happenings),
            )

    # --- telling ---------------------------------------------------------------------------------

    def _note_saved(self, saved: Saved) -> None:
        self.is_failing = saved.error is not None
        if saved.error is not None and not isinstance(saved.error, StoreError):
            what = f"what is known of {self._account or 'regwatch itself'}"
            self._bugs.met("state_not_stored", self._where, what, saved.error)
        self._tell(saved.incidents)
        for incident in saved.incidents:
            self._told.pop(incident.id, None)
        for part in saved.left:
            self._tell(part.incidents)
            self._told.update((incident.id, incident) for incident in part.incidents)

    def _say_what_was_let_go(self, taken: Held) -> None:
        if taken.let_go:
            self._log.warning("history_cut", lines=taken.let_go)
            taken.let_go = 0

    def _tell(self, incidents: Iterable[Incident]) -> None:
        news = tuple(each for each in incidents if self._told.get(each.id) is not each)
        if news:
            self._on_incidents(news)
