"""The store against a real SQLite file."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from fakes.values import ACME, at, extension, registration
from msgspec.structs import replace

from regwatch.core.alerts.mutes import Silence
from regwatch.core.history import Happening, Kind, Sought
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AccountName,
    AlertName,
    Consequences,
    ExtensionId,
    ExtensionState,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    Item,
    ItemStatus,
    Notification,
    Notified,
    NotifyReason,
    Retry,
    Severity,
    Watched,
)
from regwatch.store import Store, StoreRefusedError, StoreUnavailableError, StoreVersionError
from regwatch.store.schema import MIGRATIONS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "regwatch.db"


def url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[Store]:
    opened = await Store.open(url(file))
    yield opened
    await opened.close()


def watched(number: int) -> Watched:
    return Watched(
        extension(number, "Petrov"),
        site="riga",
        state=ExtensionState.REGISTERED,
        since=at(1),
        answered_at=at(2),
        registrations=(registration(),),
        last_registered_at=at(2),
        first_answered_at=at(0),
    )


def incident(
    name: str = "i1", state: IncidentState = IncidentState.FIRING, **more: object
) -> Incident:
    return Incident(
        id=IncidentId(name),
        account=ACME,
        alert=AlertName.EXTENSION_LOST,
        severity=Severity.CRITICAL,
        subject=f"extension:{name}",
        state=state,
        started_at=at(0),
        fired_at=at(1),
        facts=Facts(account=ACME, extension_id=ExtensionId(3), device="Yealink", last_seen=at(0)),
        **more,  # type: ignore[arg-type]
    )


def notification(name: str = "n1", receiver: str = "chat", when: float = 5) -> Notification:
    return Notification(
        id=name,
        receiver=receiver,
        group_key="all:{}",
        group_labels={"account": "acme"},
        reason=NotifyReason.FIRST_SEEN,
        created_at=at(when),
        items=(Item(ItemStatus.NEW, incident()),),
    )


def told(name: str = "i1", receiver: str = "chat", **more: object) -> Notified:
    return Notified(
        receiver,
        IncidentId(name),
        AlertName.EXTENSION_LOST,
        Severity.CRITICAL,
        "all:{}",
        firing_at=at(5),
        **more,  # type: ignore[arg-type]
    )


async def reopened(store: Store, file: Path) -> Store:
    await store.close()
    return await Store.open(url(file))


# --- accounts ---------------------------------------------------------------------------------


async def test_an_accounts_state_comes_back_as_it_was(store: Store, file: Path) -> None:
    held = [(watched(1), b"remembered"), (watched(2), b"")]
    await store.save(ACME, watched=held, incidents=[incident()])
    again = await reopened(store, file)
    assert list((await again.load(ACME)).watched) == held
    assert list(await again.open_incidents()) == [incident()]
    await again.close()


async def test_a_later_state_replaces_the_earlier_one(store: Store) -> None:
    await store.save(ACME, watched=[(watched(1), b"old")])
    newer = watched(1)
    newer.state = ExtensionState.LOST
    await store.save(ACME, watched=[(newer, b"new")])
    assert list((await store.load(ACME)).watched) == [(newer, b"new")]


async def test_removed_extensions_are_forgotten(store: Store) -> None:
    await store.save(ACME, watched=[(watched(1), b""), (watched(2), b"")])
    await store.save(ACME, watched=[], removed=[ExtensionId(1)])
    assert [w.extension.id for w, _ in (await store.load(ACME)).watched] == [2]


async def test_accounts_do_not_see_each_other(store: Store) -> None:
    await store.save(ACME, watched=[(watched(1), b"")])
    assert list((await store.load(AccountName("other"))).watched) == []


async def test_a_value_that_cannot_be_read_is_left_out_not_fatal(store: Store, file: Path) -> None:
    await store.save(ACME, watched=[(watched(1), b""), (watched(2), b"")])
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE extensions SET watched = x'00' WHERE extension_id = 1")
    connection.close()
    assert [w.extension.id for w, _ in (await store.load(ACME)).watched] == [2]


async def test_a_field_added_later_takes_its_default() -> None:
    class OldWatched(msgspec.Struct):
        extension: dict[str, object]

    stored = msgspec.msgpack.encode(OldWatched({"id": 1, "name": "000*101"}))
    assert msgspec.msgpack.decode(stored, type=Watched).state is ExtensionState.UNKNOWN


# --- incidents --------------------------------------------------------------------------------


async def test_resolved_incidents_are_no_longer_open_and_come_latest_first(store: Store) -> None:
    ended = [incident(f"i{n}", IncidentState.RESOLVED, resolved_at=at(10 * n)) for n in range(1, 4)]
    await store.save(ACME, watched=[], incidents=[*ended, incident("open")])
    assert [i.id for i in await store.open_incidents()] == ["open"]
    latest = await store.resolved_incidents(since=at(15), limit=5)
    assert [i.id for i in latest] == ["i3", "i2"]
    assert len(await store.resolved_incidents(since=at(0), limit=1)) == 1


async def test_one_that_never_fired_is_not_shown_as_resolved(store: Store) -> None:
    dropped = msgspec.structs.replace(
        incident("i1", IncidentState.RESOLVED, resolved_at=at(9)), fired_at=None
    )
    await store.save(ACME, watched=[], incidents=[dropped])
    assert list(await store.resolved_incidents(since=at(0), limit=5)) == []


async def test_a_resolved_one_stays_until_every_receiver_has_heard(store: Store) -> None:
    ended = incident("i1", IncidentState.RESOLVED, resolved_at=at(10))
    await store.save(ACME, watched=[], incidents=[ended])
    await store.enqueue(notification(), [told()])
    assert [i.id for i in await store.unsettled_incidents()] == ["i1"]
    assert list(await store.notified()) == [told()]
    await store.prune(before=at(100))
    assert [i.id for i in await store.unsettled_incidents()] == ["i1"]
    await store.enqueue(notification("n2"), [told(resolved_at=at(11))])
    assert list(await store.unsettled_incidents()) == []
    assert list(await store.notified()) == []
    await store.prune(before=at(100))
    assert list(await store.resolved_incidents(since=at(0), limit=5)) == []


# --- the outbox -------------------------------------------------------------------------------


async def test_messages_come_back_in_order_per_receiver(store: Store, file: Path) -> None:
    for name, receiver in (("n1", "chat"), ("n2", "pager"), ("n3", "chat")):
        await store.enqueue(notification(name, receiver), [])
    again = await reopened(store, file)
    entries = await again.pending("chat", limit=10)
    assert [entry.notification for entry in entries] == [notification("n1"), notification("n3")]
    assert [entry.notification.id for entry in await again.pending("chat", limit=1)] == ["n1"]
    assert (entries[0].attempts, entries[0].created_at) == (0, at(5))
    await again.close()


async def test_the_same_message_again_changes_nothing(store: Store) -> None:
    await store.enqueue(notification(), [told()])
    await store.enqueue(notification(), [told()])
    assert len(await store.pending("chat", limit=10)) == 1


async def test_settled_messages_are_no_longer_pending(store: Store) -> None:
    for name in ("n1", "n2", "n3"):
        await store.enqueue(notification(name), [])
    first, second, _ = await store.pending("chat", limit=10)
    await store.mark_delivered([first.id], at=at(6))
    await store.mark_given_up([second.id], at=at(6), error="gone")
    assert [e.notification.id for e in await store.pending("chat", limit=10)] == ["n3"]


async def test_a_retry_is_remembered(store: Store) -> None:
    await store.enqueue(notification(), [])
    (entry,) = await store.pending("chat", limit=1)
    retry = Retry(at=at(60), attempts=3, error="timeout", may_have_arrived=True, refused_at=at(50))
    await store.mark_retry([entry.id], retry)
    (again,) = await store.pending("chat", limit=1)
    assert (again.attempts, again.next_attempt_at) == (3, at(60))
    assert (again.may_have_arrived, again.refused_at) == (True, at(50))


async def test_an_attempt_is_noted_before_it_is_made(store: Store) -> None:
    await store.enqueue(notification(), [])
    (entry,) = await store.pending("chat", limit=1)
    assert not entry.may_have_arrived
    await store.mark_trying([entry.id])
    (again,) = await store.pending("chat", limit=1)
    assert again.may_have_arrived


async def test_what_was_told_elsewhere_is_known_until_its_end_is_told(store: Store) -> None:
    firing, over = notification("f1", "mail"), notification("f2", "mail")
    item = over.items[0]
    ended = replace(over, items=(Item(ItemStatus.RESOLVED, item.incident),))
    ids = [item.incident.id, IncidentId("other")]
    await store.forward([firing, firing], receiver="chat")
    assert await store.forwarded(ids, receiver="chat") == ids[:1]
    assert await store.forwarded(ids, receiver="mail") == []
    await store.forward([ended], receiver="chat")
    assert await store.forwarded(ids, receiver="chat") == []
    assert [e.notification.id for e in await store.pending("mail", limit=9)] == ["f1", "f2"]


def given_up(*unheard: str, in_place_of: str = "") -> Consequences:
    ids = [IncidentId(each) for each in unheard]
    return Consequences(receiver="chat", in_place_of=in_place_of, unheard=ids)


async def test_what_never_arrived_is_known_until_it_does(store: Store, file: Path) -> None:
    await store.mark_given_up([1], given_up("i1", "i2"), at=at(1), error="gone")
    await store.mark_given_up([2], given_up("i2", in_place_of="mail"), at=at(2), error="gone")
    await store.mark_given_up([3], given_up("i1"), at=at(3), error="gone")
    again = await reopened(store, file)
    assert await again.unheard("chat") == {("", "i1"), ("", "i2"), ("mail", "i2")}
    assert await again.unheard("mail") == set()
    arrived = Consequences(receiver="chat", in_place_of="", settled=[IncidentId("i2")])
    await again.mark_delivered([4], arrived, at=at(4))
    assert await again.unheard("chat") == {("", "i1"), ("mail", "i2")}
    await again.forget_receivers(["mail"], at=at(5))
    assert await again.unheard("chat") == set()
    await again.close()


async def test_of_incidents_that_are_kept_no_more_nobody_knows_what_never_arrived(
    store: Store,
) -> None:
    await store.save(ACME, watched=(), incidents=[incident("i1")])
    await store.mark_given_up([1], given_up("i1", "i2"), at=at(1), error="gone")
    await store.prune(before=at(0))
    assert await store.unheard("chat") == {("", "i1")}


async def test_what_was_told_is_taken_out_of_what_waits_and_both_or_neither_is_stored(
    store: Store,
) -> None:
    await store.enqueue(notification("n1"), [])
    await store.enqueue(notification("n2"), [])
    first, second = await store.pending("chat", limit=5)
    emptied = replace(first.notification, items=())
    taken = Consequences(receiver="chat", in_place_of="", left={first.id: emptied})
    half = replace(taken, unheard=[IncidentId(HALF)])
    with pytest.raises(StoreRefusedError):
        await store.mark_delivered([second.id], half, at=at(6))
    waiting = [entry.notification for entry in await store.pending("chat", limit=5)]
    assert waiting == [first.notification, second.notification]
    await store.mark_delivered([second.id], taken, at=at(6))
    (left,) = await store.pending("chat", limit=5)
    assert (left.id, left.notification) == (first.id, emptied)


async def test_receivers_that_are_gone_are_owed_nothing(store: Store) -> None:
    await store.enqueue(notification("n1"), [told()])
    await store.enqueue(notification("n2", "pager"), [])
    assert await store.forget_receivers(["pager"], at=at(9)) == {"chat": 1}
    assert await store.forget_receivers(["pager"], at=at(9)) == {}
    assert await store.pending("chat", limit=9) == []
    assert len(await store.pending("pager", limit=9)) == 1
    assert await store.notified() == []


async def test_the_backlog_is_counted_by_receiver(store: Store) -> None:
    await store.enqueue(notification("n1", when=5), [])
    await store.enqueue(notification("n2", when=7), [])
    assert dict(await store.backlog()) == {"chat": (2, at(5))}


async def test_pruning_never_drops_what_waits(store: Store) -> None:
    await store.enqueue(notification("n1"), [])
    await store.enqueue(notification("n2"), [])
    first, _ = await store.pending("chat", limit=2)
    await store.mark_delivered([first.id], at=at(6))
    await store.prune(before=at(1000))
    assert [e.notification.id for e in await store.pending("chat", limit=5)] == ["n2"]


async def test_a_message_that_cannot_be_read_does_not_hold_up_the_others(
    store: Store, file: Path
) -> None:
    await store.enqueue(notification("n1"), [])
    await store.enqueue(notification("n2"), [])
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE outbox SET notification = x'00' WHERE notification_id = 'n1'")
    connection.close()
    assert [e.notification.id for e in await store.pending("chat", limit=1)] == ["n2"]


# --- what receivers remember of a group --------------------------------------------------------


async def test_what_is_noted_of_a_group_survives_a_restart(store: Store, file: Path) -> None:
    assert await store.recall("chat", "g") is None
    await store.remember("chat", "g", "first", at=at(1))
    await store.remember("chat", "g", "later", at=at(2))
    await store.remember("mail", "g", "another", at=at(2))
    again = await reopened(store, file)
    assert await again.recall("chat", "g") == "later"
    assert await again.recall("chat", "other") is None
    await again.close()


async def test_old_notes_are_forgotten(store: Store) -> None:
    await store.remember("chat", "old", "x", at=at(1))
    await store.remember("chat", "new", "x", at=at(5))
    await store.prune(before=at(5))
    assert await store.recall("chat", "old") is None
    assert await store.recall("chat", "new") == "x"


async def test_a_database_of_the_first_version_learns_to_remember(store: Store, file: Path) -> None:
    await store.enqueue(notification("n1"), [])
    await store.close()
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE memos")
        connection.execute("UPDATE schema_version SET version = 1")
    connection.close()
    again = await Store.open(url(file))
    await again.remember("chat", "g", "x", at=at(1))
    assert await again.recall("chat", "g") == "x"
    assert len(await again.pending("chat", limit=5)) == 1
    await again.close()


# --- history, silences ------------------------------------------------------------------------


def happening(when: float, *, extension: int = 3, account: str = "acme") -> Happening:
    return Happening(
        at=at(when), kind=Kind.REGISTRATION, event="expired", account=AccountName(account),
        extension_id=ExtensionId(extension), incident_id=IncidentId(f"i{extension}"),
    )  # fmt: skip


async def test_the_history_is_found_by_what_is_asked_latest_first(store: Store, file: Path) -> None:
    lines = [happening(n, extension=n % 3) for n in range(9)]
    await store.save(ACME, watched=(), happenings=lines)
    await store.record([happening(20, account="other")])
    again = await reopened(store, file)

    async def found(**sought: object) -> list[float]:
        return [h.at - at(0) for h in await again.history(Sought(**sought))]  # type: ignore[arg-type]

    assert await found() == [20, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert await found(limit=2) == [20, 8]
    assert await found(account=ACME, extension_id=ExtensionId(1)) == [7, 4, 1]
    assert await found(incident_id=IncidentId("i2")) == [8, 5, 2]
    assert await found(since=at(3), until=at(6)) == [5, 4, 3]
    await again.prune(before=at(8))
    assert await found() == [20, 8]
    await again.close()


async def test_who_was_told_stands_in_the_history_once(store: Store) -> None:
    await store.enqueue(notification("n1"), [])
    await store.enqueue(notification("n1"), [])
    (line,) = await store.history(Sought())
    assert (line.kind, line.event, line.receiver) == (Kind.NOTIFICATION, "new", "chat")


async def test_silences_survive_a_restart(store: Store, file: Path) -> None:
    made = Silence(
        id="ab12", matchers=Matchers.of({"site": ["riga", "t*"]}), starts_at=at(1),
        ends_at=at(9), author="anna", comment="router", created_at=at(1),
    )  # fmt: skip
    await store.keep_silence(made, happening(1))
    await store.keep_silence(made.ended(now=at(5)), happening(5))
    again = await reopened(store, file)
    assert list(await again.silences()) == [made.ended(now=at(5))]
    assert len(await again.history(Sought())) == 2
    await again.prune(before=at(6))
    assert list(await again.silences()) == []
    await again.close()


async def test_an_incident_is_found_by_its_id(store: Store) -> None:
    await store.save(ACME, watched=(), incidents=[incident("i1")])
    found = await store.incident(IncidentId("i1"))
    assert found is not None
    assert found.id == "i1"
    assert await store.incident(IncidentId("none")) is None


async def test_a_database_of_the_second_version_keeps_what_waits(store: Store, file: Path) -> None:
    await store.enqueue(notification("n1"), [])
    await store.enqueue(notification("n2"), [])
    await store.close()
    with sqlite3.connect(file) as connection:
        for table in ("history", "silences", "forwarded", "unheard"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("ALTER TABLE outbox DROP COLUMN may_have_arrived")
        connection.execute("ALTER TABLE outbox DROP COLUMN refused_at")
        connection.execute("UPDATE outbox SET attempts = 2 WHERE notification_id = 'n1'")
        connection.execute("UPDATE schema_version SET version = 2")
    connection.close()
    again = await Store.open(url(file))
    waiting = await again.pending("chat", limit=5)
    assert [(e.notification.id, e.may_have_arrived) for e in waiting] == [
        ("n1", True), ("n2", False),
    ]  # fmt: skip
    assert list(await again.history(Sought())) == []
    await again.close()


# --- the file ---------------------------------------------------------------------------------


async def test_one_regwatch_at_a_time(store: Store, file: Path) -> None:
    with pytest.raises(StoreUnavailableError, match=f"{file} is in use by another regwatch"):
        await Store.open(url(file))
    again = await reopened(store, file)
    await again.close()


async def test_a_newer_database_is_refused(store: Store, file: Path) -> None:
    await store.close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    with pytest.raises(StoreVersionError, match=f"knows up to {len(MIGRATIONS)}"):
        await Store.open(url(file))


@pytest.mark.parametrize(
    "content", [b"this is no database" * 100, b"SQLite format 3\0" + b"x" * 4096]
)
async def test_a_corrupt_file_is_moved_aside_and_watching_begins_anew(
    file: Path, content: bytes
) -> None:
    file.write_bytes(content)
    store = await Store.open(url(file), clock=lambda: at(0))
    await store.save(ACME, watched=[(watched(1), b"")])
    await store.close()
    (aside,) = file.parent.glob("regwatch.db.corrupt-*")
    assert aside.read_bytes() == content


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="missing: no such file or directory"):
        await Store.open(url(tmp_path / "missing" / "regwatch.db"))


@pytest.mark.parametrize("bad", ["postgresql://db/regwatch", "mysql://x"])
async def test_other_databases_are_refused_by_name(bad: str) -> None:
    with pytest.raises(StoreUnavailableError, match="not available"):
        await Store.open(bad)


async def test_an_unreadable_url_is_refused() -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        await Store.open("::")


async def test_closing_twice_is_harmless(file: Path) -> None:
    store = await Store.open(url(file))
    await store.close()
    await store.close()


async def test_a_locked_database_is_our_error_not_the_librarys(store: Store, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store_error = None
    try:
        await store.save(ACME, watched=[(watched(1), b"")])
    except StoreUnavailableError as error:
        store_error = str(error)
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert store_error == "database is locked"


HALF = "half a character: \udcff"


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda s: s.mark_given_up([1], at=at(1), error=HALF), id="an error"),
        pytest.param(lambda s: s.save(ACME, watched=[], incidents=[incident(HALF)]), id="incident"),
        pytest.param(lambda s: s.save(HALF, watched=[(watched(1), b"")]), id="a key"),
        pytest.param(lambda s: s.save(ACME, watched=[(watched(2**63), b"")]), id="a large number"),
        pytest.param(lambda s: s.enqueue(notification(receiver=HALF), []), id="message"),
        pytest.param(lambda s: s.enqueue(notification(), [told(receiver=HALF)]), id="who was told"),
        pytest.param(lambda s: s.forward([notification(HALF)], receiver="chat"), id="a copy"),
        pytest.param(lambda s: s.remember("chat", "group", HALF, at=at(1)), id="a memo"),
        pytest.param(lambda s: s.remember("chat", "group", None, at=at(1)), id="nothing"),
        pytest.param(lambda s: s.remember("chat", "group", object(), at=at(1)), id="no text"),
    ],
)
async def test_what_no_database_takes_is_refused_for_good_and_whole(store: Store, write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StoreRefusedError):
        await write(store)
    assert not (await store.load(ACME)).watched
    assert not await store.pending("chat", limit=10)
    await store.save(ACME, watched=[(watched(1), b"")])


async def test_a_writer_killed_at_any_moment_leaves_a_whole_store(file: Path) -> None:
    """Each message in the outbox has its incident and its log row, over five kills."""
    for round_ in range(5):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).parent / "writer.py"),
            url(file),
            str(round_),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        for _ in range(3 + 4 * round_):
            assert await process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        store = await Store.open(url(file))
        incidents = {i.id for i in await store.open_incidents()}
        rows = {row.incident_id for row in await store.notified()}
        messages = await store.pending("chat", limit=100_000)
        assert {item.incident.id for m in messages for item in m.notification.items} == rows
        assert rows <= incidents
        assert messages
        await store.close()
