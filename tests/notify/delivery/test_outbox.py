"""At least once, in order per receiver, one receiver never in the way of another."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
import structlog
from fakes.clocks import STEPS, Clocks
from fakes.notifications import (
    NEW,
    NOW,
    RESOLVED,
    STILL,
    escalated,
    lost,
    notification,
    overdue,
    resolved,
)
from fakes.notifications import all_new as message
from msgspec import structs
from msgspec.structs import replace as replace_struct

from regwatch.core.bugs import Where
from regwatch.core.model import (
    Consequences,
    Incident,
    IncidentId,
    Item,
    ItemStatus,
    Notification,
    Retry,
    Timestamp,
)
from regwatch.core.unstorable import UnstorableError
from regwatch.guard import Bugs
from regwatch.notify.delivery.backoff import RetryPolicy
from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt
from regwatch.notify.delivery.outbox import MOST_AT_ONCE, Outbox
from regwatch.notify.errors import ReceiverRefusedError, ReceiverUnavailableError

pytestmark = pytest.mark.looptime

LATER = ReceiverUnavailableError("later")
TOO_LARGE = ReceiverRefusedError("413", is_about_message=True)
NO = ReceiverRefusedError("no")
DAY = 86_400


def clock() -> Timestamp:
    """The wall clock and the loop's go together."""
    return Timestamp(NOW + asyncio.get_running_loop().time())


def passed() -> float:
    return round(clock() - NOW, 3)


@dataclass(frozen=True)
class Stored:
    id: int
    receiver: str
    notification: Notification
    created_at: Timestamp
    attempts: int = 0
    next_attempt_at: Timestamp = NOW
    state: str = "pending"
    error: str = ""
    may_have_arrived: bool = False
    refused_at: Timestamp | None = None


class MemoryStore:
    """What a database would hold; `broken` says how many of the next calls fail."""

    def __init__(self) -> None:
        self.entries: dict[int, Stored] = {}
        self.told_elsewhere: set[tuple[str, str]] = set()
        self.never_arrived: set[tuple[str, str, str]] = set()
        self.broken = 0
        self.is_away = False
        self.commit_seconds = 0.0
        self.marked_together: list[Sequence[int]] = []
        self.unstorable: set[int] = set()
        """Of these no change is ever taken."""

    def put(self, receiver: str, number: int, *, group: str = "", **how) -> None:
        """A message of a group of its own, by default, with an incident of its own."""
        incident = replace_struct(lost(number), id=IncidentId(f"i-{number}"))
        note = message([incident], number=number, receiver=receiver, created_at=clock())
        self.add(replace_struct(note, group_key=group or f"g-{number}"), number=number, **how)

    def add(self, note: Notification, *, number: int = 0, **how) -> None:
        number = number or len(self.entries) + 1000
        known = [entry.notification.id for entry in self.entries.values()]
        if note.id not in known:
            self.entries[number] = Stored(number, note.receiver, note, note.created_at, **how)

    async def pending(self, receiver: str, *, limit: int) -> list[Stored]:
        self._may_fail()
        mine = (e for e in self.entries.values() if e.receiver == receiver)
        waiting = [entry for entry in mine if entry.state == "pending"]
        fresh = [entry for entry in waiting if entry.refused_at is None][:limit]
        return [entry for entry in waiting if entry in fresh or entry.refused_at is not None]

    async def mark_trying(self, ids: Sequence[int]) -> None:
        self.marked_together.append(ids)
        await asyncio.sleep(self.commit_seconds)
        self._change(ids, may_have_arrived=True)

    async def unheard(self, receiver: str) -> set[tuple[str, str]]:
        self._may_fail()
        return {each[1:] for each in self.never_arrived if each[0] == receiver}

    async def mark_delivered(
        self, ids: Sequence[int], consequences: Consequences, *, at: Timestamp
    ) -> None:
        await asyncio.sleep(self.commit_seconds)
        self._change(ids, state="delivered")
        self._follow(consequences)

    async def mark_retry(self, ids: Sequence[int], retry: Retry) -> None:
        changes = {name: getattr(retry, name) for name in retry.__struct_fields__}
        self._change(ids, next_attempt_at=changes.pop("at"), **changes)

    async def mark_given_up(
        self, ids: Sequence[int], consequences: Consequences, *, at: Timestamp, error: str
    ) -> None:
        self._change(ids, state="given_up", error=error)
        self._follow(consequences)

    def _follow(self, that: Consequences) -> None:
        line = that.receiver, that.in_place_of
        self.never_arrived -= {(*line, incident) for incident in that.settled}
        self.never_arrived |= {(*line, incident) for incident in that.unheard}
        for number, note in that.left.items():
            self.entries[number] = replace(self.entries[number], notification=note)

    async def forward(self, notifications: Sequence[Notification], *, receiver: str) -> None:
        self._may_fail()
        for each in notifications:
            self.add(replace_struct(each, created_at=clock()))
            for item in each.items:
                key = (receiver, item.incident.id)
                is_over = item.status is ItemStatus.RESOLVED
                (self.told_elsewhere.discard if is_over else self.told_elsewhere.add)(key)

    async def forwarded(
        self, incidents: Sequence[IncidentId], *, receiver: str
    ) -> list[IncidentId]:
        self._may_fail()
        return [i for i in incidents if (receiver, i) in self.told_elsewhere]

    def states(self) -> dict[int, str]:
        return {number: entry.state for number, entry in self.entries.items()}

    def _change(self, ids: Sequence[int], **changes) -> None:
        self._may_fail()
        if not self.unstorable.isdisjoint(ids):
            raise UnstorableError("half a character")
        for entry_id in ids:
            self.entries[entry_id] = replace(self.entries[entry_id], **changes)

    def _may_fail(self) -> None:
        if self.broken:
            self.broken -= 1
            raise OSError("disk full")


class ScriptedReceiver:
    """Answers as told, then takes everything."""

    kind = "scripted"

    def __init__(self, name: str = "chat", *script: Exception | float) -> None:
        self.name = name
        self.script = list(script)
        self.always: Exception | None = None
        self.tried: list[float] = []
        self.taken: list[str] = []

    async def deliver(self, notification: Notification) -> None:
        self.tried.append(passed())
        step = self.script.pop(0) if self.script else self.always
        if isinstance(step, Exception):
            raise step
        if step is not None:
            await asyncio.sleep(step)
        self.taken.append(notification.id)


