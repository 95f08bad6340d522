"""What is forgotten in time, and what never is."""

import sqlite3
from pathlib import Path

from fakes.stored import happening, incident, notification, told
from fakes.values import ACME, at

from regwatch.core.alerts.mutes import Silence
from regwatch.core.history import Kind, Sought
from regwatch.core.matchers import Matchers
from regwatch.core.model import IncidentState
from regwatch.store import Store


async def test_pruning_never_drops_what_waits(store: Store) -> None:
    await store.outbox.enqueue(notification("n1"), [])
    await store.outbox.enqueue(notification("n2"), [])
    first, _ = await store.outbox.pending("chat", limit=2)
    await store.outbox.mark_delivered([first.id], at=at(6))
    await store.prune(before=at(1000))
    assert [e.notification.id for e in await store.outbox.pending("chat", limit=5)] == ["n2"]


async def test_each_kind_is_kept_from_the_moment_named_on(store: Store, file: Path) -> None:
    for when in (4, 5):
        name = f"at {when}"
        over = incident(name, IncidentState.RESOLVED, resolved_at=at(when))
        await store.accounts.save(ACME, watched=(), incidents=[over])
        await store.outbox.enqueue(notification(name), [told(name, resolved_at=at(when))])
        (entry,) = await store.outbox.pending("chat", limit=9)
        await store.outbox.mark_delivered([entry.id], at=at(when))
        await store.memos.remember("chat", name, "x", at=at(when))
        await store.operations.keep_silence(silence(name, ends=when), happening(when))
    await store.prune(before=at(5))
    assert [i.id for i in await store.incidents.resolved(since=at(0), limit=9)] == ["at 5"]
    assert [s.id for s in await store.operations.silences()] == ["at 5"]
    assert await store.memos.recall("chat", "at 4") is None
    assert await store.memos.recall("chat", "at 5") == "x"
    lines = await store.operations.history(Sought())
    assert {line.at for line in lines if line.kind is not Kind.NOTIFICATION} == {at(5)}
    await store.close()
    with sqlite3.connect(file) as connection:
        kept = [connection.execute(f"SELECT count(*) FROM {t}") for t in ("outbox", "notified")]
        assert [row.fetchone() for row in kept] == [(1,), (1,)]
    connection.close()


async def test_what_is_open_or_owed_stays_however_old_it_is(store: Store) -> None:
    over = incident("i1", IncidentState.RESOLVED, resolved_at=at(2))
    await store.accounts.save(ACME, watched=(), incidents=[over, incident("i2")])
    await store.outbox.enqueue(notification(), [told("i1"), told("i2")])
    await store.prune(before=at(1000))
    assert {i.id for i in await store.incidents.unsettled()} == {"i1", "i2"}
    assert list(await store.outbox.notified()) == [told("i1"), told("i2")]


async def test_what_was_forwarded_is_forgotten_with_its_incident(store: Store) -> None:
    over = incident("i1", IncidentState.RESOLVED, resolved_at=at(2))
    await store.accounts.save(ACME, watched=(), incidents=[over])
    await store.outbox.forward([notification("n1", "mail")], receiver="chat")
    ids = [over.id]
    assert await store.outbox.forwarded(ids, receiver="chat") == ids
    await store.prune(before=at(1000))
    assert await store.outbox.forwarded(ids, receiver="chat") == []


def silence(name: str, *, ends: float) -> Silence:
    return Silence(
        id=name, matchers=Matchers.of({"site": "riga"}), starts_at=at(1),
        ends_at=at(ends), author="anna", comment="router", created_at=at(1),
    )  # fmt: skip
