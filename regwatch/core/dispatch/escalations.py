"""Whom to tell, too, where nobody acknowledges what others were told.

An incident waits from when it was first told by a route that escalates, as bad as it is, until that
route's `after` is over. It waits no more once somebody acknowledges it, it is over, or it is quiet;
and begins where it was if it is quiet no more. Whoever is called hears of all of the group that
waits then, and of what is told in the group later after as long again. Who is told in any case is
not called.

All that is known here follows from what receivers were told, and from the incidents: a restart
forgets nothing.
"""

import heapq
from collections.abc import Container, Iterator, Mapping, Sequence

from regwatch.core.clock_steps import PIECE, pieces
from regwatch.core.dispatch.groups import RANKS
from regwatch.core.dispatch.routing import Escalation, Route, route_key_of, ways
from regwatch.core.model import (
    FAR_OFF,
    Incident,
    IncidentId,
    IncidentState,
    Notified,
    Timestamp,
)

Rows = Mapping[str, Notified]
"""What each receiver was told of an incident."""


class Escalations:
    """Of all incidents that are told by routes which escalate."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._ways = ways(routes)
        self.any = any(route.escalation is not None for route in routes)
        self._due: dict[IncidentId, dict[str, Timestamp]] = {}
        """When an incident is told further, by the group that it was told in."""
        self._waiting: dict[str, dict[IncidentId, None]] = {}
        """The same, by group."""
        self._agenda: list[tuple[Timestamp, str, IncidentId]] = []
        """Entries that no longer hold stay in it until they are met."""
        self._called: dict[IncidentId, set[str]] = {}

    # --- what is asked -----------------------------------------------------------------------

    def called(
        self, incident: Incident, rows: Rows, direct: Container[str]
    ) -> Mapping[str, tuple[str, Route]]:
        """Who is told of it because nobody acknowledged, or was; in which group, by which route.
        `direct`: who is told in any case.
        """
        found: dict[str, tuple[str, Route]] = {}
        called = self._called.get(incident.id, ())
        for row, escalation in self._tellings(rows):
            for receiver in escalation.receivers:
                if receiver in direct or receiver in found:
                    continue
                if row.group_key in called or _knows(rows, receiver):
                    way = self._ways[receiver, route_key_of(row.group_key)]
                    found[receiver] = (row.group_key, way)
        return found

    def coming(self, incident_id: IncidentId) -> Sequence[tuple[Timestamp, Sequence[str]]]:
        """When who will be told of it, too, if nobody acknowledges."""
        found = sorted((at, key) for key, at in self._due.get(incident_id, {}).items())
        return [(at, self._receivers_of(key)) for at, key in found]

    def next_at(self) -> Timestamp:
        """When the next one will be due; where thousands wait no more, no later than that."""
        self._drop_stale()
        return self._agenda[0][0] if self._agenda else Timestamp(FAR_OFF)

    def _drop_stale(self) -> bool:
        """A piece of the entries in front that no longer hold; whether that were all."""
        for _ in range(PIECE):
            if not self._agenda or self._holds(self._agenda[0]):
                return True
            heapq.heappop(self._agenda)
        return False

    def _receivers_of(self, group_key: str) -> Sequence[str]:
        key = route_key_of(group_key)
        named = (r.escalation for (_, k), r in self._ways.items() if k == key and r.escalation)
        return tuple(dict.fromkeys(receiver for each in named for receiver in each.receivers))

    def _tellings(self, rows: Rows) -> Iterator[tuple[Notified, Escalation]]:
        """What was told by routes that escalate, and is not over for its receiver."""
        for row in rows.values():
            way = self._ways.get((row.receiver, route_key_of(row.group_key)))
            if row.resolved_at is None and way is not None and way.escalation is not None:
                yield row, way.escalation

    # --- what is noted -----------------------------------------------------------------------

    def note(self, incident: Incident, rows: Rows, direct: Container[str]) -> None:
        """The incident changed, or somebody was told of it."""
        if not _is_open(incident):
            self.forget(incident.id)
            return
        due: dict[str, Timestamp] = {}
        for row, escalation in self._tellings(rows):
            left = (r for r in escalation.receivers if r not in direct and not _knows(rows, r))
            is_called = row.group_key in self._called.get(incident.id, ())
            # What got worse is yet to be told as what it is.
            is_worse = RANKS[incident.severity] < RANKS[row.severity]
            if not is_called and not is_worse and any(True for _ in left):
                at = Timestamp(row.told_at + escalation.after)
                due[row.group_key] = min(at, due.get(row.group_key, at))
        self._wait(incident.id, due)

    def _wait(self, incident_id: IncidentId, due: Mapping[str, Timestamp]) -> None:
        before = self._due.get(incident_id, {})
        if due == before:
            return
        for key in before.keys() - due.keys():
            self._waits_no_more(incident_id, key)
        for key, at in due.items():
            if before.get(key) != at:
                self._waiting.setdefault(key, {})[incident_id] = None
                self._due.setdefault(incident_id, {})[key] = at
                heapq.heappush(self._agenda, (at, key, incident_id))

    def _waits_no_more(self, incident_id: IncidentId, key: str) -> None:
        of_group, of_incident = self._waiting[key], self._due[incident_id]
        del of_group[incident_id], of_incident[key]
        if not of_group:
            del self._waiting[key]
        if not of_incident:
            del self._due[incident_id]

    def forget(self, incident_id: IncidentId) -> None:
        """Nobody is to be told of it further."""
        self._called.pop(incident_id, None)
        for key in tuple(self._due.get(incident_id, ())):
            self._waits_no_more(incident_id, key)

    def due(self, now: Timestamp) -> Iterator[Sequence[IncidentId]]:
        """Those of which others are to be told from now on; in pieces."""
        while True:
            if not self._drop_stale():
                yield []
                continue
            if not self._agenda or self._agenda[0][0] > now:
                return
            _, key, _ = self._agenda[0]
            for piece in pieces(tuple(self._waiting[key])):
                still = [each for each in piece if key in self._due.get(each, ())]
                for incident_id in still:
                    self._waits_no_more(incident_id, key)
                    self._called.setdefault(incident_id, set()).add(key)
                yield still

    def _holds(self, entry: tuple[Timestamp, str, IncidentId]) -> bool:
        at, key, incident_id = entry
        return self._due.get(incident_id, {}).get(key) == at

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        for piece in pieces(tuple(self._due)):
            for incident_id in piece:
                due = self._due[incident_id]
                self._due[incident_id] = {key: Timestamp(at + by) for key, at in due.items()}
            yield
        agenda, self._agenda = self._agenda, []
        for some in pieces(agenda):  # all are moved alike: their order stays
            self._agenda += [(Timestamp(at + by), key, which) for at, key, which in some]
            yield


def _is_open(incident: Incident) -> bool:
    """Whether it fires, and nobody took it on."""
    is_on = incident.state is IncidentState.FIRING and not incident.is_quiet
    return is_on and not incident.acknowledged_by


def _knows(rows: Rows, receiver: str) -> bool:
    row = rows.get(receiver)
    return row is not None and row.resolved_at is None
