"""Which of two things stored of an account is newer: each save has a number, one more than the one
before. No clock tells it: clocks are set.
"""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.core.model import AccountName
from regwatch.store import schema

MOST_REVISIONS = 2**53
"""More than a million a second for as long as there are computers: a larger number was damaged."""


async def last_revision(connection: AsyncConnection, account: AccountName) -> int:
    """The highest that is stored of an account; 0: none."""
    tables = (schema.extensions, schema.answer_times)
    last = [0]
    for table in tables:
        is_sound = table.c.revision.between(0, MOST_REVISIONS)
        query = select(func.max(table.c.revision)).where(table.c.account == account, is_sound)
        last.append(await connection.scalar(query) or 0)
    return max(last)


def is_revision(stored: object) -> bool:
    """Whether that can be one."""
    return isinstance(stored, int) and 0 <= stored <= MOST_REVISIONS
