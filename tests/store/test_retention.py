"""What is forgotten in time, and what never is."""

import sqlite3
from pathlib import Path

import pytest
from fakes.stored import happening, incident, notification, told
from fakes.values import ACME, at
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch.core.alerts.mutes import Silence
from regwatch.core.history import Kind, Sought
from regwatch.core.matchers import Matchers
from regwatch.core.model import IncidentState
from regwatch.store import Store, retention
from regwatch.store.retention import Retention
from regwatch.store.schema import forwarded, unheard


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
    lines = await store.operations.history(Sought())
    assert {line.at for line in lines if line.kind is not Kind.NOTIFICATION} == {at(5)}
    await store.close()
    with sqlite3.connect(file) as connection:
        kept = [connection.execute(f"SELECT count(*) FROM {t}") for t in ("outbox", "notified")]
        assert [row.fetchone() for row in kept] == [(1,), (1,)]
        assert connection.execute("SELECT group_key FROM memos").fetchall() == [("at 5",)]
    connection.close()


async def test_what_is_open_or_owed_stays_however_old_it_is(store: Store) -> None:
    over = incident("i1", IncidentState.RESOLVED, resolved_at=at(2))
    await store.accounts.save(ACME, watched=(), incidents=[over, incident("i2")])
    await store.outbox.enqueue(notification(), [told("i1"), told("i2")])
    await store.prune(before=at(1000))
    assert {i.id for i in await store.incidents.unsettled()} == {"i1", "i2"}
    assert list(await store.outbox.notified()) == [told("i1"), told("i2")]


def silence(name: str, *, ends: float) -> Silence:
    return Silence(
        id=name, matchers=Matchers.of({"site": "riga"}), starts_at=at(1),
        ends_at=at(ends), author="anna", comment="router", created_at=at(1),
    )  # fmt: skip


# --- in pieces --------------------------------------------------------------------------------


async def lines(store: Store) -> int:
    return len(await store.operations.history(Sought(limit=100_000)))


async def test_much_is_forgotten_in_several_goes_and_each_piece_is_small(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PIECE", 10)
    monkeypatch.setattr(retention, "MOST_PIECES", 3)
    await store.accounts.save(ACME, watched=(), happenings=[happening(n) for n in range(100)])
    left = []
    while await store.prune(before=at(95)):
        left.append(await lines(store))
    assert left == [70, 40, 10]
    assert await lines(store) == 5


async def test_the_history_has_so_many_lines_at_most(store: Store) -> None:
    await store.accounts.save(ACME, watched=(), happenings=[happening(n) for n in range(50)])
    await Retention(store._database).forget_old(before=at(0), most_lines=20)
    found = await store.operations.history(Sought(limit=100))
    assert [line.at for line in found] == [at(n) for n in range(49, 29, -1)]


async def test_what_is_noted_of_incidents_that_are_forgotten_goes_too(
    store: Store, file: Path
) -> None:
    async def note(connection: AsyncConnection) -> None:
        for name in ("gone", "i1"):
            row = {"receiver": "chat", "incident_id": name}
            await connection.execute(insert(forwarded), row)
            await connection.execute(insert(unheard), row | {"in_place_of": ""})

    await store.accounts.save(ACME, watched=(), incidents=[incident("i1")])
    await store._database.write(note)
    await store.prune(before=at(0))
    for table in (forwarded, unheard):
        rows = await store._database.read(select(table.c.incident_id))
        assert [row.incident_id for row in rows] == ["i1"]


async def test_the_file_gives_back_what_it_does_not_need(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROOM_PAGES", 5)
    await store.accounts.save(ACME, watched=(), happenings=[happening(n) for n in range(5000)])
    while await store.prune(before=at(10_000)):
        pass
    assert await store._database.free_pages() <= 5
    await store.close()
    assert file.stat().st_size < 400_000
