"""Which of two things stored of an account is newer."""

import pytest
from fakes.stored import watched
from fakes.values import ACME
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.core.model import AccountName
from regwatch.store import Store
from regwatch.store.revisions import MOST_REVISIONS, is_revision, last_revision
from regwatch.store.schema import extensions


@pytest.mark.parametrize(
    ("stored", "can_be"),
    [(0, True), (MOST_REVISIONS, True), (MOST_REVISIONS + 1, False), (-1, False), ("1", False)],
)
def test_a_revision_is_a_number_that_can_be_reached(stored: object, can_be: bool) -> None:
    assert is_revision(stored) is can_be


async def test_the_last_one_is_the_highest_that_was_not_damaged(store: Store) -> None:
    found: list[int] = []

    async def look(connection: AsyncConnection) -> None:
        found.append(await last_revision(connection, ACME))

    await store._database.write(look)
    await store.accounts.save(ACME, watched=[(watched(1), b"")])
    await store.accounts.save(AccountName("other"), watched=[(watched(1), b"")])
    await store.accounts.save_times(ACME, [])
    await store.accounts.save(ACME, watched=[(watched(2), b"")])
    await store._database.write(look)

    async def damage(connection: AsyncConnection) -> None:
        is_second = extensions.c.extension_id == 2
        await connection.execute(update(extensions).where(is_second).values(revision=2**60))
        await look(connection)

    await store._database.write(damage)
    assert found == [0, 3, 1]
