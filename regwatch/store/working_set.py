"""What of the outbox is not over, as it is known from the store: what waits, what each receiver was
told, what another one was told instead. It is here that the outbox looks: it goes on while the
store is away. Changed only by what was stored, or will be.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import Table

from regwatch.core.model import (
    Consequences,
    IncidentId,
    ItemStatus,
    Notification,
    Notified,
    Timestamp,
)
from regwatch.store.rows import StoredEntry, entry_row, notified_row
from regwatch.store.schema import forwarded, notified, outbox, unheard

MOST_REFUSED = 500
"""Refused messages of one receiver that are looked at together."""


class WorkingSet:
    """All receivers' messages that are not settled, and what is noted of them."""

    def __init__(self) -> None:
        self.next_id = 1
        """Of the next message: grows with each, over restarts."""
        self._waiting: dict[str, dict[int, StoredEntry]] = {}
        self._receivers: dict[int, str] = {}
        self._known: dict[str, Timestamp | None] = {}
        """Messages by their names, settled ones too, and when they were settled."""
        self._notified: dict[IncidentId, dict[str, Notified]] = {}
        self._forwarded: dict[str, set[IncidentId]] = {}
        self._unheard: dict[str, set[tuple[str, IncidentId]]] = {}

    # --- what is asked -----------------------------------------------------------------------

    def pending(self, receiver: str, *, limit: int) -> Sequence[StoredEntry]:
        """The oldest, oldest first; those refused besides."""
        mine = self._waiting.get(receiver, {})
        fresh = islice((e for e in mine.values() if e.refused_at is None), limit)
        refused = islice((e for e in mine.values() if e.refused_at is not None), MOST_REFUSED)
        return sorted((*fresh, *refused), key=lambda entry: entry.id)

    def backlog(self) -> Mapping[str, tuple[int, Timestamp]]:
        """By receiver: how many wait, and when the oldest was made."""
        return {
            receiver: (len(mine), min(entry.created_at for entry in mine.values()))
            for receiver, mine in self._waiting.items()
            if mine
        }

    def notified(self) -> Sequence[Notified]:
        """What each receiver was told of incidents that are not settled with all of them."""
        return [row for rows in self._notified.values() for row in rows.values()]

    def unheard(self, receiver: str) -> Collection[tuple[str, IncidentId]]:
        """Of which incidents the beginning was given up, and in whose place it was told."""
        return set(self._unheard.get(receiver, ()))

    def forwarded(self, incidents: Iterable[IncidentId], receiver: str) -> Sequence[IncidentId]:
        """Of which of these another one was told in place of this one, and not the end."""
        found = self._forwarded.get(receiver, set())
        return [incident for incident in incidents if incident in found]

    # --- what is known from now on -----------------------------------------------------------

    def add(self, entry: StoredEntry) -> None:
        """It waits, if it was not stored before."""
        if entry.notification.id in self._known:
            return
        self._known[entry.notification.id] = None
        self._waiting.setdefault(entry.receiver, {})[entry.id] = entry
        self._receivers[entry.id] = entry.receiver
        self.next_id = max(self.next_id, entry.id + 1)

    def recall(self, notification_id: str, settled_at: Timestamp) -> None:
        """It was stored once, and is over."""
        self._known[notification_id] = settled_at

    def told(self, rows: Iterable[Notified]) -> None:
        """So far each receiver was told; an incident whose end all heard is forgotten."""
        for row in rows:
            self._notified.setdefault(row.incident_id, {})[row.receiver] = row
            self._forget_if_settled(row.incident_id)

    def _forget_if_settled(self, incident: IncidentId) -> None:
        if all(row.resolved_at is not None for row in self._notified[incident].values()):
            del self._notified[incident]

    def change(self, ids: Iterable[int], values: Mapping[str, Any]) -> None:
        """These columns of these are so now; what is settled waits no more."""
        settled_at = values.get("settled_at")
        for entry in self._found(ids):
            if settled_at is not None:
                self._settle(entry, settled_at)
            else:
                changed = {name: value for name, value in values.items() if name != "error"}
                self._waiting[entry.receiver][entry.id] = replace(entry, **changed)

    def follow(self, that: Consequences) -> None:
        """What the end of messages means for those to come, and for others that wait."""
        mine = self._unheard.setdefault(that.receiver, set())
        mine.difference_update((that.in_place_of, incident) for incident in that.settled)
        mine.update((that.in_place_of, incident) for incident in that.unheard)
        for entry in self._found(that.left):
            said = replace(entry, notification=that.left[entry.id])
            self._waiting[entry.receiver][entry.id] = said

    def forward(self, notification: Notification, *, receiver: str) -> None:
        """Another one is told this in place of that receiver."""
        mine = self._forwarded.setdefault(receiver, set())
        for word in notification.words:
            if word.status is ItemStatus.RESOLVED:
                mine.discard(word.id)
            else:
                mine.add(word.id)

    def recall_forwarded(self, rows: Iterable[tuple[str, IncidentId]]) -> None:
        """In whose place another one was told of what."""
        for receiver, incident in rows:
            self._forwarded.setdefault(receiver, set()).add(incident)

    def recall_unheard(self, rows: Iterable[tuple[str, str, IncidentId]]) -> None:
        """By whom, and in whose place, of what the beginning was not heard."""
        for receiver, in_place_of, incident in rows:
            self._unheard.setdefault(receiver, set()).add((in_place_of, incident))

    def forget_receivers(self, known: Collection[str], *, at: Timestamp) -> None:
        """What waits for others, and what they are owed, is over."""
        gone = [mine for receiver, mine in self._waiting.items() if receiver not in known]
        for entry in [entry for mine in gone for entry in mine.values()]:
            self._settle(entry, at)
        for incident, rows in list(self._notified.items()):
            for row in [r for r in rows.values() if r.receiver not in known]:
                if row.resolved_at is None:
                    del rows[row.receiver]
            self._forget_if_settled(incident)
        for noted in (self._forwarded, self._unheard):
            for receiver in set(noted).difference(known):
                del noted[receiver]

    def forget_old(self, *, before: Timestamp) -> None:
        """Messages settled before then may come again."""
        known = self._known.items()
        self._known = {name: at for name, at in known if at is None or at >= before}

    def incidents_noted(self) -> Set[IncidentId]:
        """Those of which another receiver was told, or the beginning was not heard."""
        forwarded_ones = set().union(*self._forwarded.values())
        return forwarded_ones.union(i for mine in self._unheard.values() for _, i in mine)

    def forget_incidents(self, gone: Set[IncidentId]) -> None:
        """Nobody can hear of their ends any more."""
        for told in self._forwarded.values():
            told.difference_update(gone)
        for missing in self._unheard.values():
            missing.difference_update([each for each in missing if each[1] in gone])

    def _found(self, ids: Iterable[int]) -> Iterator[StoredEntry]:
        for entry_id in ids:
            receiver = self._receivers.get(entry_id)
            if receiver is not None:  # else it was settled before
                yield self._waiting[receiver][entry_id]

    def _settle(self, entry: StoredEntry, at: Timestamp) -> None:
        del self._waiting[entry.receiver][entry.id]
        del self._receivers[entry.id]
        self._known[entry.notification.id] = at


def rows_of(known: WorkingSet) -> Iterator[tuple[Table, Iterable[Mapping[str, Any]]]]:
    """All of it, to be stored again: rows by table."""
    waiting, told_instead, never_told = known._waiting, known._forwarded, known._unheard  # noqa: SLF001
    yield outbox, (entry_row(entry) for mine in waiting.values() for entry in mine.values())
    yield notified, map(notified_row, known.notified())
    instead = ((receiver, each) for receiver, mine in told_instead.items() for each in mine)
    yield forwarded, ({"receiver": receiver, "incident_id": each} for receiver, each in instead)
    never = ((receiver, *each) for receiver, mine in never_told.items() for each in mine)
    yield unheard, ({"receiver": r, "in_place_of": p, "incident_id": i} for r, p, i in never)
