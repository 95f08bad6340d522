"""Messages that wait, against a real SQLite file."""

import sqlite3
from pathlib import Path

import msgspec
import pytest
from fakes.stored import incident, notification, reopened, told
from fakes.values import ACME, at
from msgspec.structs import replace

from regwatch.core.history import Kind, Sought
from regwatch.core.model import Consequences, IncidentId, Item, ItemStatus, Notification, Retry
from regwatch.notify.delivery.parcels import next_turn, parcels
from regwatch.store import Store, StoreRefusedError


async def test_messages_come_back_in_order_per_receiver(store: Store, file: Path) -> None:
    for name, receiver in (("n1", "chat"), ("n2", "pager"), ("n3", "chat")):
        await store.outbox.enqueue(notification(name, receiver), [])
    again = await reopened(store, file)
    entries = await again.outbox.pending("chat", limit=10)
    assert [entry.notification for entry in entries] == [notification("n1"), notification("n3")]
    assert [entry.notification.id for entry in await again.outbox.pending("chat", limit=1)] == [
        "n1"
    ]
    assert (entries[0].attempts, entries[0].created_at) == (0, at(5))
    await again.close()


async def test_what_nobody_is_told_is_owed_to_nobody_after_a_restart(
    store: Store, file: Path
) -> None:
    await store.outbox.enqueue(notification(), [told()])
    assert [row.incident_id for row in await store.outbox.notified()] == ["i1"]
    await store.outbox.enqueue(None, [replace(told(), resolved_at=at(9))])
    assert await store.outbox.notified() == []
    again = await reopened(store, file)
    assert await again.outbox.notified() == []
    assert len(await again.outbox.pending("chat", limit=10)) == 1
    await again.close()


async def test_the_same_message_again_changes_nothing(store: Store) -> None:
    await store.outbox.enqueue(notification(), [told()])
    await store.outbox.enqueue(notification(), [told()])
    assert len(await store.outbox.pending("chat", limit=10)) == 1


async def test_a_message_about_thousands_is_stored_in_few_bytes(store: Store, file: Path) -> None:
    many = [
        Item(ItemStatus.NEW, replace(incident(), id=IncidentId(f"{n:016x}"))) for n in range(3000)
    ]
    made = replace(notification(), items=tuple(many))
    rows = [told(each.id) for each in many]
    await store.outbox.enqueue(made, rows)
    (entry,) = await store.outbox.pending("chat", limit=10)
    assert [word.id for word in entry.notification.words] == [each.id for each in many]
    consequences = Consequences(receiver="chat", in_place_of="", left={entry.id: made})
    await store.outbox.mark_given_up([99], consequences, at=at(9), error="")
    await store.close()
    (size,) = stored_value(file, "SELECT length(notification) FROM outbox")
    assert size < 60_000
    assert stored_value(file, "SELECT count(*) FROM notified") == (3000,)


async def test_a_message_of_the_version_before_is_read_and_sent(store: Store, file: Path) -> None:
    await store.outbox.enqueue(notification(), [])
    fields = {n: getattr(notification(), n) for n in Notification.__struct_fields__}
    del fields["mentions"]
    with sqlite3.connect(file) as connection:
        old = msgspec.msgpack.encode(fields)
        connection.execute("UPDATE outbox SET notification = ?", (old,))
    (entry,) = await store.outbox.pending("chat", limit=10)
    assert entry.notification == notification()


async def test_thousands_can_be_forwarded(store: Store) -> None:
    ids = [IncidentId(f"{n:016x}") for n in range(1200)]
    over = tuple(Item(ItemStatus.RESOLVED, replace(incident(), id=each)) for each in ids)
    copy = replace(notification("n1", "mail"), items=(*notification().items, *over))
    await store.outbox.forward([copy], receiver="chat")
    known = await store.outbox.forwarded([*ids, IncidentId("i1")], receiver="chat")
    assert known == ["i1"]


def stored_value(file: Path, query: str) -> tuple[int, ...]:
    with sqlite3.connect(file) as connection:
        return tuple(connection.execute(query).fetchone())


