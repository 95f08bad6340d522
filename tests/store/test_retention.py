"""What is forgotten in time, and what never is."""

from fakes.stored import notification
from fakes.values import at

from regwatch.store import Store


async def test_pruning_never_drops_what_waits(store: Store) -> None:
    await store.outbox.enqueue(notification("n1"), [])
    await store.outbox.enqueue(notification("n2"), [])
    first, _ = await store.outbox.pending("chat", limit=2)
    await store.outbox.mark_delivered([first.id], at=at(6))
    await store.prune(before=at(1000))
    assert [e.notification.id for e in await store.outbox.pending("chat", limit=5)] == ["n2"]


async def test_old_notes_are_forgotten(store: Store) -> None:
    await store.memos.remember("chat", "old", "x", at=at(1))
    await store.memos.remember("chat", "new", "x", at=at(5))
    await store.prune(before=at(5))
    assert await store.memos.recall("chat", "old") is None
    assert await store.memos.recall("chat", "new") == "x"
