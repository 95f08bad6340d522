"""What people look up and ask for: the history, incidents of former times, silences. Satisfies
`app.operations.OperationsStore`.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.core.alerts.mutes import Silence
from regwatch.core.history import Happening, Sought
from regwatch.core.model import Incident, IncidentId
from regwatch.store import schema
from regwatch.store.database import Database
from regwatch.store.rows import append_happenings, clauses_of, silence_row, upsert_rows


class StoredOperations:
    """The past, and what people decided."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def history(self, sought: Sought) -> Sequence[Happening]:
        """What happened, latest first."""
        lines = schema.history.c
        # Many lines are of one moment: among them, the one written last comes first.
        query = select(lines.happening).order_by(lines.at.desc(), lines.id.desc())
        wanted = query.where(*clauses_of(sought)).limit(sought.limit)
        return await self._database.values(wanted, Happening)

    async def incident(self, incident_id: IncidentId) -> Incident | None:
        """One by its id; None if it is not kept."""
        incidents = schema.incidents.c
        query = select(incidents.incident).where(incidents.id == incident_id)
        found = await self._database.values(query, Incident)
        return found[0] if found else None

    async def incidents_like(self, beginning: str, *, most: int) -> Sequence[Incident]:
        """Those whose ids begin like that."""
        incidents = schema.incidents.c
        query = select(incidents.incident).where(
            incidents.id.startswith(beginning, autoescape=True)
        )
        return await self._database.values(query.order_by(incidents.id).limit(most), Incident)

    async def silences(self) -> Sequence[Silence]:
        """All that are kept, those that ended lately among them."""
        silences = schema.silences.c
        query = select(silences.silence).order_by(silences.ends_at)
        return await self._database.values(query, Silence)

    async def keep_silence(self, silence: Silence, happening: Happening) -> None:
        """Store a silence that was set or changed, and what happened to it."""

        async def work(connection: AsyncConnection) -> None:
            await upsert_rows(connection, schema.silences, [silence_row(silence)])
            await append_happenings(connection, (happening,))

        await self._database.write(work)
