"""What receivers were told of incidents that are not over for all of them, as it is known from the
store: by whom what was heard, told instead, or missed. Changed only by what was stored, or will be.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from sqlalchemy import Table

from regwatch.core.model import Consequences, IncidentId, ItemStatus, Notification, Notified
from regwatch.store.rows import notified_row
from regwatch.store.schema import forwarded, notified, unheard


class Hearing:
    """Of all receivers."""

    def __init__(self) -> None:
        self._notified: dict[IncidentId, dict[str, Notified]] = {}
        self._forwarded: dict[str, set[IncidentId]] = {}
        self._unheard: dict[str, set[tuple[str, IncidentId]]] = {}

    # --- what is asked -----------------------------------------------------------------------

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

    def told(self, rows: Iterable[Notified]) -> None:
        """So far each receiver was told; an incident whose end all heard is forgotten."""
        for row in rows:
            self._notified.setdefault(row.incident_id, {})[row.receiver] = row
            self._forget_if_settled(row.incident_id)

    def follow(self, that: Consequences) -> None:
        """What the end of messages means for those to come."""
        mine = self._unheard.setdefault(that.receiver, set())
        mine.difference_update((that.in_place_of, incident) for incident in that.settled)
        mine.update((that.in_place_of, incident) for incident in that.unheard)

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

    # --- what is over ------------------------------------------------------------------------

    def forget_receivers(self, known: Collection[str]) -> None:
        """What others are owed is over."""
        for incident, rows in list(self._notified.items()):
            for row in [r for r in rows.values() if r.receiver not in known]:
                if row.resolved_at is None:
                    del rows[row.receiver]
            self._forget_if_settled(incident)
        for noted in (self._forwarded, self._unheard):
            for receiver in set(noted).difference(known):
                del noted[receiver]

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

    def _forget_if_settled(self, incident: IncidentId) -> None:
        if all(row.resolved_at is not None for row in self._notified[incident].values()):
            del self._notified[incident]

    # --- to be stored again ------------------------------------------------------------------

    def rows(self) -> Iterator[tuple[Table, Iterable[Mapping[str, Any]]]]:
        """All of it, by table."""
        yield notified, map(notified_row, self.notified())
        told = ((receiver, each) for receiver, mine in self._forwarded.items() for each in mine)
        yield forwarded, ({"receiver": r, "incident_id": i} for r, i in told)
        missed = ((receiver, *each) for receiver, mine in self._unheard.items() for each in mine)
        yield (
            unheard,
            ({"receiver": r, "in_place_of": p, "incident_id": i} for r, p, i in missed),
        )