async def test_who_was_told_stands_in_the_history_once(store: Store) -> None:
    await store.outbox.enqueue(notification("n1"), [])
    await store.outbox.enqueue(notification("n1"), [])
    (line,) = await store.operations.history(Sought())
    assert (line.kind, line.event, line.receiver) == (Kind.NOTIFICATION, "new", "chat")


async def test_settled_messages_are_no_longer_pending(store: Store) -> None:
    for name in ("n1", "n2", "n3"):
        await store.outbox.enqueue(notification(name), [])
    first, second, _ = await store.outbox.pending("chat", limit=10)
    await store.outbox.mark_delivered([first.id], at=at(6))
    await store.outbox.mark_given_up([second.id], at=at(6), error="gone")
    assert [e.notification.id for e in await store.outbox.pending("chat", limit=10)] == ["n3"]


async def test_a_retry_is_remembered(store: Store) -> None:
    await store.outbox.enqueue(notification(), [])
    (entry,) = await store.outbox.pending("chat", limit=1)
    retry = Retry(at=at(60), attempts=3, error="timeout", may_have_arrived=True, refused_at=at(50))
    await store.outbox.mark_retry([entry.id], retry)
    (again,) = await store.outbox.pending("chat", limit=1)
    assert (again.attempts, again.next_attempt_at) == (3, at(60))
    assert (again.may_have_arrived, again.refused_at) == (True, at(50))


async def test_an_attempt_is_noted_before_it_is_made(store: Store) -> None:
    await store.outbox.enqueue(notification(), [])
    (entry,) = await store.outbox.pending("chat", limit=1)
    assert not entry.may_have_arrived
    await store.outbox.mark_trying([entry.id])
    (again,) = await store.outbox.pending("chat", limit=1)
    assert again.may_have_arrived


async def test_what_was_told_elsewhere_is_known_until_its_end_is_told(store: Store) -> None:
    firing, over = notification("f1", "mail"), notification("f2", "mail")
    item = over.items[0]
    ended = replace(over, items=(Item(ItemStatus.RESOLVED, item.incident),))
    ids = [item.incident.id, IncidentId("other")]
    await store.outbox.forward([firing, firing], receiver="chat")
    assert await store.outbox.forwarded(ids, receiver="chat") == ids[:1]
    assert await store.outbox.forwarded(ids, receiver="mail") == []
    await store.outbox.forward([ended], receiver="chat")
    assert await store.outbox.forwarded(ids, receiver="chat") == []
    assert [e.notification.id for e in await store.outbox.pending("mail", limit=9)] == ["f1", "f2"]


async def test_receivers_that_are_gone_are_owed_nothing(store: Store) -> None:
    await store.outbox.enqueue(notification("n1"), [told()])
    await store.outbox.enqueue(notification("n2", "pager"), [])
    assert await store.outbox.forget_receivers(["pager"], at=at(9)) == {"chat": 1}
    assert await store.outbox.forget_receivers(["pager"], at=at(9)) == {}
    assert await store.outbox.pending("chat", limit=9) == []
    assert len(await store.outbox.pending("pager", limit=9)) == 1
    assert await store.outbox.notified() == []


async def test_the_backlog_is_counted_by_receiver(store: Store) -> None:
    await store.outbox.enqueue(notification("n1", when=5), [])
    await store.outbox.enqueue(notification("n2", when=7), [])
    assert dict(await store.outbox.backlog()) == {"chat": (2, at(5))}


async def test_a_message_that_cannot_be_read_does_not_hold_up_the_others(
    store: Store, file: Path
) -> None:
    await store.outbox.enqueue(notification("n1"), [])
    await store.outbox.enqueue(notification("n2"), [])
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE outbox SET notification = x'00' WHERE notification_id = 'n1'")
    connection.close()
    for _ in range(2):  # once it is given up, and once it is forgotten
        again = await reopened(store, file)
        assert [e.notification.id for e in await again.outbox.pending("chat", limit=1)] == ["n2"]
        await again.close()


