"""A database that can be opened at last, and what was noted without it."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes.stored import TAKES_NOTHING, happening, incident, notification, told, url, watched
from fakes.values import ACME, at
from msgspec.structs import replace
from structlog.testing import capture_logs

from regwatch.core.history import Sought
from regwatch.core.model import Incident, IncidentId, IncidentState, Watched
from regwatch.store import Store, StoreError, StoreInUseError, StoreUrlError
from regwatch.store.merging import APART, NUMBERED
from regwatch.store.schema import metadata

PENDING = IncidentState.PENDING


def at_work(file: Path) -> str:
    return url(file.parent / "away" / file.name)


async def stand_in(file: Path) -> Store:
    """Opened while its folder is missing."""
    with capture_logs() as logs:
        store = await Store.open_or_stand_in(at_work(file), clock=lambda: at(100))
    assert [line["event"] for line in logs] == ["store_not_opened"]
    assert store.is_stand_in
    assert "no such file or directory" in store.problem
    return store


async def former(file: Path) -> Store:
    (file.parent / "away").mkdir()
    return await Store.open(at_work(file), clock=lambda: at(0))


async def taken_up(store: Store) -> Store:
    opened = await store.try_opening()
    assert opened is not None
    await store.take_up(opened)
    assert not store.is_stand_in
    assert store.problem == ""
    assert await store.try_opening() is None
    return store


async def merged(
    file: Path,
    before: Sequence[tuple[Watched, bytes]],
    since: Sequence[tuple[Watched, bytes]],
    *,
    incidents_before: Sequence[Incident] = (),
    incidents_since: Sequence[Incident] = (),
) -> Store:
    store = await stand_in(file)
    await store.accounts.save(ACME, watched=since, incidents=incidents_since)
    one = await former(file)
    await one.accounts.save(ACME, watched=before, incidents=incidents_before)
    await one.close()
    return await taken_up(store)


async def test_it_is_taken_up_however_long_that_takes(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred thousand extensions take longer than a write is waited for."""
    store = await stand_in(file)
    await store.accounts.save(ACME, watched=[(watched(1), b"")])
    await (await former(file)).close()
    with monkeypatch.context() as impatient:
        impatient.setattr("regwatch.store.writer.PATIENCE_SECONDS", 0.0)
        await taken_up(store)
    assert len((await store.accounts.load(ACME)).watched) == 1
    await store.close()


def unseen(number: int) -> Watched:
    return replace(watched(number), last_registered_at=None, registrations=(), answered_at=at(90))


def seen(number: int) -> Watched:
    return replace(watched(number), last_registered_at=at(90), first_answered_at=at(89))


async def test_who_was_not_seen_registered_since_is_as_the_database_knows_it(file: Path) -> None:
    store = await merged(file, [(watched(1), b"habit")], [(unseen(1), b""), (unseen(2), b"new")])
    rows = {
        row.extension.id: (row, memory) for row, memory in (await store.accounts.load(ACME)).watched
    }
    assert rows == {1: (watched(1), b"habit"), 2: (unseen(2), b"new")}
    await store.close()


async def test_who_was_seen_is_as_it_was_seen_and_keeps_its_habits(file: Path) -> None:
    store = await merged(
        file, [(watched(1), b"habit"), (watched(2), b"")], [(seen(1), b"x"), (seen(2), b"y")]
    )
    rows = {
        row.extension.id: (row, memory) for row, memory in (await store.accounts.load(ACME)).watched
    }
    first_at = watched(1).first_answered_at
    assert rows == {
        1: (replace(seen(1), first_answered_at=first_at), b"habit"),
        2: (replace(seen(2), first_answered_at=first_at), b"y"),
    }
    await store.close()


def about(name: str, state: IncidentState = IncidentState.FIRING) -> Incident:
    """Of one subject, all of them."""
    return replace(incident(name, state), subject="extension:3")


