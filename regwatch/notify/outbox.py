"""Sending what is stored: at least once, in order per receiver, over outages and restarts.

Each receiver has a loop of its own, so that a slow one delays no other. A loop looks at the oldest
message of its receiver only: while that waits for its next attempt, those behind it wait as well.
A message is marked after it was taken; what happens in between sends it again after a restart.
How much waits, and since when, is the store's to say.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

import structlog

from regwatch.clock import Clock
from regwatch.core.model import Timestamp
from regwatch.notify.backoff import RetryPolicy, delay
from regwatch.notify.deliveries import DeliveryAttempt, Entry, OutboxStore, Outcome
from regwatch.notify.delivery_log import DeliveryLog
from regwatch.notify.errors import DeliveryError, ReceiverRefusedError, ReceiverUnavailableError
from regwatch.notify.receiver import Receiver

log = structlog.get_logger(__name__)

T = TypeVar("T")
Listener = Callable[[DeliveryAttempt], None]

LONGEST_WAIT = 60.0
"""Seconds after which a loop looks again in any case: the wall clock may have been set, and
another process may have stored or settled something."""


class Outbox:
    """Carries stored messages to their receivers."""

    def __init__(
        self,
        receivers: Sequence[Receiver],
        store: OutboxStore,
        *,
        clock: Clock,
        listeners: Sequence[Listener] = (),
        jitter: Callable[[], float] = random.random,
        policy: RetryPolicy | None = None,
    ) -> None:
        self._receivers = tuple(receivers)
        self._wakes = {receiver.name: asyncio.Event() for receiver in receivers}
        if len(self._wakes) != len(self._receivers):
            raise ValueError("two receivers have the same name")
        self._store = store
        self._clock = clock
        self._listeners: tuple[Listener, ...] = (DeliveryLog(), *listeners)
        self._jitter = jitter
        self._policy = policy or RetryPolicy()
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
        while not self._stopping:
            wake.clear()
            look = partial(self._store.pending, receiver.name, limit=1)
            entries = await self._persistently(look, receiver.name)
            if not entries:
                await self._wait(wake, LONGEST_WAIT)
                continue
            entry = entries[0]
            due_in = entry.next_attempt_at - self._clock()
            if due_in > 0:
                await self._wait(wake, min(due_in, LONGEST_WAIT))
            else:
                await self._attempt(receiver, entry)

    async def _wait(self, wake: asyncio.Event, seconds: float) -> None:
        if self._stopping:  # it was set while we looked, and cleared before
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()

    async def _attempt(self, receiver: Receiver, entry: Entry) -> None:
        error = await self._deliver(receiver, entry)
        mark: Callable[[], Awaitable[None]]
        now = self._clock()
        if error is None:
            attempt = self._delivered(entry, now)
            mark = partial(self._store.mark_delivered, entry.id, at=now)
        elif not error.retryable or self._is_too_late(entry, now):
            attempt = self._given_up(entry, error, now)
            mark = partial(self._store.mark_given_up, entry.id, at=now, error=error.message)
        else:
            attempt = self._failed(entry, Outcome.RETRIED, error, now)
            mark = self._retry_mark(entry, error, now)
        # A message that was taken is not sent again because the disk is full: only the mark is
        # tried again, and nothing behind it passes.
        await self._persistently(mark, receiver.name)
        self._report(attempt)

    async def _deliver(self, receiver: Receiver, entry: Entry) -> DeliveryError | None:
        """None: it was taken."""
        try:
            async with asyncio.timeout(self._policy.attempt_timeout):
                await receiver.deliver(entry.notification)
        except DeliveryError as error:
            return error
        except TimeoutError:
            return ReceiverUnavailableError("no answer in time")
        except Exception as error:  # a bug in one payload must not stop the rest
            log.exception("receiver_bug", receiver=receiver.name, kind=receiver.kind)
            return ReceiverRefusedError(f"bug in {receiver.kind}: {type(error).__name__}")
        return None

    def _is_too_late(self, entry: Entry, now: Timestamp) -> bool:
        tried_enough = entry.attempts + 1 >= self._policy.attempts_at_least
        return tried_enough and now >= self._give_up_at(entry)

    def _give_up_at(self, entry: Entry) -> Timestamp:
        return Timestamp(entry.created_at + self._policy.give_up_after)

    def _retry_mark(
        self, entry: Entry, error: DeliveryError, now: Timestamp
    ) -> Callable[[], Awaitable[None]]:
        attempts = entry.attempts + 1
        wait = delay(self._policy, attempts, jitter=self._jitter(), retry_after=error.retry_after)
        at = Timestamp(now + wait)
        if now < self._give_up_at(entry) < at:  # the last attempt is made, not skipped
            at = self._give_up_at(entry)
        return partial(
            self._store.mark_retry,
            entry.id,
            attempts=attempts,
            next_attempt_at=at,
            error=error.message,
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

    def _delivered(self, entry: Entry, now: Timestamp) -> DeliveryAttempt:
        return DeliveryAttempt(
            receiver=entry.receiver,
            notification=entry.notification,
            outcome=Outcome.DELIVERED,
            attempts=entry.attempts + 1,
            latency_seconds=max(0.0, now - entry.created_at),
            at=now,
        )

    def _given_up(self, entry: Entry, error: DeliveryError, now: Timestamp) -> DeliveryAttempt:
        outcome = Outcome.GIVEN_UP if error.retryable else Outcome.REFUSED
        return self._failed(entry, outcome, error, now)

    def _failed(
        self, entry: Entry, outcome: Outcome, error: DeliveryError, now: Timestamp
    ) -> DeliveryAttempt:
        return DeliveryAttempt(
            receiver=entry.receiver,
            notification=entry.notification,
            outcome=outcome,
            attempts=entry.attempts + 1,
            error=error.message,
            at=now,
        )

    def _report(self, attempt: DeliveryAttempt) -> None:
        for listener in self._listeners:
            try:
                listener(attempt)
            except Exception:
                log.exception("delivery_listener_bug", receiver=attempt.receiver)
