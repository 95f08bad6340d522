"""The incidents that an engine starts from: those open, and those of which somebody has still to
hear. They are written with the account that they are of (`accounts`).
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from regwatch.batching import batched
from regwatch.core.model import Incident, IncidentId, IncidentState, Timestamp
from regwatch.store.database import Database
from regwatch.store.rows import CHUNK
from regwatch.store.schema import incidents, notified
from regwatch.store.unstored import Unstored

IS_RESOLVED = incidents.c.state == IncidentState.RESOLVED.value


class StoredIncidents:
    """All accounts' incidents."""

    def __init__(self, database: Database, unstored: Unstored) -> None:
        self._database = database
        self._unstored = unstored

    async def open_incidents(self) -> Sequence[Incident]:
        """Those pending and those firing, of all accounts."""
        unstored = self._unstored.now()
        found = await self._database.values(
            select(incidents.c.incident).where(~IS_RESOLVED), Incident
        )
        known = {each.id: each for each in found} | unstored
        return [each for each in known.values() if each.state is not IncidentState.RESOLVED]

    async def unsettled(self) -> Sequence[Incident]:
        """The open ones, and those resolved of which a receiver has still to hear, or may have."""
        unstored = self._unstored.now()
        owed = select(notified.c.incident_id).where(notified.c.resolved_at.is_(None))
        query = select(incidents.c.incident).where(incidents.c.id.in_(owed) & IS_RESOLVED)
        found = await self._database.values(query, Incident)
        ended = [each for each in unstored.values() if each.state is IncidentState.RESOLVED]
        return [*await self.open_incidents(), *found, *ended]

    async def with_ids(self, ids: Sequence[IncidentId]) -> Mapping[IncidentId, Incident]:
        """Those of them that are known."""
        unstored = self._unstored.now()
        found: dict[IncidentId, Incident] = {}
        for piece in batched(ids, CHUNK):
            query = select(incidents.c.incident).where(incidents.c.id.in_(piece))
            found |= {i.id: i for i in await self._database.values(query, Incident)}
        return found | {each: unstored[each] for each in ids if each in unstored}

    async def resolved(self, *, since: Timestamp, limit: int) -> Sequence[Incident]:
        """Those resolved since then that had fired, latest first."""
        query = (
            select(incidents.c.incident)
            .where(incidents.c.resolved_at >= since)
            .order_by(incidents.c.resolved_at.desc())
            .limit(limit)
        )
        found = await self._database.values(query, Incident)
        return [incident for incident in found if incident.fired_at is not None]
