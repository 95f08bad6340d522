"""A store of an account's state, in memory."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field

from regwatch.core.history import Happening
from regwatch.core.model import AccountName, ExtensionId, Incident, Watched
from regwatch.core.phones.answer_times import AnswerTime
from regwatch.store.errors import StoreRefusedError, StoreUnavailableError


@dataclass
class Stored:
    watched: Sequence[tuple[Watched, bytes]] = ()
    times: Mapping[ExtensionId, AnswerTime] = field(default_factory=dict)


class MemoryStore:
    """A store in memory that can be full for a while."""

    def __init__(self) -> None:
        self.times: dict[ExtensionId, AnswerTime] = {}
        self.rows: dict[ExtensionId, tuple[Watched, bytes]] = {}
        self.incidents: dict[str, Incident] = {}
        self.happenings: list[Happening] = []
        self.saves = 0
        self.is_full = False
        self.bug: Exception | None = None
        self.unstorable: set[str] = set()
        """Subjects of incidents that it never takes."""

    async def load(self, account: AccountName) -> Stored:
        return Stored(tuple(self.rows.values()), dict(self.times))

    async def save(
        self,
        account: AccountName,
        *,
        watched: Iterable[tuple[Watched, bytes]],
        removed: Collection[ExtensionId] = (),
        incidents: Sequence[Incident] = (),
        happenings: Sequence[Happening] = (),
    ) -> None:
        await asyncio.sleep(0.01)
        if self.is_full:
            raise StoreUnavailableError("disk full")
        if self.bug is not None:
            raise self.bug
        if not self.unstorable.isdisjoint(incident.subject for incident in incidents):
            raise StoreRefusedError("half a character")
        self.saves += 1
        # As they are now: the monitor goes on changing them.
        rows = {w.extension.id: (copy(w), memory) for w, memory in watched}
        self.rows |= rows
        for extension_id in rows:
            self.times.pop(extension_id, None)
        for extension_id in removed:
            self.rows.pop(extension_id, None)
        self.incidents.update((i.id, i) for i in incidents)
        self.happenings.extend(happenings)

    async def save_times(self, account: AccountName, times: Sequence[Sequence[AnswerTime]]) -> None:
        if self.is_full:
            raise StoreUnavailableError("disk full")
        self.times = {each.extension_id: each for piece in times for each in piece}
