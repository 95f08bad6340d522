"""What is known in memory of the outbox is what the database would say after a restart."""

import asyncio
import tempfile
from pathlib import Path

from fakes.stored import notification, reopened, told, url
from fakes.values import at
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch.core.model import Consequences, IncidentId, Item, ItemStatus, Notification, Retry
from regwatch.store import Store
from regwatch.store.rows import StoredEntry
from regwatch.store.working_set import MOST_REFUSED, WorkingSet

RECEIVERS = ("chat", "mail")


def entry(number: int, receiver: str = "chat", **more: object) -> StoredEntry:
    note = notification(f"n{number}", receiver)
    return StoredEntry(number, receiver, note, 0, at(5), at(number), **more)  # type: ignore[arg-type]


def test_the_oldest_come_first_and_those_refused_besides() -> None:
    known = WorkingSet()
    for number in range(1, 6):
        known.add(entry(number, refused_at=at(1) if number in (1, 4) else None))
    assert [each.id for each in known.pending("chat", limit=2)] == [1, 2, 3, 4]
    assert known.pending("mail", limit=2) == []
    assert known.next_id == 6
    for number in range(10, 10 + MOST_REFUSED + 5):
        known.add(entry(number, refused_at=at(1)))
    assert len(known.pending("chat", limit=0)) == MOST_REFUSED


def test_what_is_settled_is_known_and_waits_no_more() -> None:
    known = WorkingSet()
    known.add(entry(1))
    known.change([1, 99], {"settled_at": at(7)})
    known.change([1], {"attempts": 3})
    assert known.pending("chat", limit=9) == []
    assert known.backlog() == {}
    known.add(entry(1))
    assert known.pending("chat", limit=9) == []
    known.forget_old(before=at(8))
    known.add(entry(1))
    assert len(known.pending("chat", limit=9)) == 1


def of(number: int, receiver: str, incident: int, status: ItemStatus) -> Notification:
    made = notification(f"n{number}", receiver)
    named = replace(made.items[0].incident, id=IncidentId(f"i{incident}"))
    return replace(made, items=(Item(status, named),))


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            ["enqueue", "delivered", "given up", "trying", "retry", "forward", "left", "forget"]
        ),
        st.integers(1, 6),
        st.sampled_from(RECEIVERS),
        st.integers(1, 3),
        st.sampled_from(ItemStatus),
    ),
    max_size=25,
)


async def do(store: Store, deed: tuple[str, int, str, int, ItemStatus]) -> None:
    what, number, receiver, incident, status = deed
    note, name = of(number, receiver, incident, status), IncidentId(f"i{incident}")
    line = Consequences(receiver=receiver, in_place_of="")
    if what == "enqueue":
        over = at(9) if status is ItemStatus.RESOLVED else None
        await store.outbox.enqueue(note, [told(name, receiver, resolved_at=over)])
    elif what == "delivered":
        await store.outbox.mark_delivered([number], replace(line, settled=[name]), at=at(8))
    elif what == "given up":
        that = replace(line, unheard=[name])
        await store.outbox.mark_given_up([number], that, at=at(8), error="gone")
    elif what == "trying":
        await store.outbox.mark_trying([number, number + 1])
    elif what == "retry":
        again = Retry(at=at(60), attempts=2, error="no", may_have_arrived=False, refused_at=at(5))
        await store.outbox.mark_retry([number], again)
    elif what == "forward":
        await store.outbox.forward([note], receiver="pager")
    elif what == "left":
        waiting = [e for each in RECEIVERS for e in await store.outbox.pending(each, limit=50)]
        left = {e.id: replace(e.notification, items=()) for e in waiting if e.id == number}
        that = replace(line, left=left)
        await store.outbox.mark_delivered([number + 1], that, at=at(8))
    else:
        await store.outbox.forget_receivers([receiver, "pager"], at=at(9))


async def said(store: Store) -> object:
    outbox, ids = store.outbox, [IncidentId(f"i{n}") for n in range(1, 4)]
    return (
        [await outbox.pending(receiver, limit=50) for receiver in RECEIVERS],
        [await outbox.unheard(receiver) for receiver in RECEIVERS],
        await outbox.forwarded(ids, receiver="pager"),
        sorted(
            (r.incident_id, r.receiver) for r in await outbox.notified() if r.resolved_at is None
        ),
        dict(await outbox.backlog()),
    )


@settings(max_examples=12, deadline=None)
@given(DEEDS)
def test_after_whatever_was_done_a_restart_finds_the_same(deeds: list[tuple]) -> None:  # type: ignore[type-arg]
    async def go(folder: str) -> None:
        file = Path(folder) / "regwatch.db"
        store = await Store.open(url(file))
        for deed in deeds:
            await do(store, deed)
        before = await said(store)
        store = await reopened(store, file)
        assert await said(store) == before
        await store.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(go(folder))
