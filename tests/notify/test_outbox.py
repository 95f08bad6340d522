"""At least once, in order per receiver, one receiver never in the way of another."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
import structlog
from fakes.notifications import NOW, lost
from fakes.notifications import all_new as message

from regwatch.core.model import Notification, Timestamp
from regwatch.notify.backoff import RetryPolicy
from regwatch.notify.deliveries import DeliveryAttempt, Outcome
from regwatch.notify.errors import ReceiverRefusedError, ReceiverUnavailableError
from regwatch.notify.outbox import Outbox

pytestmark = pytest.mark.looptime

LATER = ReceiverUnavailableError("later")
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


class MemoryStore:
    """What a database would hold; `broken` says how many of the next calls fail."""

    def __init__(self) -> None:
        self.entries: dict[int, Stored] = {}
        self.broken = 0

    def put(self, receiver: str, number: int, **how) -> None:
        note = message([lost()], number=number, receiver=receiver, created_at=clock())
        self.entries[number] = Stored(number, receiver, note, created_at=clock(), **how)

    async def pending(self, receiver: str, *, limit: int) -> list[Stored]:
        self._may_fail()
        mine = (e for e in self.entries.values() if e.receiver == receiver)
        return [entry for entry in mine if entry.state == "pending"][:limit]

    async def mark_delivered(self, entry_id: int, *, at: Timestamp) -> None:
        self._change(entry_id, state="delivered")

    async def mark_retry(
        self, entry_id: int, *, attempts: int, next_attempt_at: Timestamp, error: str
    ) -> None:
        self._change(entry_id, attempts=attempts, next_attempt_at=next_attempt_at, error=error)

    async def mark_given_up(self, entry_id: int, *, at: Timestamp, error: str) -> None:
        self._change(entry_id, state="given_up", error=error)

    def states(self) -> dict[int, str]:
        return {number: entry.state for number, entry in self.entries.items()}

    def _change(self, entry_id: int, **changes) -> None:
        self._may_fail()
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

    def outcomes(self) -> list[tuple[str, Outcome]]:
        return [(report.notification_id, report.outcome) for report in self.reports]


@asynccontextmanager
async def running(
    *receivers: ScriptedReceiver, store: MemoryStore | None = None, **how
) -> AsyncIterator[Scene]:
    store = store or MemoryStore()
    reports: list[DeliveryAttempt] = []
    listeners = [*how.pop("listeners", ()), reports.append]
    outbox = Outbox(receivers, store, clock=clock, listeners=listeners, jitter=lambda: 1.0, **how)
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
    assert (report.outcome, report.attempts, report.error) == (Outcome.DELIVERED, 1, None)
    assert (report.receiver, report.latency_seconds, report.at) == ("chat", 0.0, NOW + 3)
    assert report.notification.items


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
        ("n-1", Outcome.RETRIED),
        ("n-1", Outcome.RETRIED),
        ("n-1", Outcome.RETRIED),
        ("n-1", Outcome.DELIVERED),
        ("n-2", Outcome.DELIVERED),
    ]
    assert scene.reports[3].attempts == 4
    assert scene.reports[3].latency_seconds == pytest.approx(7)


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
        assert scene.outcomes()[-1] == ("n-1", Outcome.GIVEN_UP)
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


async def test_a_refusal_is_final_and_said_once():
    chat = ScriptedReceiver("chat", NO)
    store = MemoryStore()
    store.put("chat", 1)
    store.put("chat", 2)
    with structlog.testing.capture_logs() as logs:
        async with running(chat, store=store) as scene:
            await asyncio.sleep(1000)
    assert chat.taken == ["n-2"]
    assert store.states() == {1: "given_up", 2: "delivered"}
    assert scene.outcomes()[0] == ("n-1", Outcome.REFUSED)
    assert scene.reports[0].error == "no"
    errors = [entry for entry in logs if entry["log_level"] == "error"]
    assert [(e["event"], e["outcome"], e["error"]) for e in errors] == [
        ("notification_lost", "refused", "no")
    ]


async def test_a_bug_in_one_receiver_is_loud_and_final():
    chat = ScriptedReceiver("chat", KeyError("secret in here"))
    store = MemoryStore()
    store.put("chat", 1)
    store.put("chat", 2)
    with structlog.testing.capture_logs() as logs:
        async with running(chat, store=store) as scene:
            await asyncio.sleep(10)
    assert chat.taken == ["n-2"]
    assert scene.reports[0].error == "bug in scripted: KeyError"
    assert [e["event"] for e in logs if e["log_level"] == "error"] == [
        "receiver_bug",
        "notification_lost",
    ]


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
    outbox = Outbox([chat, idle, waiting], store, clock=clock)
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

    outbox = Outbox([ScriptedReceiver()], Slow(), clock=clock)
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
        Outbox([ScriptedReceiver(), ScriptedReceiver()], MemoryStore(), clock=clock)


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
    assert Outcome.GIVEN_UP not in order
