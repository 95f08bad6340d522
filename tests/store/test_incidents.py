"""Which incidents an engine starts from."""

from pathlib import Path

import msgspec
from fakes.storage import read_only
from fakes.stored import incident, notification, told
from fakes.values import ACME, at

from regwatch.core.model import IncidentId, IncidentState
from regwatch.store import Store


async def test_resolved_incidents_are_no_longer_open_and_come_latest_first(store: Store) -> None:
    ended = [incident(f"i{n}", IncidentState.RESOLVED, resolved_at=at(10 * n)) for n in range(1, 4)]
    await store.accounts.save(ACME, watched=[], incidents=[*ended, incident("open")])
    assert [i.id for i in await store.incidents.open_incidents()] == ["open"]
    latest = await store.incidents.resolved(since=at(15), limit=5)
    assert [i.id for i in latest] == ["i3", "i2"]
    assert len(await store.incidents.resolved(since=at(0), limit=1)) == 1


async def test_one_that_never_fired_is_not_shown_as_resolved(store: Store) -> None:
    dropped = msgspec.structs.replace(
        incident("i1", IncidentState.RESOLVED, resolved_at=at(9)), fired_at=None
    )
    await store.accounts.save(ACME, watched=[], incidents=[dropped])
    assert list(await store.incidents.resolved(since=at(0), limit=5)) == []


async def test_a_resolved_one_stays_until_every_receiver_has_heard(store: Store) -> None:
    ended = incident("i1", IncidentState.RESOLVED, resolved_at=at(10))
    await store.accounts.save(ACME, watched=[], incidents=[ended])
    await store.outbox.enqueue(notification(), [told()])
    assert [i.id for i in await store.incidents.unsettled()] == ["i1"]
    assert list(await store.outbox.notified()) == [told()]
    await store.prune(before=at(100))
    assert [i.id for i in await store.incidents.unsettled()] == ["i1"]
    await store.outbox.enqueue(notification("n2"), [told(resolved_at=at(11))])
    assert list(await store.incidents.unsettled()) == []
    assert list(await store.outbox.notified()) == []
    await store.prune(before=at(100))
    assert list(await store.incidents.resolved(since=at(0), limit=5)) == []


async def test_what_is_not_stored_yet_is_known_all_the_same(store: Store, file: Path) -> None:
    await store.accounts.save(ACME, watched=[], incidents=[incident("ends"), incident("stays")])
    ended = incident("ends", IncidentState.RESOLVED, resolved_at=at(10))
    with read_only(file):
        await store.accounts.save(ACME, watched=[], incidents=[incident("new"), ended])
        assert store.problem
        assert {i.id for i in await store.incidents.open_incidents()} == {"stays", "new"}
        assert {i.id for i in await store.incidents.unsettled()} == {"stays", "new", "ends"}
        wanted = [IncidentId("new"), IncidentId("ends"), IncidentId("nobody")]
        found = await store.incidents.with_ids(wanted)
        assert found == {"new": incident("new"), "ends": ended}
    await store.check_writable()
    await store.accounts.save(ACME, watched=[], incidents=[incident("last")])
    assert not store._unstored.now(), "they are all stored"
    assert {i.id for i in await store.incidents.open_incidents()} == {"stays", "new", "last"}


async def test_incidents_are_found_by_id_however_many(store: Store) -> None:
    known = [incident("i1"), incident("i2", IncidentState.RESOLVED, resolved_at=at(9))]
    await store.accounts.save(ACME, watched=[], incidents=known)
    wanted = [IncidentId(f"nobody-{n}") for n in range(2000)]
    found = await store.incidents.with_ids([*wanted, *(each.id for each in known)])
    assert found == {each.id: each for each in known}
