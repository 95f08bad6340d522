"""Sending what is stored: at least once, in order per receiver, over outages and restarts.

Each receiver has a loop of its own, so that a slow one delays no other. What is sent together, and
what next, is `parcels`' to say. A message is marked before it is sent, as one that may have
arrived, and after it was taken; what happens in between sends it again after a restart. What a
receiver will not take goes to its fallback. How much waits, and since when, is the store's to say.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from msgspec.structs import replace as replace_struct

from regwatch.clock import Clock, SteadyClock
from regwatch.core.bugs import Where, why, without_culprits
from regwatch.core.model import FAR_OFF, IncidentId, Notification, Now, Retry, Timestamp
from regwatch.core.unstorable import UnstorableError
from regwatch.guard import Bugs
from regwatch.notify.delivery.backoff import RetryPolicy, delay
from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt, Entry, OutboxStore
from regwatch.notify.delivery.delivery_log import DeliveryLog
from regwatch.notify.delivery.elsewhere import Elsewhere
from regwatch.notify.delivery.parcels import (
    Parcel,
    chances,
    next_turn,
    parcels,
    when_given_up,
    when_settled,
)
from regwatch.notify.delivery.persistence import Persistence
from regwatch.notify.delivery.runs import RUN_SECONDS, as_before, fresh_run
from regwatch.notify.delivery.stamps import Stamps
from regwatch.notify.delivery.waking import Waking
from regwatch.notify.errors import DeliveryError, ReceiverRefusedError, ReceiverUnavailableError
from regwatch.notify.receiver import Receiver

log = structlog.get_logger(__name__)

Listener = Callable[[DeliveryAttempt], None]

MOST_AT_ONCE = 50
"""Waiting messages that are looked at together."""


class Outbox:
    """Carries stored messages to their receivers."""

    def __init__(  # noqa: PLR0913 - what it needs of others, and its dice
        self,
        receivers: Sequence[Receiver],
        store: OutboxStore,
        *,
        clock: Clock,
        steady: SteadyClock,
        bugs: Bugs | None = None,
        listeners: Sequence[Listener] = (),
        jitter: Callable[[], float] = random.random,
        policy: RetryPolicy | None = None,
        fallbacks: Mapping[str, str] | None = None,
    ) -> None:
        """`fallbacks`: by receiver, who gets what it will not take."""
        self._receivers = tuple(receivers)
        self._wakes = {receiver.name: asyncio.Event() for receiver in receivers}
        if len(self._wakes) != len(self._receivers):
            raise ValueError("two receivers have the same name")
        self._store = store
        self._clock = clock
        self._steady = steady
        self._listeners: tuple[Listener, ...] = (DeliveryLog(), *listeners)
        self._jitter = jitter
        self._policy = policy or RetryPolicy()
        self._persistence = Persistence(self._policy, jitter=jitter)
        self._elsewhere = Elsewhere(fallbacks or {}, store, self._persistence, wake=self.wake)
        self._aside: set[int] = set()
        """What is left alone until the next start: the store will not take what came of it."""
        self._at_fault: set[int] = set()
        """What was refused though others were taken just before: tried hourly, and with no other.
        """
        self._bugs = Bugs(clock=clock) if bugs is None else bugs
        self._waking = {receiver.name: Waking() for receiver in receivers}
        self._stopping = False

    async def run(self) -> None:
        """Deliver until cancelled, or until `stop`. Cancelled during a delivery, it leaves the
        message unmarked: it is sent again later.
        """
        async with asyncio.TaskGroup() as group:
            # Receivers overlap, messages of one never do: a slow receiver delays no other, and
            # each is told in order.
            for receiver in self._receivers:
                group.create_task(self._serve(receiver), name=f"outbox {receiver.name}")

    def wake(self, receiver: str) -> None:
        """Something was stored for it. A receiver that is not (any longer) ours is ignored."""
        if receiver in self._wakes:
            self._wakes[receiver].set()

    def stop(self) -> None:
        """Let `run` return once the deliveries in flight are settled."""
        self._stopping = True
        for wake in self._wakes.values():
            wake.set()

    async def _serve(self, receiver: Receiver) -> None:
        wake = self._wakes[receiver.name]
        recall = partial(self._store.unheard, receiver.name)
        stamps, longest_pause = Stamps(), self._policy.longest_pause
        while not self._stopping:
            wake.clear()  # before looking: what is stored meanwhile wakes us again
            # Those set aside hold up nobody, however many there are.
            most = MOST_AT_ONCE + len(self._aside)
            look = partial(self._store.pending, receiver.name, limit=most)
            entries = await self._persistence.read(look, receiver.name)
            unheard = await self._persistence.read(recall, receiver.name) if entries else ()
            now = Now(self._steady(), self._clock())
            moved = stamps.by_now(entries, now=now)
            waiting = self._parcels([e for e in moved if e.id not in self._aside], unheard)
            woken_at = self._waking[receiver.name].at(_entries_of(waiting), now=now)
            turn = next_turn(
                waiting,
                longest_pause=longest_pause,
                woken_at=woken_at,
                at_fault=self._at_fault,
                now=now.wall,
            )
            if turn.parcel is None:
                pause = max(0.0, turn.at - now.wall)
                await self._wait(wake, min(pause, self._policy.look_again))
            elif await self._marked(receiver, run := fresh_run(waiting, now=now.wall)):
                await self._send_run(receiver, deque(run))
            else:
                await self._settle(turn.parcel, self._take(receiver, turn.parcel, turn.behind))

    async def _settle(self, parcel: Parcel, work: Coroutine[Any, Any, None]) -> None:
        """Do what is to be done about a parcel. If what came of it can never be stored, or a bug is
        met, the parcel is set aside, for asking again would never end; and the others go on.
        """
        try:
            await work
        except UnstorableError as error:
            self._set_aside(parcel, f"what became of the message cannot be stored: {error}")
        except Exception as error:  # noqa: BLE001 - the guard of a message: the others go on
            self._set_aside(parcel, self._note(parcel.entries[0].receiver, error))

    def _parcels(
        self, entries: Sequence[Entry], unheard: Collection[tuple[str, IncidentId]]
    ) -> Sequence[Parcel]:
        """What is to be sent; messages that a bug keeps from being looked at are set aside."""
        waiting, failed = without_culprits(entries, lambda some: parcels(some, unheard))
        for entry, error in failed:
            self._aside.add(entry.id)
            self._report(
                DeliveryAttempt(
                    receiver=entry.receiver,
                    notification=entry.notification,
                    outcome=Delivery.GIVEN_UP,
                    attempts=entry.attempts,
                    at=self._clock(),
                    error=self._note(entry.receiver, error),
                    is_unstorable=True,
                )
            )
        return waiting

    def _note(self, receiver: str, error: Exception) -> str:
        """In words for whoever hears of the message."""
        log.error("message_set_aside", receiver=receiver, why=why(error), **self._bugs.trace(error))
        return f"a bug in regwatch: {why(error)}"

    def _set_aside(self, parcel: Parcel, text: str) -> None:
        self._aside.update(parcel.ids)
        newest, now = parcel.entries[-1].notification, self._clock()
        lost = _attempt_with(parcel, newest, Delivery.GIVEN_UP, now, error=text)
        self._report(replace(lost, is_unstorable=True))

    async def _take(self, receiver: Receiver, parcel: Parcel, behind: Sequence[Parcel]) -> None:
        if parcel.notification is None:
            await self._collapse(receiver.name, parcel, behind)
        else:
            await self._attempt(receiver, parcel, parcel.notification, behind)

    async def _wait(self, wake: asyncio.Event, seconds: float) -> None:
        if self._stopping:  # it was set while we looked, and cleared before
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()

    async def _collapse(self, receiver: str, parcel: Parcel, behind: Sequence[Parcel] = ()) -> None:
        """It began and ended before anybody saw it."""
        now = self._clock()
        await self._elsewhere.end(receiver, parcel)
        mark = partial(self._store.mark_delivered, parcel.ids, when_settled(parcel, behind), at=now)
        await self._persistence.write(mark, receiver)
        newest = parcel.entries[-1].notification
        self._report(_attempt_with(parcel, newest, Delivery.COLLAPSED, now))

    async def _marked(self, receiver: Receiver, run: Sequence[Parcel]) -> bool:
        """Whether it is a run, and its messages are noted as those that are about to be sent."""
        if len(run) < 2:
            return False
        ids = [each for parcel in run for each in parcel.ids]
        try:
            await self._persistence.write(partial(self._store.mark_trying, ids), receiver.name)
        except UnstorableError:  # one of them is at fault: each for itself
            return False
        return True

    async def _send_run(self, receiver: Receiver, run: deque[Parcel]) -> None:
        """One after the other, and marked as taken while the next go out; the first that is not
        taken ends it.
        """
        until = self._steady() + RUN_SECONDS
        async with asyncio.TaskGroup() as marking:
            while run and not self._stopping and self._steady() < until:
                parcel = run.popleft()
                if not await self._send_one_of_run(receiver, parcel, marking):
                    break
        for untried, retry in as_before(run):
            mark = partial(self._store.mark_retry, untried, retry)
            await self._persistence.write(mark, receiver.name)

    async def _send_one_of_run(
        self, receiver: Receiver, parcel: Parcel, marking: asyncio.TaskGroup
    ) -> bool:
        """Whether it was taken."""
        said = parcel.notification
        if said is None:  # a run holds none of these
            return False
        error, now = await self._deliver(receiver, said), self._clock()
        if error is None:
            taken = self._taken(receiver.name, parcel, said, now)
            marking.create_task(self._settle(parcel, taken))
        else:
            await self._settle(parcel, self._not_taken(receiver.name, parcel, error, now))
        return error is None

    async def _attempt(
        self,
        receiver: Receiver,
        parcel: Parcel,
        notification: Notification,
        behind: Sequence[Parcel],
    ) -> None:
        error = await self._send(receiver, parcel, notification)
        now = self._clock()
        if error is not None:
            await self._not_taken(receiver.name, parcel, error, now)
            return
        await self._taken(receiver.name, parcel, notification, now, behind)
        for each in chances(behind):
            if self._at_fault.isdisjoint(each.ids):
                await self._settle(each, self._prove(receiver, each, parcel))

    async def _not_taken(
        self, receiver: str, parcel: Parcel, error: DeliveryError, now: Timestamp
    ) -> None:
        if now >= self._give_up_at(parcel):
            await self._give_up(receiver, parcel, error, now)
        else:
            self._waking[receiver].failed(error, now=self._steady())
            await self._try_again(receiver, parcel, error, now)

    async def _prove(self, receiver: Receiver, waiting: Parcel, taken: Parcel) -> None:
        """The receiver takes other messages: either it would take this one now, or the message is
        at fault. What it was told meanwhile of the same incidents is newer.
        """
        parcel = waiting.after(taken)
        notification = parcel.notification
        if notification is None:
            await self._collapse(receiver.name, parcel)
            return
        error = await self._send(receiver, parcel, notification)
        now = self._clock()
        if error is None:
            await self._taken(receiver.name, parcel, notification, now)
            return
        if not error.retryable:
            self._at_fault.update(parcel.ids)
        await self._try_again(receiver.name, parcel, error, now)

    async def _taken(
        self,
        receiver: str,
        parcel: Parcel,
        notification: Notification,
        now: Timestamp,
        behind: Sequence[Parcel] = (),
    ) -> None:
        # A message that was taken is not sent again because the disk is full: only the marks are
        # tried again, and nothing behind it passes.
        await self._elsewhere.end(receiver, parcel)
        mark = partial(self._store.mark_delivered, parcel.ids, when_settled(parcel, behind), at=now)
        await self._persistence.write(mark, receiver)
        latency = max(0.0, now - parcel.created_at)
        taken = _attempt_with(
            parcel, notification, Delivery.DELIVERED, now, latency_seconds=latency
        )
        self._report(replace(taken, is_unsaved=self._store.is_away))

    async def _give_up(
        self, receiver: str, parcel: Parcel, error: DeliveryError, now: Timestamp
    ) -> None:
        # The copies before the mark: killed in between, we come by here again, and who has a copy
        # gets no second one; the other way round nobody would be told.
        await self._elsewhere.tell(receiver, parcel)
        await self._elsewhere.end(receiver, parcel)
        consequences = when_given_up(parcel, may_have_arrived=_may_have_arrived(parcel, error))
        mark = partial(
            self._store.mark_given_up, parcel.ids, consequences, at=now, error=error.message
        )
        await self._persistence.write(mark, receiver)
        newest = parcel.entries[-1].notification
        self._report(_attempt_with(parcel, newest, Delivery.GIVEN_UP, now, error=error.message))

    async def _try_again(
        self, receiver: str, parcel: Parcel, error: DeliveryError, now: Timestamp
    ) -> None:
        outcome = self._outcome(parcel, error)
        if outcome is not Delivery.RETRIED:
            await self._elsewhere.tell(receiver, parcel)
        retry = self._retry(parcel, error, now)
        await self._persistence.write(partial(self._store.mark_retry, parcel.ids, retry), receiver)
        newest = parcel.entries[-1].notification
        self._report(_attempt_with(parcel, newest, outcome, now, error=error.message))

    def _outcome(self, parcel: Parcel, error: DeliveryError) -> Delivery:
        if error.retryable:
            return Delivery.RETRIED
        is_at_fault = not self._at_fault.isdisjoint(parcel.ids)
        return Delivery.KEPT if is_at_fault else Delivery.REFUSED

    async def _send(
        self, receiver: Receiver, parcel: Parcel, notification: Notification
    ) -> DeliveryError | None:
        """None: it was taken. Killed from here on, we cannot know whether it arrived."""
        if not parcel.entries[0].may_have_arrived:
            trying = partial(self._store.mark_trying, parcel.ids)
            await self._persistence.write(trying, receiver.name)
        return await self._deliver(receiver, notification)

    async def _deliver(
        self, receiver: Receiver, notification: Notification
    ) -> DeliveryError | None:
        """None: it was taken, whole or in its minimal form."""
        error = await self._hand_over(receiver, notification)
        if error is None or not error.is_about_message:
            return error
        log.warning(
            "notification_refused_whole",
            receiver=receiver.name,
            notification=notification.id,
            error=error.message,
        )
        return await self._hand_over(receiver, replace_struct(notification, is_minimal=True))

    async def _hand_over(
        self, receiver: Receiver, notification: Notification
    ) -> DeliveryError | None:
        """None: it was taken."""
        if self._store.is_away:
            notification = replace_struct(notification, possibly_repeated=True)
        try:
            async with asyncio.timeout(self._policy.attempt_timeout):
                await receiver.deliver(notification)
        except DeliveryError as error:
            return error
        except TimeoutError:
            return ReceiverUnavailableError("no answer in time")
        except Exception as error:  # noqa: BLE001 - a bug in one payload must not stop the rest
            what = f"message {notification.id} to {receiver.name}"
            self._bugs.met("receiver_bug", Where.RECEIVER, what, error, receiver=receiver.name)
            text = f"bug in {receiver.kind}: {type(error).__name__}"
            return ReceiverRefusedError(text, may_have_arrived=True, is_about_message=True)
        return None

    def _give_up_at(self, parcel: Parcel) -> Timestamp:
        """Infinitely late for one that was not tried often enough."""
        if parcel.attempts + 1 < self._policy.attempts_at_least:
            return Timestamp(FAR_OFF)
        return Timestamp(parcel.created_at + self._policy.give_up_after)

    def _retry(self, parcel: Parcel, error: DeliveryError, now: Timestamp) -> Retry:
        attempts = parcel.attempts + 1
        policy = self._policy
        wait = policy.refused_retry
        if error.retryable:
            wish = error.retry_after
            wait = delay(policy, attempts, jitter=self._jitter(), retry_after=wish)
        at = Timestamp(now + wait)
        last_at = Timestamp(parcel.created_at + policy.give_up_after)
        return Retry(
            at=last_at if now < last_at < at else at,  # the last attempt is made, not skipped
            attempts=attempts,
            error=error.message,
            may_have_arrived=_may_have_arrived(parcel, error),
            refused_at=None if error.retryable else now,
        )

    def _report(self, attempt: DeliveryAttempt) -> None:
        for listener in self._listeners:
            try:
                listener(attempt)
            except Exception as error:  # noqa: BLE001 - a guard: it is sent all the same
                what = f"deliveries to {attempt.receiver}"
                self._bugs.met("delivery_listener_bug", Where.LISTENER, what, error)


def _entries_of(waiting: Sequence[Parcel]) -> Iterator[Entry]:
    return (entry for parcel in waiting for entry in parcel.entries)


def _may_have_arrived(parcel: Parcel, error: DeliveryError) -> bool:
    """Whether this attempt or one before it may have reached somebody all the same."""
    return error.may_have_arrived or parcel.entries[0].may_have_arrived


def _attempt_with(
    parcel: Parcel,
    notification: Notification,
    outcome: Delivery,
    at: Timestamp,
    *,
    latency_seconds: float | None = None,
    error: str | None = None,
) -> DeliveryAttempt:
    return DeliveryAttempt(
        receiver=notification.receiver,
        notification=notification,
        outcome=outcome,
        attempts=parcel.attempts + (outcome is not Delivery.COLLAPSED),
        at=at,
        latency_seconds=latency_seconds,
        error=error,
    )