@pytest.mark.parametrize(
    ("since", "is_seen", "still_open"),
    [
        pytest.param(about("i2", PENDING), False, {"i1"}, id="nobody was told of the newer"),
        pytest.param(about("i2"), False, {"i1"}, id="the database knows more of its extension"),
        pytest.param(about("i2"), True, {"i2"}, id="it was back, and is lost again"),
        pytest.param(about("i1"), True, {"i1"}, id="it is the same"),
        pytest.param(incident("i9"), True, {"i1", "i9"}, id="it is about something else"),
    ],
)
async def test_of_one_subject_one_incident_goes_on(
    file: Path, since: Incident, is_seen: bool, still_open: set[str]
) -> None:
    store = await merged(
        file,
        [(watched(3), b"")],
        [(seen(3) if is_seen else unseen(3), b"")],
        incidents_before=[about("i1")],
        incidents_since=[since],
    )
    assert {each.id for each in await store.incidents.open_incidents()} == still_open
    over = await store.incidents.resolved(since=at(0), limit=9)
    ended = {"i1", since.id} - still_open if since.state is not PENDING else set()
    assert {each.id for each in over} == ended
    assert all(each.resolved_at == at(100) for each in over)
    await store.close()


async def test_messages_go_behind_those_that_wait_and_all_else_is_added(file: Path) -> None:
    store = await stand_in(file)
    await store.outbox.enqueue(notification("since", when=50), [told("i2")])
    await store.outbox.forward([notification("copy", "mail")], receiver="chat")
    await store.memos.remember("chat", "group", "newer", at=at(50))
    one = await former(file)
    await one.outbox.enqueue(notification("before"), [told("i1")])
    await one.memos.remember("chat", "group", "older", at=at(5))
    await one.accounts.save(ACME, watched=(), happenings=[happening(1)])
    await one.close()
    store = await taken_up(store)
    waiting = await store.outbox.pending("chat", limit=9)
    assert [each.notification.id for each in waiting] == ["before", "since"]
    assert {row.incident_id for row in await store.outbox.notified()} == {"i1", "i2"}
    assert await store.outbox.forwarded([IncidentId("i1")], receiver="chat") == ["i1"]
    assert await store.memos.recall("chat", "group") == "newer"
    assert len(await store.operations.history(Sought())) == 3
    await store.outbox.enqueue(notification("next"), [])
    assert [e.notification.id for e in await store.outbox.pending("chat", limit=9)][-1] == "next"
    await store.close()


async def test_one_that_fails_in_the_midst_changes_nothing(file: Path) -> None:
    store = await stand_in(file)
    await store.outbox.enqueue(notification("since"), [])
    await (await former(file)).close()
    opened = await store.try_opening()
    assert opened is not None
    async with opened.engine.begin() as connection:
        await connection.exec_driver_sql(TAKES_NOTHING.format(table="memos"))
    await store.memos.remember("chat", "group", "text", at=at(5))
    with pytest.raises(StoreError):
        await store.take_up(opened)
    assert store.is_stand_in
    assert len(await store.outbox.pending("chat", limit=9)) == 1
    await store.close()


async def test_nothing_stands_in_for_what_another_has_or_nobody_could_open(file: Path) -> None:
    store = await Store.open_or_stand_in(url(file))
    assert not store.is_stand_in
    with pytest.raises(StoreInUseError):
        await Store.open_or_stand_in(url(file))
    with pytest.raises(StoreUrlError):
        await Store.open_or_stand_in("mysql://x")
    await store.close()


def test_each_table_is_thought_of() -> None:
    """A later one with numbers of its own would be merged over others' rows."""
    numbered = {t for t in metadata.sorted_tables if t.primary_key.columns.keys() == ["id"]}
    texts = {"incidents", "silences"}
    assert {table.name for table in numbered} - texts == {table.name for table in NUMBERED}
    assert {table.name for table in APART} <= set(metadata.tables)


async def test_what_is_kept_in_memory_meanwhile_is_bounded(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regwatch.store.store.MOST_LINES_IN_MEMORY", 3)
    store = await stand_in(file)
    await store.accounts.save(ACME, watched=(), happenings=[happening(n) for n in range(5)])
    with capture_logs() as logs:
        await store.prune(before=at(0))
        await store.prune(before=at(0))
    assert [(line["event"], line["lines"]) for line in logs] == [("history_cut", 2)]
    assert [line.at for line in await store.operations.history(Sought())] == [at(4), at(3), at(2)]
    await store.close()