async def test_copies_are_stored_all_or_none(store: Store) -> None:
    copies = [notification("f1", "mail"), notification("\udcff", "mail")]
    with pytest.raises(StoreRefusedError):
        await store.outbox.forward(copies, receiver="chat")
    assert await store.outbox.pending("mail", limit=9) == []
    assert await store.outbox.forwarded([IncidentId("i1")], receiver="chat") == []


async def test_what_was_refused_holds_up_nobody(store: Store) -> None:
    for name in ("n1", "n2", "n3", "n4"):
        await store.outbox.enqueue(notification(name), [])
    first, second, *_ = await store.outbox.pending("chat", limit=4)
    refused = Retry(at=at(60), attempts=1, error="400", may_have_arrived=False, refused_at=at(50))
    await store.outbox.mark_retry([first.id, second.id], refused)
    found = await store.outbox.pending("chat", limit=1)
    assert [e.notification.id for e in found] == ["n1", "n2", "n3"], "one besides those refused"


def given_up(*unheard: str, in_place_of: str = "") -> Consequences:
    ids = [IncidentId(each) for each in unheard]
    return Consequences(receiver="chat", in_place_of=in_place_of, unheard=ids)


async def test_what_never_arrived_is_known_until_it_does(store: Store, file: Path) -> None:
    await store.outbox.mark_given_up([1], given_up("i1", "i2"), at=at(1), error="gone")
    await store.outbox.mark_given_up(
        [2], given_up("i2", in_place_of="mail"), at=at(2), error="gone"
    )
    await store.outbox.mark_given_up([3], given_up("i1"), at=at(3), error="gone")
    again = await reopened(store, file)
    assert await again.outbox.unheard("chat") == {("", "i1"), ("", "i2"), ("mail", "i2")}
    assert await again.outbox.unheard("mail") == set()
    arrived = Consequences(receiver="chat", in_place_of="", settled=[IncidentId("i2")])
    await again.outbox.mark_delivered([4], arrived, at=at(4))
    assert await again.outbox.unheard("chat") == {("", "i1"), ("mail", "i2")}
    await again.outbox.forget_receivers(["mail"], at=at(5))
    assert await again.outbox.unheard("chat") == set()
    await again.close()


async def test_of_incidents_that_are_kept_no_more_nobody_knows_what_never_arrived(
    store: Store,
) -> None:
    await store.accounts.save(ACME, watched=(), incidents=[incident("i1")])
    await store.outbox.mark_given_up([1], given_up("i1", "i2"), at=at(1), error="gone")
    await store.prune(before=at(0))
    assert await store.outbox.unheard("chat") == {("", "i1")}


async def test_what_was_told_is_taken_out_of_what_waits_and_both_or_neither_is_stored(
    store: Store,
) -> None:
    await store.outbox.enqueue(notification("n1"), [])
    await store.outbox.enqueue(notification("n2"), [])
    first, second = await store.outbox.pending("chat", limit=5)
    emptied = replace(first.notification, items=())
    taken = Consequences(receiver="chat", in_place_of="", left={first.id: emptied})
    half = replace(taken, unheard=[IncidentId("half a character: \udcff")])
    with pytest.raises(StoreRefusedError):
        await store.outbox.mark_delivered([second.id], half, at=at(6))
    waiting = [entry.notification for entry in await store.outbox.pending("chat", limit=5)]
    assert waiting == [first.notification, second.notification]
    await store.outbox.mark_delivered([second.id], taken, at=at(6))
    (left,) = await store.outbox.pending("chat", limit=5)
    assert (left.id, left.notification) == (first.id, emptied)


async def test_what_was_never_tried_is_due_by_whatever_clock(store: Store, file: Path) -> None:
    """Half an hour of a clock that was set back, meanwhile or over a restart."""
    await store.outbox.enqueue(notification(when=1800), [told()])
    again = await reopened(store, file)
    for each in (store, again):
        waiting = parcels(await each.outbox.pending("chat", limit=9), ())
        assert next_turn(waiting, longest_pause=3600.0, now=at(0)).parcel is not None
    await again.close()
