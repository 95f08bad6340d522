"""Sending what is stored: at least once, in order per receiver, over outages and restarts.

Each receiver has a loop of its own, so that a slow one delays no other. What is sent together, and
what next, is `parcels`' to say. A message is marked before it is sent, as one that may have
arrived, and after it was taken; what happens in between sends it again after a restart. What a
receiver will not take goes to its fallback. How much waits, and since when, is the store's to say.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

import structlog

from regwatch.clock import Clock, SteadyClock
from regwatch.core.model import Notification, Retry, Timestamp
from regwatch.core.now import Now
from regwatch.notify.backoff import RetryPolicy, delay
from regwatch.notify.deliveries import DeliveryAttempt, OutboxStore, Outcome
from regwatch.notify.delivery_log import DeliveryLog
from regwatch.notify.errors import DeliveryError, ReceiverRefusedError, ReceiverUnavailableError
from regwatch.notify.forwarding import copies_for, end_for
from regwatch.notify.parcels import NEVER, Parcel, next_turn, parcels, without
from regwatch.notify.receiver import Receiver
from regwatch.notify.stamps import Stamps

log = structlog.get_logger(__name__)

T = TypeVar("T")
Listener = Callable[[DeliveryAttempt], None]

MOST_AT_ONCE = 50
"""Waiting messages that are looked at together."""


class Outbox:
    """Carries stored messages to their receivers."""

    def __init__(
        self,
        receivers: Sequence[Receiver],
        store: OutboxStore,
        *,
        clock: Clock,
        steady: SteadyClock,
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
        self._fallbacks = {} if fallbacks is None else fallbacks
        self._stopping = False

    async def run(self) -> None:
        """Deliver until cancelled, or until `stop`. Cancelled during a delivery, it leaves the
        message unmarked: it is sent again later.
        """
        async with asyncio.TaskGroup() as group:
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
        look = partial(self._store.pending, receiver.name, limit=MOST_AT_ONCE)
        stamps, longest_pause = Stamps(), self._policy.longest_pause
        while not self._stopping:
            wake.clear()
            entries = await self._persistently(look, receiver.name)
            now = Now(self._steady(), self._clock())
            waiting = parcels(stamps.by_now(entries, now=now))
            turn = next_turn(waiting, longest_pause=longest_pause, now=now.wall)
            if turn.parcel is None:
                pause = max(0.0, turn.at - now.wall)
                await self._wait(wake, min(pause, self._policy.look_again))
            elif turn.parcel.notification is None:
                await self._collapse(receiver.name, turn.parcel)
            else:
                await self._attempt(receiver, turn.parcel, turn.parcel.notification, turn.behind)

    async def _wait(self, wake: asyncio.Event, seconds: float) -> None:
        if self._stopping:  # it was set while we looked, and cleared before
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()

    async def _collapse(self, receiver: str, parcel: Parcel) -> None:
        """It began and ended before anybody saw it."""
        now = self._clock()
        await self._end_elsewhere(receiver, parcel)
        mark = partial(self._store.mark_delivered, parcel.ids, at=now)
        await self._persistently(mark, receiver)
        newest = parcel.entries[-1].notification
        self._report(_attempt_with(parcel, newest, Outcome.COLLAPSED, now))

    async def _attempt(
        self,
        receiver: Receiver,
        parcel: Parcel,
        notification: Notification,
        behind: Sequence[Parcel],
    ) -> None:
        error = await self._send(receiver, parcel, notification)
        now = self._clock()
        if error is None:
            await self._taken(receiver.name, parcel, notification, now)
            for each in behind:
                await self._prove(receiver, each, notification)
        elif now >= self._give_up_at(parcel):
            await self._give_up(receiver.name, parcel, error.message, now)
        else:
            await self._try_again(receiver.name, parcel, error, now)

    async def _prove(self, receiver: Receiver, parcel: Parcel, taken: Notification) -> None:
        """The receiver takes other messages: either it would take this one now, or the message is
        at fault. What it was told meanwhile of the same incidents is newer.
        """
        notification = without(parcel.notification, taken)
        if notification is None:
            await self._collapse(receiver.name, parcel)
            return
        error = await self._send(receiver, parcel, notification)
        now = self._clock()
        if error is None:
            await self._taken(receiver.name, parcel, notification, now)
        elif error.retryable:
            await self._try_again(receiver.name, parcel, error, now)
        else:
            await self._give_up(receiver.name, parcel, error.message, now)

    async def _taken(
        self, receiver: str, parcel: Parcel, notification: Notification, now: Timestamp
    ) -> None:
        # A message that was taken is not sent again because the disk is full: only the marks are
        # tried again, and nothing behind it passes.
        await self._end_elsewhere(receiver, parcel)
        mark = partial(self._store.mark_delivered, parcel.ids, at=now)
        await self._persistently(mark, receiver)
        latency = max(0.0, now - parcel.created_at)
        self._report(
            _attempt_with(parcel, notification, Outcome.DELIVERED, now, latency_seconds=latency)
        )

    async def _give_up(self, receiver: str, parcel: Parcel, error: str, now: Timestamp) -> None:
        await self._forward(receiver, parcel)
        await self._end_elsewhere(receiver, parcel)
        mark = partial(self._store.mark_given_up, parcel.ids, at=now, error=error)
        await self._persistently(mark, receiver)
        newest = parcel.entries[-1].notification
        self._report(_attempt_with(parcel, newest, Outcome.GIVEN_UP, now, error=error))

    async def _try_again(
        self, receiver: str, parcel: Parcel, error: DeliveryError, now: Timestamp
    ) -> None:
        outcome = Outcome.RETRIED if error.retryable else Outcome.REFUSED
        if outcome is Outcome.REFUSED:
            await self._forward(receiver, parcel)
        retry = self._retry(parcel, error, now)
        await self._persistently(partial(self._store.mark_retry, parcel.ids, retry), receiver)
        newest = parcel.entries[-1].notification
        self._report(_attempt_with(parcel, newest, outcome, now, error=error.message))

    async def _forward(self, receiver: str, parcel: Parcel) -> None:
        """To the fallback, once for each message."""
        fallback = self._fallbacks.get(receiver)
        if fallback is not None and (copies := copies_for(fallback, parcel)):
            forward = partial(self._store.forward, copies, receiver=receiver)
            await self._persistently(forward, receiver)
            self.wake(fallback)

    async def _end_elsewhere(self, receiver: str, parcel: Parcel) -> None:
        """Who was told of a firing in place of this one is told of its end."""
        fallback = self._fallbacks.get(receiver)
        ended = [incident.id for incident in parcel.resolved]
        if fallback is None or not ended:
            return
        look = partial(self._store.forwarded, ended, receiver=receiver)
        if told := await self._persistently(look, receiver):
            end = [end_for(fallback, parcel, told)]
            forward = partial(self._store.forward, end, receiver=receiver)
            await self._persistently(forward, receiver)
            self.wake(fallback)

    async def _send(
        self, receiver: Receiver, parcel: Parcel, notification: Notification
    ) -> DeliveryError | None:
        """None: it was taken. Killed from here on, we cannot know whether it arrived."""
        if not parcel.entries[0].may_have_arrived:
            trying = partial(self._store.mark_trying, parcel.ids)
            await self._persistently(trying, receiver.name)
        return await self._deliver(receiver, notification)

    async def _deliver(
        self, receiver: Receiver, notification: Notification
    ) -> DeliveryError | None:
        """None: it was taken."""
        try:
            async with asyncio.timeout(self._policy.attempt_timeout):
                await receiver.deliver(notification)
        except DeliveryError as error:
            return error
        except TimeoutError:
            return ReceiverUnavailableError("no answer in time")
        except Exception as error:  # a bug in one payload must not stop the rest
            log.exception("receiver_bug", receiver=receiver.name, kind=receiver.kind)
            text = f"bug in {receiver.kind}: {type(error).__name__}"
            return ReceiverRefusedError(text, may_have_arrived=True)
        return None

    def _give_up_at(self, parcel: Parcel) -> Timestamp:
        """Infinitely late for one that was not tried often enough."""
        if parcel.attempts + 1 < self._policy.attempts_at_least:
            return NEVER
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
            may_have_arrived=error.may_have_arrived or parcel.entries[0].may_have_arrived,
            refused_at=None if error.retryable else now,
        )

    async def _persistently(self, operation: Callable[[], Awaitable[T]], receiver: str) -> T:
        """Ask the store until it answers: a full or locked disk must not end the loop."""
        failures = 0
        while True:
            try:
                result = await operation()
            except Exception:  # whatever the store raises, it is asked again
                failures += 1
                if failures == 1:
                    log.exception("outbox_store_failed", receiver=receiver)
                await asyncio.sleep(delay(self._policy, failures, jitter=self._jitter()))
            else:
                if failures:
                    log.info("outbox_store_back", receiver=receiver, failures=failures)
                return result

    def _report(self, attempt: DeliveryAttempt) -> None:
        for listener in self._listeners:
            try:
                listener(attempt)
            except Exception:
                log.exception("delivery_listener_bug", receiver=attempt.receiver)


def _attempt_with(
    parcel: Parcel,
    notification: Notification,
    outcome: Outcome,
    at: Timestamp,
    *,
    latency_seconds: float | None = None,
    error: str | None = None,
) -> DeliveryAttempt:
    return DeliveryAttempt(
        receiver=notification.receiver,
        notification=notification,
        outcome=outcome,
        attempts=parcel.attempts + (outcome is not Outcome.COLLAPSED),
        at=at,
        latency_seconds=latency_seconds,
        error=error,
    )