@dataclass
class Scene:
    """A running outbox and what it reported."""

    outbox: Outbox
    store: MemoryStore
    reports: list[DeliveryAttempt] = field(default_factory=list)

    def outcomes(self) -> list[tuple[str, Delivery]]:
        return [(report.notification_id, report.outcome) for report in self.reports]


@asynccontextmanager
async def running(
    *receivers: ScriptedReceiver, store: MemoryStore | None = None, **how
) -> AsyncIterator[Scene]:
    store = store or MemoryStore()
    reports: list[DeliveryAttempt] = []
    listeners = [*how.pop("listeners", ()), reports.append]
    outbox = Outbox(
        receivers, store, clock=clock, steady=clock, listeners=listeners, jitter=lambda: 1.0, **how
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(outbox.run())
        try:
            yield Scene(outbox, store, reports)
        finally:
            task.cancel()


async def test_what_is_stored_is_sent_once_and_marked():
    chat = ScriptedReceiver()
    async with running(chat) as scene:
        await asyncio.sleep(3)
        scene.store.put("chat", 1)
        scene.outbox.wake("chat")
        await asyncio.sleep(1000)
    assert chat.taken == ["n-1"]
    assert chat.tried == [3.0]
    assert scene.store.states() == {1: "delivered"}
    (report,) = scene.reports
    assert (report.outcome, report.attempts, report.error) == (Delivery.DELIVERED, 1, None)
    assert (report.receiver, report.latency_seconds, report.at) == ("chat", 0.0, NOW + 3)
    assert report.notification.items


async def test_what_is_sent_while_nothing_can_be_stored_says_that_it_may_come_again():
    told = []

    class Chat(ScriptedReceiver):
        async def deliver(self, notification):
            told.append(notification.possibly_repeated)
            await super().deliver(notification)

    async with running(Chat()) as scene:
        for number, is_away in enumerate([False, True, False], start=1):
            scene.store.is_away = is_away
            scene.store.put("chat", number)
            scene.outbox.wake("chat")
            await asyncio.sleep(1)
    assert told == [report.is_unsaved for report in scene.reports] == [False, True, False]
    kept = [entry.notification.possibly_repeated for entry in scene.store.entries.values()]
    assert not any(kept), "said of the sending, not of the message"


async def test_what_waits_from_before_is_sent_at_the_start_in_order():
    chat = ScriptedReceiver()
    store = MemoryStore()
    for number in range(1, 6):
        store.put("chat", number)
    async with running(chat, store=store):
        await asyncio.sleep(0.1)
    assert chat.taken == [f"n-{number}" for number in range(1, 6)]


async def test_without_a_wake_it_looks_again_within_a_minute():
    chat = ScriptedReceiver()
    async with running(chat) as scene:
        await asyncio.sleep(1)
        scene.store.put("chat", 1)
        await asyncio.sleep(60)
    assert chat.taken == ["n-1"]


async def test_the_next_message_waits_for_the_retry_of_the_first():
    chat = ScriptedReceiver("chat", LATER, LATER, LATER)
    store = MemoryStore()
    store.put("chat", 1)
    async with running(chat, store=store) as scene:
        await asyncio.sleep(0.5)
        store.put("chat", 2)
        scene.outbox.wake("chat")
        await asyncio.sleep(20)
    assert chat.taken == ["n-1", "n-2"]
    assert chat.tried == [0, 1, 3, 7, 7]
    assert scene.outcomes() == [
        ("n-1", Delivery.RETRIED),
        ("n-1", Delivery.RETRIED),
        ("n-1", Delivery.RETRIED),
        ("n-1", Delivery.DELIVERED),
        ("n-2", Delivery.DELIVERED),
    ]
    assert scene.reports[3].attempts == 4
    assert scene.reports[3].latency_seconds == pytest.approx(7)


async def test_a_pause_ends_ten_seconds_after_something_critical_came():
    chat = ScriptedReceiver("chat", *[LATER] * 6)
    store = MemoryStore()
    store.put("chat", 1)
    async with running(chat, store=store) as scene:
        await asyncio.sleep(32)
        assert chat.tried == [0, 1, 3, 7, 15, 31]
        store.put("chat", 2)
        scene.outbox.wake("chat")
        await asyncio.sleep(11)
    assert chat.tried[6:] == pytest.approx([42, 42]), "not 63"
    assert chat.taken == ["n-1", "n-2"]


@pytest.mark.parametrize("trouble", [LATER, 250.0, NO], ids=["refusing", "slow", "broken"])
async def test_one_receiver_delays_no_other(trouble):
    bad, good = ScriptedReceiver("bad"), ScriptedReceiver("good")
    bad.script = [trouble] * 50
    store = MemoryStore()
    for number in range(1, 7):
        store.put("bad" if number % 2 else "good", number)
    async with running(bad, good, store=store):
        await asyncio.sleep(0.5)
        assert good.taken == ["n-2", "n-4", "n-6"]
        assert not bad.taken


async def test_retry_after_is_kept():
    chat = ScriptedReceiver("chat", ReceiverUnavailableError("busy", retry_after=40.0))
    store = MemoryStore()
    store.put("chat", 1)
    async with running(chat, store=store):
        await asyncio.sleep(100)
    assert chat.tried == [0, 40]


async def test_waking_does_not_hurry_a_retry():
    chat = ScriptedReceiver("chat", ReceiverUnavailableError("busy", retry_after=40.0))
    store = MemoryStore()
    store.put("chat", 1)
    async with running(chat, store=store) as scene:
        for _ in range(39):
            await asyncio.sleep(1)
            scene.outbox.wake("chat")
        assert chat.tried == [0]


async def test_after_24_hours_it_is_given_up_and_the_next_has_its_turn():
    chat = ScriptedReceiver()
    chat.always = LATER
    store = MemoryStore()
    store.put("chat", 1)
    async with running(chat, store=store) as scene:
        await asyncio.sleep(DAY - 1)
        assert store.states() == {1: "pending"}
        await asyncio.sleep(2)
        assert store.states() == {1: "given_up"}
        assert chat.tried[-1] == DAY
        assert scene.outcomes()[-1] == ("n-1", Delivery.GIVEN_UP)
        chat.always = None
        store.put("chat", 2)
        scene.outbox.wake("chat")
        await asyncio.sleep(1)
    assert chat.taken == ["n-2"]
    gaps = [after - before for before, after in zip(chat.tried, chat.tried[1:], strict=False)]
    assert max(gaps) <= 300


async def test_a_message_that_is_old_when_first_tried_gets_its_chance():
    chat = ScriptedReceiver("chat", LATER, LATER)
    store = MemoryStore()
    store.put("chat", 1)
    await asyncio.sleep(3 * DAY)
    async with running(chat, store=store):
        await asyncio.sleep(10)
    assert chat.taken == ["n-1"]


async def test_an_old_message_is_given_up_after_a_few_attempts():
    chat = ScriptedReceiver()
    chat.always = LATER
    store = MemoryStore()
    store.put("chat", 1)
    await asyncio.sleep(3 * DAY)
    async with running(chat, store=store):
        await asyncio.sleep(100)
    assert len(chat.tried) == RetryPolicy().attempts_at_least
    assert store.states() == {1: "given_up"}


async def test_what_is_refused_is_tried_again_once_another_message_was_taken():
    chat = ScriptedReceiver("chat", NO)
    store = MemoryStore()
    store.put("chat", 1)
    store.put("chat", 2)
    async with running(chat, store=store) as scene:
        await asyncio.sleep(100)
    assert chat.taken == ["n-2", "n-1"]
    assert scene.outcomes() == [
        ("n-1", Delivery.REFUSED),
        ("n-2", Delivery.DELIVERED),
        ("n-1", Delivery.DELIVERED),
    ]
    assert scene.reports[0].error == "no"


async def test_a_message_that_is_at_fault_itself_is_kept_for_a_day_and_holds_up_nobody():
    chat = ScriptedReceiver("chat", NO, None, NO)
    store = MemoryStore()
    store.put("chat", 1)
    store.put("chat", 2)
    with structlog.testing.capture_logs() as logs:
        async with running(chat, store=store) as scene:
            await asyncio.sleep(600)
            assert (chat.taken, store.states()) == (["n-2"], {1: "pending", 2: "delivered"})
            assert scene.outcomes()[-1] == ("n-1", Delivery.KEPT)
            store.put("chat", 3)
            scene.outbox.wake("chat")
            await asyncio.sleep(10)
            assert chat.taken == ["n-2", "n-3"], "with no other it is tried again"
            await asyncio.sleep(3600)
    assert chat.taken == ["n-2", "n-3", "n-1"], "but each hour"
    errors = [entry for entry in logs if entry["log_level"] == "error"]
    assert [(e["event"], e["error"]) for e in errors] == [
        ("notification_not_delivered", "no"),
        ("notification_kept", "no"),
    ]


class Picky(ScriptedReceiver):
    """Takes nothing whole; or nothing at all."""

    def __init__(self, *, takes_minimal: bool) -> None:
        super().__init__()
        self.takes_minimal = takes_minimal

    async def deliver(self, notification: Notification) -> None:
        if not (notification.is_minimal and self.takes_minimal):
            self.tried.append(passed())
            raise TOO_LARGE
        await super().deliver(notification)


@pytest.mark.parametrize(
    ("takes_minimal", "outcome"), [(True, Delivery.DELIVERED), (False, Delivery.REFUSED)]
)
async def test_what_is_refused_whole_is_sent_once_more_in_its_minimal_form(takes_minimal, outcome):
    chat, store = Picky(takes_minimal=takes_minimal), MemoryStore()
    store.put("chat", 1)
    with structlog.testing.capture_logs() as logs:
        async with running(chat, store=store) as scene:
            await asyncio.sleep(10)
    assert scene.outcomes() == [("n-1", outcome)]
    assert chat.tried == [0, 0], "at once"
    assert "notification_refused_whole" in [entry["event"] for entry in logs]


async def test_a_backlog_goes_out_in_runs_each_marked_once_before_it():
    chat, store = ScriptedReceiver(), MemoryStore()
    for number in range(1, 61):
        store.put("chat", number)
    async with running(chat, store=store):
        await asyncio.sleep(1)
    assert chat.taken == [f"n-{number}" for number in range(1, 61)]
    assert set(store.states().values()) == {"delivered"}
    assert [len(ids) for ids in store.marked_together] == [25, 25, 10]


async def test_a_backlog_of_500_goes_out_in_seconds_though_the_disk_is_slow():
    """A tenth of a second for each commit; they were 107 when each message had two of its own."""
    chat, store = ScriptedReceiver("chat", *[0.005] * 500), MemoryStore()
    store.commit_seconds = 0.1
    for number in range(1, 501):
        store.put("chat", number)
    async with running(chat, store=store):
        await asyncio.sleep(8)
        assert set(store.states().values()) == {"delivered"}
    assert len(chat.taken) == 500


async def test_what_a_run_did_not_come_to_was_not_sent_and_may_be_merged_again():
    chat, store = ScriptedReceiver("chat", None, LATER), MemoryStore()
    for number in range(1, 5):
        store.put("chat", number)
    async with running(chat, store=store):
        await asyncio.sleep(0.1)
        marks = {n: entry.may_have_arrived for n, entry in store.entries.items()}
        assert marks == {1: True, 2: True, 3: False, 4: False}
        await asyncio.sleep(10)
    assert chat.taken == ["n-1", "n-2", "n-3", "n-4"]


async def test_a_slow_receiver_gets_short_runs():
    chat, store = ScriptedReceiver("chat", *[1.5] * 4), MemoryStore()
    for number in range(1, 5):
        store.put("chat", number)
    async with running(chat, store=store):
        await asyncio.sleep(3.1)
        marks = {n: entry.may_have_arrived for n, entry in store.entries.items()}
        assert marks == {1: True, 2: True, 3: True, 4: True}, "the second run began"
        assert [len(ids) for ids in store.marked_together] == [4, 2]


async def test_a_receiver_that_refuses_everything_is_tried_every_hour():
    chat = ScriptedReceiver()
    chat.always = NO
    store = MemoryStore()
    store.put("chat", 1)
    async with running(chat, store=store) as scene:
        await asyncio.sleep(3 * 3600 + 1)
        assert chat.tried == [0, 3600, 7200, 10800]
        chat.always = None
        await asyncio.sleep(3600)
    assert chat.taken == ["n-1"]
    assert [report.outcome for report in scene.reports] == [
        *[Delivery.REFUSED] * 4,
        Delivery.DELIVERED,
    ]


async def test_it_is_given_up_after_a_day_of_refusals():
    chat = ScriptedReceiver()
    chat.always = NO
    store = MemoryStore()
    store.put("chat", 1)
    async with running(chat, store=store):
        await asyncio.sleep(DAY + 1)
    assert store.states() == {1: "given_up"}
    assert chat.tried[-1] == DAY


async def test_once_mended_the_refused_go_out_first_when_something_fresh_comes():
    chat = ScriptedReceiver()
    chat.always = NO
    store = MemoryStore()
    store.put("chat", 1)
    store.put("chat", 2)
    async with running(chat, store=store) as scene:
        await asyncio.sleep(600)
        chat.always = None
        store.put("chat", 3)
        scene.outbox.wake("chat")
        await asyncio.sleep(1)
    assert chat.taken == ["n-1", "n-2", "n-3"]


async def test_many_messages_for_a_receiver_that_refuses_do_not_become_a_flood():
    chat = ScriptedReceiver()
    chat.always = NO
    store = MemoryStore()
    async with running(chat, store=store) as scene:
        for number in range(1, 101):
            store.put("chat", number)
            scene.outbox.wake("chat")
            await asyncio.sleep(0.1)
        assert len(chat.tried) == 100, "each once, those before it not with each"


async def test_a_bug_in_one_receiver_is_loud_and_counts_as_a_refusal():
    chat = ScriptedReceiver("chat", *[KeyError("secret in here")] * 2)
    store = MemoryStore()
    store.put("chat", 1)
    with structlog.testing.capture_logs() as logs:
        async with running(chat, store=store) as scene:
            await asyncio.sleep(1)
    assert scene.outcomes() == [("n-1", Delivery.REFUSED)]
    assert scene.reports[0].error == "bug in scripted: KeyError"
    assert "receiver_bug" in [entry["event"] for entry in logs]
    assert store.entries[1].may_have_arrived


async def test_a_receiver_that_hangs_for_ever_is_tried_again():
    chat = ScriptedReceiver("chat", 1e9)
    store = MemoryStore()
    store.put("chat", 1)
    async with running(chat, store=store) as scene:
        await asyncio.sleep(400)
    assert chat.tried == [0, 301]
    assert scene.reports[0].error == "no answer in time"


async def test_a_full_disk_neither_ends_the_loop_nor_repeats_a_message():
    chat = ScriptedReceiver()
    store = MemoryStore()
    with structlog.testing.capture_logs() as logs:
        async with running(chat, store=store) as scene:
            await asyncio.sleep(1)
            store.put("chat", 1)
            scene.outbox.wake("chat")
            chat.script = [5.0]
            await asyncio.sleep(1)
            store.broken = 6
            await asyncio.sleep(5)
            assert chat.taken == ["n-1"]
            assert store.states() == {1: "pending"}
            await asyncio.sleep(200)
    assert chat.taken == ["n-1"]
    assert store.states() == {1: "delivered"}
    assert [entry["event"] for entry in logs] == [
        "outbox_store_failed",
        "outbox_store_back",
        "notification_delivered",
    ]


async def test_a_store_that_fails_at_the_start_is_asked_again():
    chat = ScriptedReceiver()
    store = MemoryStore()
    store.put("chat", 1)
    store.broken = 3
    async with running(chat, store=store):
        await asyncio.sleep(8)
    assert chat.taken == ["n-1"]


async def test_what_can_never_be_marked_is_given_up_loudly_and_the_others_go_on():
    chat, pager = ScriptedReceiver("chat"), ScriptedReceiver("pager")
    store = MemoryStore()
    for number in (1, 2):
        store.put("chat", number)
    store.put("pager", 3)
    store.unstorable = {1}
    with structlog.testing.capture_logs() as logs:
        async with running(chat, pager, store=store) as scene:
            await asyncio.sleep(3 * 3600)
            store.put("chat", 4)
            scene.outbox.wake("chat")
            await asyncio.sleep(10)
    assert chat.taken == ["n-2", "n-4"], "it is not tried again and again"
    assert pager.taken == ["n-3"]
    lost = [report for report in scene.reports if report.is_unstorable]
    assert [(r.notification_id, r.outcome) for r in lost] == [("n-1", Delivery.GIVEN_UP)]
    assert "half a character" in lost[0].error
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["notification_lost"]


async def test_a_second_chance_that_can_never_be_marked_hinders_nobody():
    chat = ScriptedReceiver("chat", NO)
    store = MemoryStore()
    store.put("chat", 1, refused_at=NOW, may_have_arrived=True)
    store.put("chat", 2)
    store.put("chat", 3)
    store.unstorable = {1}
    async with running(chat, store=store) as scene:
        await asyncio.sleep(3 * 3600)
    assert [report.notification_id for report in scene.reports if report.is_unstorable] == ["n-1"]
    assert store.states() == {1: "pending", 2: "delivered", 3: "delivered"}


async def test_killed_between_delivery_and_mark_it_is_sent_again():
    chat = ScriptedReceiver()
    store = MemoryStore()
    store.put("chat", 1)
    store.put("chat", 2)
    chat.script = [5.0]
    async with running(chat, store=store):
        await asyncio.sleep(1)
        store.broken = 10**6  # the mark is never written
        await asyncio.sleep(60)
    store.broken = 0
    assert chat.taken == ["n-1"]
    async with running(chat, store=store):
        await asyncio.sleep(1)
    assert chat.taken == ["n-1", "n-1", "n-2"]
    assert store.states() == {1: "delivered", 2: "delivered"}


async def test_cancelled_during_a_delivery_it_is_not_marked():
    chat = ScriptedReceiver("chat", 30.0)
    store = MemoryStore()
    store.put("chat", 1)
    async with running(chat, store=store) as scene:
        await asyncio.sleep(1)
    assert store.states() == {1: "pending"}
    assert not scene.reports


async def test_stop_settles_the_delivery_in_flight_and_begins_no_other():
    chat, idle = ScriptedReceiver("chat", 30.0), ScriptedReceiver("idle")
    waiting = ScriptedReceiver("waiting", ReceiverUnavailableError("x", retry_after=3000.0))
    store = MemoryStore()
    for number, receiver in enumerate(["chat", "chat", "waiting"], start=1):
        store.put(receiver, number)
    outbox = Outbox([chat, idle, waiting], store, clock=clock, steady=clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(outbox.run())
        await asyncio.sleep(10)
        outbox.stop()
        await task
    assert passed() == 30
    assert store.states() == {1: "delivered", 2: "pending", 3: "pending"}


async def test_stopped_while_it_looks_it_does_not_wait():
    outbox: Outbox

    class Slow(MemoryStore):
        async def pending(self, receiver: str, *, limit: int) -> list[Stored]:
            outbox.stop()
            return []

    outbox = Outbox([ScriptedReceiver()], Slow(), clock=clock, steady=clock)
    await outbox.run()
    assert passed() == 0


async def test_a_listener_that_fails_hinders_nobody():
    chat = ScriptedReceiver()
    store = MemoryStore()
    store.put("chat", 1)
    store.put("chat", 2)

    def bad(attempt: DeliveryAttempt) -> None:
        raise RuntimeError("listener")

    async with running(chat, store=store, listeners=[bad]) as scene:
        await asyncio.sleep(1)
    assert chat.taken == ["n-1", "n-2"]
    assert len(scene.reports) == 2


async def test_an_unknown_name_wakes_nobody():
    async with running(ScriptedReceiver()) as scene:
        scene.outbox.wake("gone")


async def test_names_are_unique():
    with pytest.raises(ValueError, match="same name"):
        Outbox([ScriptedReceiver(), ScriptedReceiver()], MemoryStore(), clock=clock, steady=clock)


async def test_trouble_is_logged_when_it_begins_changes_and_ends():
    other = ReceiverUnavailableError("other")
    chat = ScriptedReceiver("chat", LATER, LATER, LATER, other, other)
    store = MemoryStore()
    store.put("chat", 1)
    with structlog.testing.capture_logs() as logs:
        async with running(chat, store=store):
            await asyncio.sleep(100)
    assert [(e["log_level"], e["event"], e.get("error")) for e in logs] == [
        ("warning", "notification_not_delivered", "later"),
        ("warning", "notification_not_delivered", "other"),
        ("info", "receiver_back", None),
        ("debug", "notification_delivered", None),
    ]


@pytest.mark.usefixtures("not_traced")
async def test_a_day_of_trouble_loses_nothing_and_keeps_the_order():
    chat = ScriptedReceiver()
    store = MemoryStore()
    answers = [LATER, 3.0, None, LATER, ReceiverUnavailableError("w", retry_after=7200.0), LATER]
    order = defaultdict(list)
    async with running(chat, store=store) as scene:
        for number in range(1, 101):
            store.put("chat", number)
            scene.outbox.wake("chat")
            chat.script.append(answers[number % len(answers)] or 0.1)
            await asyncio.sleep(600)
        await asyncio.sleep(2 * DAY)
    for outcome in scene.outcomes():
        order[outcome[1]].append(outcome[0])
    assert chat.taken == [f"n-{number}" for number in range(1, 101)]
    assert Delivery.GIVEN_UP not in order


# --- what came to nothing, what goes elsewhere ------------------------------------------------


def telling(number: int, *items: tuple[ItemStatus, Incident], **how) -> Notification:
    return replace_struct(notification(*items, number=number), created_at=clock(), **how)


FIRED, OVER = lost(101), resolved(lost(101))


async def test_what_began_and_ended_while_the_receiver_was_away_is_not_sent():
    unreached = ReceiverUnavailableError("no connection", may_have_arrived=False)
    chat = ScriptedReceiver("chat", unreached, unreached)
    store = MemoryStore()
    store.add(telling(1, (NEW, FIRED)), number=1)
    async with running(chat, store=store) as scene:
        await asyncio.sleep(2)
        store.add(telling(2, (RESOLVED, OVER)), number=2)
        scene.outbox.wake("chat")
        await asyncio.sleep(100)
    assert chat.taken == []
    assert store.states() == {1: "delivered", 2: "delivered"}
    assert scene.outcomes()[-1] == ("n-2", Delivery.COLLAPSED)


async def test_what_may_have_been_seen_is_told_to_its_end():
    chat = ScriptedReceiver("chat", LATER, LATER)
    store = MemoryStore()
    store.add(telling(1, (NEW, FIRED)), number=1)
    async with running(chat, store=store) as scene:
        await asyncio.sleep(2)
        store.add(telling(2, (RESOLVED, OVER)), number=2)
        scene.outbox.wake("chat")
        await asyncio.sleep(100)
    assert chat.taken == ["n-1", "n-2"]


async def test_killed_during_its_first_attempt_it_counts_as_one_that_may_have_arrived():
    chat = ScriptedReceiver("chat", 30.0)
    store = MemoryStore()
    store.add(telling(1, (NEW, FIRED)), number=1)
    async with running(chat, store=store):
        await asyncio.sleep(5)
    store.add(telling(2, (RESOLVED, OVER)), number=2)
    async with running(chat, store=store):
        await asyncio.sleep(5)
    assert chat.taken == ["n-1", "n-2"]


async def test_after_an_outage_a_group_is_one_message():
    unreached = ReceiverUnavailableError("no connection", may_have_arrived=False)
    chat = ScriptedReceiver()
    chat.always = unreached
    store = MemoryStore()
    async with running(chat, store=store) as scene:
        for number in range(1, 31):
            incident = replace_struct(lost(number), id=IncidentId(f"i-{number}"))
            store.add(telling(number, (NEW, incident)), number=number)
            scene.outbox.wake("chat")
            await asyncio.sleep(60)
        chat.always = None
        await asyncio.sleep(600)
    assert chat.taken == ["n-30"]
    assert len(scene.reports[-1].notification.items) == 30


async def test_what_a_receiver_will_not_take_goes_to_its_fallback_once():
    pager, chat = ScriptedReceiver("pager"), ScriptedReceiver("chat")
    pager.always = NO
    store = MemoryStore()
    store.add(telling(1, (NEW, FIRED), receiver="pager"), number=1)
    async with running(pager, chat, store=store, fallbacks={"pager": "chat"}) as scene:
        await asyncio.sleep(3 * 3600)
        assert len(chat.taken) == 1
        store.add(telling(2, (RESOLVED, OVER), receiver="pager"), number=2)
        scene.outbox.wake("pager")
        await asyncio.sleep(3 * 3600)
    told = [r.notification for r in scene.reports if r.receiver == "chat"]
    assert [[item.status for item in note.items] for note in told] == [[NEW], [RESOLVED]]
    assert {note.receiver for note in told} == {"chat"}
    assert told[0].group_key.startswith("for pager, ")


async def test_the_fallback_hears_of_the_end_though_the_receiver_is_mended():
    pager, chat = ScriptedReceiver("pager", NO), ScriptedReceiver("chat")
    store = MemoryStore()
    store.add(telling(1, (NEW, FIRED), receiver="pager"), number=1)
    async with running(pager, chat, store=store, fallbacks={"pager": "chat"}) as scene:
        await asyncio.sleep(600)
        assert len(chat.taken) == 1
        store.add(telling(2, (RESOLVED, OVER), receiver="pager"), number=2)
        scene.outbox.wake("pager")
        await asyncio.sleep(600)
        assert pager.taken == [], "it never saw the beginning"
        assert len(chat.taken) == 2
        later = replace_struct(FIRED, id=IncidentId("later"))
        store.add(telling(3, (NEW, later), receiver="pager"), number=3)
        scene.outbox.wake("pager")
        await asyncio.sleep(1)
    assert pager.taken == ["n-3"]
    assert len(chat.taken) == 2


async def test_the_fallback_hears_of_no_end_of_which_it_never_heard_the_beginning():
    pager, chat = ScriptedReceiver("pager"), ScriptedReceiver("chat")
    store = MemoryStore()
    other = replace_struct(FIRED, id=IncidentId("other"))
    store.add(telling(1, (NEW, FIRED), (NEW, other), receiver="pager"), number=1)
    async with running(pager, chat, store=store, fallbacks={"pager": "chat"}) as scene:
        await asyncio.sleep(5)
        pager.always = NO
        store.add(telling(2, (STILL, other), (RESOLVED, OVER), receiver="pager"), number=2)
        over = replace_struct(OVER, id=IncidentId("other"))
        scene.outbox.wake("pager")
        await asyncio.sleep(120)
        store.add(telling(3, (RESOLVED, over), receiver="pager"), number=3)
        scene.outbox.wake("pager")
        await asyncio.sleep(5)
    told = [r.notification for r in scene.reports if r.receiver == "chat"]
    items = [[(item.incident.id, item.status) for item in note.items] for note in told]
    assert items == [[("other", NEW)], [("other", RESOLVED)]]


async def test_what_is_given_up_goes_to_the_fallback_too():
    pager, chat = ScriptedReceiver("pager"), ScriptedReceiver("chat")
    pager.always = LATER
    store = MemoryStore()
    store.add(telling(1, (NEW, FIRED), receiver="pager"), number=1)
    async with running(pager, chat, store=store, fallbacks={"pager": "chat"}):
        await asyncio.sleep(DAY - 10)
        assert chat.taken == []
        await asyncio.sleep(20)
    assert len(chat.taken) == 1


async def test_what_was_told_meanwhile_of_the_same_incident_is_newer():
    overdue_first = overdue(101)
    chat = ScriptedReceiver("chat", NO)
    store = MemoryStore()
    store.add(telling(1, (NEW, overdue_first), group_key="warnings"), number=1)
    store.add(telling(2, (NEW, escalated(101)), group_key="losses"), number=2)
    async with running(chat, store=store) as scene:
        await asyncio.sleep(100)
    assert chat.taken == ["n-2"], "nobody is told of the warning after the loss"
    assert scene.outcomes()[-1] == ("n-1", Delivery.COLLAPSED)


async def test_killed_during_its_second_chance_it_counts_as_one_that_may_have_arrived():
    chat = ScriptedReceiver("chat", NO, None, 30.0)
    store = MemoryStore()
    store.add(telling(1, (NEW, FIRED)), number=1)
    store.put("chat", 2)
    async with running(chat, store=store):
        await asyncio.sleep(5)
    assert store.entries[1].may_have_arrived
    store.add(telling(3, (RESOLVED, OVER)), number=3)
    async with running(chat, store=store):
        await asyncio.sleep(4000)
    assert chat.taken == ["n-2", "n-3"], "whoever may have seen it hears that it is over"


async def test_one_that_is_refused_and_then_put_off_waits_for_its_turn():
    chat = ScriptedReceiver("chat", NO, None, LATER)
    store = MemoryStore()
    store.put("chat", 1)
    store.put("chat", 2)
    async with running(chat, store=store):
        await asyncio.sleep(100)
    assert chat.taken == ["n-2", "n-1"]


# --- who never heard of the beginning ------------------------------------------------------------

UNREACHED = ReceiverUnavailableError("no connection", may_have_arrived=False)
WARNED, WORSE, WORSE_OVER = overdue(101), escalated(101), resolved(escalated(101))
OTHER = replace_struct(lost(102), id=IncidentId("other"))
WARNINGS, LOSSES = {"group_key": "warnings"}, {"group_key": "losses"}


def grown_worse(number: int) -> Notification:
    """As the grouping tells it, which supposes that the warning arrives."""
    note = telling(number, **LOSSES)
    return replace_struct(note, items=(Item(NEW, WORSE, told_before=True),))


class Listening(ScriptedReceiver):
    """Keeps what it is told of which incident, under which name."""

    def __init__(self, *script: Exception | float) -> None:
        super().__init__("chat", *script)
        self.heard: list[tuple[ItemStatus, Incident]] = []

    async def deliver(self, notification: Notification) -> None:
        await super().deliver(notification)
        self.heard += [(item.status, item.incident) for item in notification.items]


async def after_it_was_given_up(
    error: Exception, first: Sequence[Notification], then: Sequence[Notification]
) -> tuple[Listening, MemoryStore]:
    """What is told when `first` waited in vain for too long, and `then` comes."""
    chat, store = Listening(), MemoryStore()
    chat.always = error
    policy = RetryPolicy(give_up_after=600.0, refused_retry=100.0)
    for note in first:
        store.add(replace_struct(note, created_at=clock()))
    async with running(chat, store=store, policy=policy) as scene:
        await asyncio.sleep(630)
        chat.always = None
        for note in then:
            store.add(replace_struct(note, created_at=clock()))
            scene.outbox.wake("chat")
            await asyncio.sleep(600)
    return chat, store


@pytest.mark.parametrize(
    ("error", "then", "expected"),
    [
        pytest.param(UNREACHED, [(RESOLVED, OVER)], [], id="the end alone is not told"),
        pytest.param(
            UNREACHED,
            [(STILL, FIRED), (STILL, FIRED), (RESOLVED, OVER)],
            [NEW, STILL, RESOLVED],
            id="a reminder is news, and so is the end then",
        ),
        pytest.param(NO, [(RESOLVED, OVER)], [], id="refused to the last"),
        pytest.param(LATER, [(RESOLVED, OVER)], [RESOLVED], id="somebody may have seen it"),
    ],
)
async def test_of_what_was_given_up_before_it_arrived_nothing_is_known(error, then, expected):
    later = [telling(number, item) for number, item in enumerate(then, start=2)]
    chat, store = await after_it_was_given_up(error, [telling(1, (NEW, FIRED))], later)
    assert [status for status, _ in chat.heard] == expected
    assert "pending" not in store.states().values()
    assert store.never_arrived == set()


async def test_the_end_that_waits_behind_what_is_given_up_is_not_told():
    over = telling(3, (RESOLVED, WORSE_OVER), **LOSSES)
    warning = telling(1, (NEW, WARNED), **WARNINGS)
    chat, store = await after_it_was_given_up(UNREACHED, [warning], [grown_worse(2), over])
    assert [status for status, _ in chat.heard] == [NEW, RESOLVED]
    chat, store = Listening(UNREACHED), MemoryStore()
    store.add(warning, attempts=9)
    async with running(chat, store=store, policy=RetryPolicy(give_up_after=0.0)) as scene:
        store.add(grown_worse(2))
        store.add(over)
        await asyncio.sleep(600)
    assert chat.heard == []
    assert [outcome for _, outcome in scene.outcomes()] == [Delivery.GIVEN_UP, Delivery.COLLAPSED]


async def test_what_may_have_arrived_after_all_is_told_to_its_end():
    """Given up before it arrived, told again, and no answer came for too long."""
    chat, store = Listening(), MemoryStore()
    store.never_arrived.add(("chat", "", FIRED.id))
    store.add(telling(1, (STILL, FIRED)), attempts=9)
    chat.always = LATER
    async with running(chat, store=store, policy=RetryPolicy(give_up_after=0.0)) as scene:
        await asyncio.sleep(10)
        chat.always = None
        store.add(telling(2, (RESOLVED, OVER)))
        scene.outbox.wake("chat")
        await asyncio.sleep(10)
    assert [status for status, _ in chat.heard] == [RESOLVED]


async def test_the_end_of_what_never_arrived_is_left_out_of_a_message_that_is_sent_again():
    chat, store = Listening(LATER), MemoryStore()
    store.never_arrived.add(("chat", "", FIRED.id))
    store.add(telling(1, (NEW, OTHER), (RESOLVED, OVER)))
    async with running(chat, store=store):
        await asyncio.sleep(10)
    assert chat.heard == [(NEW, OTHER)]
    assert len(chat.tried) == 2


@pytest.mark.parametrize("kills", [0.5, 61.0, 1000.0])
@pytest.mark.parametrize("others", [(), ((NEW, OTHER),)], ids=["alone", "with another"])
async def test_a_refused_warning_that_grew_worse_and_ended_meanwhile_is_told_nobody(others, kills):
    chat, store = Listening(NO), MemoryStore()
    store.add(telling(1, (NEW, WARNED), *others, **WARNINGS))
    async with running(chat, store=store) as scene:
        await asyncio.sleep(0.2)
        store.add(grown_worse(2))
        store.add(telling(3, (RESOLVED, WORSE_OVER), **LOSSES))
        scene.outbox.wake("chat")
        await asyncio.sleep(kills)
    async with running(chat, store=store):
        await asyncio.sleep(2 * 3600)
    assert tuple(chat.heard) == others
    assert "pending" not in store.states().values()


async def test_what_was_told_meanwhile_is_never_told_again_by_what_was_refused():
    """Though the receiver is away just when the refused one gets its second chance."""
    chat, store = Listening(NO, None, UNREACHED), MemoryStore()
    store.add(telling(1, (NEW, WARNED), (NEW, OTHER), **WARNINGS))
    store.add(grown_worse(2))
    async with running(chat, store=store) as scene:
        await asyncio.sleep(100)
        store.add(telling(3, (RESOLVED, WORSE_OVER), **LOSSES))
        scene.outbox.wake("chat")
        await asyncio.sleep(2 * 3600)
    assert chat.heard == [(NEW, WORSE), (NEW, OTHER), (RESOLVED, WORSE_OVER)]


async def test_what_is_kept_takes_nothing_back_that_was_told_meanwhile():
    chat, store = Listening(NO, None, NO), MemoryStore()
    store.add(telling(1, (NEW, WARNED), (NEW, OTHER), **WARNINGS))
    store.add(grown_worse(2))
    async with running(chat, store=store) as scene:
        await asyncio.sleep(100)
        assert Delivery.KEPT in [outcome for _, outcome in scene.outcomes()]
        store.add(telling(3, (RESOLVED, WORSE_OVER), **LOSSES))
        store.add(telling(4, (RESOLVED, replace_struct(OVER, id=OTHER.id)), **WARNINGS))
        scene.outbox.wake("chat")
        await asyncio.sleep(100)
    assert chat.heard == [(NEW, WORSE), (RESOLVED, WORSE_OVER)]
    assert "pending" not in store.states().values()


async def test_an_end_follows_its_beginning_though_both_were_refused_apart():
    """While the beginning waits there is no end to tell; when it is taken there is."""
    chat, store = Listening(), MemoryStore()
    chat.always = NO
    store.add(telling(1, (NEW, WARNED), **WARNINGS))
    store.add(replace_struct(grown_worse(2), items=(*grown_worse(2).items, Item(NEW, OTHER))))
    store.add(telling(3, (RESOLVED, WORSE_OVER), **LOSSES))
    async with running(chat, store=store) as scene:
        await asyncio.sleep(100)
        chat.always = None
        store.put("chat", 5)
        scene.outbox.wake("chat")
        await asyncio.sleep(2 * 3600)
    told = [(status, incident.id) for status, incident in chat.heard if incident.id != "i-5"]
    assert told == [(NEW, WARNED.id), (NEW, OTHER.id), (RESOLVED, WARNED.id)]


async def test_what_was_given_up_in_anothers_place_is_no_news_of_what_was_told_in_its_own_right():
    chat, store = Listening(), MemoryStore()
    store.never_arrived.add(("chat", "pager", FIRED.id))
    store.add(telling(1, (RESOLVED, OVER)))
    store.add(telling(2, (RESOLVED, OVER), group_key="for pager, g", in_place_of="pager"))
    async with running(chat, store=store):
        await asyncio.sleep(10)
    assert chat.taken == ["n-1"]
    assert store.never_arrived == set()


async def test_the_fallback_that_was_told_instead_hears_of_the_end_though_the_receiver_does_not():
    pager, chat, store = ScriptedReceiver("pager"), Listening(), MemoryStore()
    pager.always = UNREACHED
    store.add(telling(1, (NEW, FIRED), receiver="pager"))
    policy, fallbacks = RetryPolicy(give_up_after=600.0), {"pager": "chat"}
    async with running(pager, chat, store=store, fallbacks=fallbacks, policy=policy) as scene:
        await asyncio.sleep(630)
        pager.always = None
        store.add(telling(2, (RESOLVED, OVER), receiver="pager"))
        scene.outbox.wake("pager")
        await asyncio.sleep(10)
    assert pager.taken == []
    assert [status for status, _ in chat.heard] == [NEW, RESOLVED]


# --- the clock on the wall is set ----------------------------------------------------------------


@asynccontextmanager
async def by(clocks: Clocks, chat: ScriptedReceiver, store: MemoryStore) -> AsyncIterator[None]:
    outbox = Outbox([chat], store, clock=clocks.wall, steady=clocks.steady, jitter=lambda: 1.0)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(outbox.run())
        try:
            yield
        finally:
            task.cancel()


@pytest.mark.parametrize("step", STEPS)
async def test_a_retry_comes_when_it_would_have_though_the_clock_is_set(step):
    chat, store, clocks = ScriptedReceiver("chat"), MemoryStore(), Clocks(NOW)
    chat.script = [LATER] * 7
    store.put("chat", 1, next_attempt_at=clocks.wall())
    async with by(clocks, chat, store):
        await asyncio.sleep(10)
        clocks.set_by = step
        await asyncio.sleep(290)
    assert chat.tried == [0, 1, 3, 7, 15, 31, 63, 123]
    assert store.states() == {1: "delivered"}


@pytest.mark.parametrize("step", STEPS)
async def test_nothing_is_given_up_because_the_clock_is_set(step):
    chat, store, clocks = ScriptedReceiver("chat"), MemoryStore(), Clocks(NOW)
    chat.always = LATER
    store.put("chat", 1, next_attempt_at=clocks.wall())
    async with by(clocks, chat, store):
        await asyncio.sleep(1000)
        clocks.set_by = step
        await asyncio.sleep(1000)
        assert store.states() == {1: "pending"}
        chat.always = None
        await asyncio.sleep(310)
    assert store.states() == {1: "delivered"}


@pytest.mark.parametrize("step", STEPS)
async def test_what_was_refused_is_tried_again_after_an_hour_though_the_clock_is_set(step):
    chat, store, clocks = ScriptedReceiver("chat", NO), MemoryStore(), Clocks(NOW)
    store.put("chat", 1, next_attempt_at=clocks.wall())
    async with by(clocks, chat, store):
        await asyncio.sleep(10)
        clocks.set_by = step
        await asyncio.sleep(3700)
    assert chat.tried == pytest.approx([0, 3600])
    assert store.states() == {1: "delivered"}


async def test_a_retry_that_is_further_ahead_than_any_pause_is_due():
    """It was put off before the restart, by a clock that was wrong."""
    chat, store = ScriptedReceiver("chat"), MemoryStore()
    store.put("chat", 1, attempts=2, next_attempt_at=Timestamp(NOW + 3601))
    store.put("chat", 2, group="g-1", attempts=2, next_attempt_at=Timestamp(NOW + 3600))
    async with running(chat, store=store):
        await asyncio.sleep(1)
        assert chat.tried == [0.0]


# --- a message in which a bug is met -------------------------------------------------------------


async def test_one_that_cannot_be_looked_at_is_set_aside_and_those_behind_it_are_sent():
    chat, store = ScriptedReceiver(), MemoryStore()
    for number in (1, 2, 3):
        store.put("chat", number)
    broken = structs.replace(store.entries[2].notification, items=None)
    store.entries[2] = replace(store.entries[2], notification=broken)
    with structlog.testing.capture_logs() as logs:
        async with running(chat, store=store) as scene:
            await asyncio.sleep(100)
    assert [each for each in chat.taken if each != "n-2"] == ["n-1", "n-3"]
    (lost,) = [report for report in scene.reports if report.is_unstorable]
    assert (lost.notification_id, lost.outcome) == ("n-2", Delivery.GIVEN_UP)
    assert lost.error.startswith("a bug in regwatch: TypeError at ")
    assert [line["event"] for line in logs].count("message_set_aside") == 1


async def test_however_many_are_set_aside_those_behind_them_are_sent():
    chat, store = ScriptedReceiver(), MemoryStore()
    for number in range(1, MOST_AT_ONCE + 3):
        store.put("chat", number)
    store.unstorable = set(range(1, MOST_AT_ONCE + 2))
    async with running(chat, store=store):
        await asyncio.sleep(1000)
    assert chat.taken[-1] == f"n-{MOST_AT_ONCE + 2}"
    assert store.states()[MOST_AT_ONCE + 2] == "delivered"


async def test_one_of_which_the_marks_meet_a_bug_is_set_aside_and_the_others_are_sent():
    chat, store = ScriptedReceiver(), MemoryStore()
    for number in (1, 2):
        store.put("chat", number)
    async with running(chat, store=store) as scene:
        sound = scene.outbox._taken

        async def buggy(receiver, parcel, *rest):
            if 1 in parcel.ids:
                raise KeyError("a bug")
            await sound(receiver, parcel, *rest)

        scene.outbox._taken = buggy
        await asyncio.sleep(100)
    assert chat.taken == ["n-1", "n-2"]
    assert [r.notification_id for r in scene.reports if r.is_unstorable] == ["n-1"]


async def test_a_bug_of_a_receiver_or_of_a_listener_is_counted():
    def fails(_attempt):
        raise KeyError("a bug")

    chat, store, bugs = ScriptedReceiver("chat", KeyError("a bug")), MemoryStore(), Bugs()
    store.put("chat", 1)
    async with running(chat, store=store, listeners=[fails], bugs=bugs):
        await asyncio.sleep(1)
    met = {(each.where, each.what) for each in bugs.latest()}
    assert met == {
        (Where.RECEIVER, "message n-1 to chat"),
        (Where.LISTENER, "deliveries to chat"),
    }
