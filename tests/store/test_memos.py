"""What receivers remember of a group, against a real SQLite file."""

from pathlib import Path

from fakes.stored import reopened
from fakes.values import at

from regwatch.store import Store


async def test_what_is_noted_of_a_group_survives_a_restart(store: Store, file: Path) -> None:
    assert await store.memos.recall("chat", "g") is None
    await store.memos.remember("chat", "g", "first", at=at(1))
    await store.memos.remember("chat", "g", "later", at=at(2))
    await store.memos.remember("mail", "g", "another", at=at(2))
    again = await reopened(store, file)
    assert await again.memos.recall("chat", "g") == "later"
    assert await again.memos.recall("chat", "other") is None
    await again.close()
