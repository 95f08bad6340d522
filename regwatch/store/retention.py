"""What is forgotten in time, and what is not however old it is: messages that wait, incidents that
are open, and those of whose end a receiver has still to hear.
"""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.core.model import Timestamp
from regwatch.store.schema import (
    forwarded,
    history,
    incidents,
    memos,
    notified,
    outbox,
    silences,
    unheard,
)


async def forget_old(connection: AsyncConnection, *, before: Timestamp) -> None:
    """Forget messages settled, incidents resolved, memos and lines of the history written, and
    silences ended before then.
    """
    owed = select(notified.c.incident_id).where(notified.c.resolved_at.is_(None))
    is_old = (incidents.c.resolved_at < before) & incidents.c.id.not_in(owed)
    of_old = notified.c.incident_id.in_(select(incidents.c.id).where(is_old))
    await connection.execute(delete(outbox).where(outbox.c.settled_at < before))
    # What was told of an incident goes before the incident, by which it is found.
    await connection.execute(delete(notified).where(of_old))
    await connection.execute(delete(incidents).where(is_old))
    known = select(incidents.c.id)
    for table in (unheard, forwarded):
        await connection.execute(delete(table).where(table.c.incident_id.not_in(known)))
    await connection.execute(delete(memos).where(memos.c.written_at < before))
    await connection.execute(delete(history).where(history.c.at < before))
    await connection.execute(delete(silences).where(silences.c.ends_at < before))
