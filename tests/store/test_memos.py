"""What receivers remember of a group, against a real SQLite file."""

from pathlib import Path

import pytest
from fakes.storage import read_only
from fakes.stored import reopened
from fakes.values import at

from regwatch.store import Store, StoreUnavailableError


async def test_what_is_noted_of_a_group_survives_a_restart(store: Store, file: Path) -> None:
    assert await store.memos.recall("chat", "g") is None
    await store.memos.remember("chat", "g", "first", at=at(1))
    await store.memos.remember("chat", "g", "later", at=at(2))
    await store.memos.remember("mail", "g", "another", at=at(2))
    again = await reopened(store, file)
    assert await again.memos.recall("chat", "g") == "later"
    assert await again.memos.recall("chat", "other") is None
    await again.close()


async def test_what_is_noted_while_the_database_is_away_is_recalled_and_stored_later(
    store: Store, file: Path
) -> None:
    transact = store._database._transact

    async def full(_works: object) -> None:
        raise StoreUnavailableError("database or disk is full")

    store._database.writer.work_for(full)
    await store.memos.remember("chat", "group", "text", at=at(1))
    assert store.problem
    assert await store.memos.recall("chat", "group") == "text"
    store._database.writer.work_for(transact)
    await store.check_writable()
    again = await reopened(store, file)
    assert await again.memos.recall("chat", "group") == "text"
    await again.close()


async def test_nothing_is_let_go_while_the_database_is_away(store: Store, file: Path) -> None:
    with read_only(file):
        await store.memos.remember("chat", "group", "text", at=at(1))
        with pytest.raises(StoreUnavailableError):
            await store.prune(before=at(0))
        assert await store.memos.recall("chat", "group") == "text"
    await store.check_writable()
    await store.prune(before=at(0))
    assert await store.memos.recall("chat", "group") == "text"


async def test_no_more_is_held_in_memory_than_its_bound(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regwatch.store.memos.MOST_NOTED", 2)
    for number in range(5):
        await store.memos.remember("chat", f"group {number}", "text", at=at(number))
    assert list(store.memos._noted) == [("chat", "group 3"), ("chat", "group 4")]
    assert await store.memos.recall("chat", "group 0") == "text"
