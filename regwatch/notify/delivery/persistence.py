"""Asking the store until it answers: a full or locked disk must not end the outbox's loops."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from regwatch.core.unstorable import UnstorableError
from regwatch.notify.delivery.backoff import RetryPolicy, delay

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Persistence:
    """Asks again, ever more slowly, for as long as it takes."""

    def __init__(self, policy: RetryPolicy, *, jitter: Callable[[], float]) -> None:
        self._policy = policy
        self._jitter = jitter

    async def write(self, operation: Callable[[], Awaitable[T]], receiver: str) -> T:
        """Raises `UnstorableError`, since asking again would never end."""
        return await self._ask(operation, receiver, UnstorableError)

    async def read(self, operation: Callable[[], Awaitable[T]], receiver: str) -> T:
        """Whatever the store raises, it is asked again."""
        return await self._ask(operation, receiver, ())

    async def _ask(
        self,
        operation: Callable[[], Awaitable[T]],
        receiver: str,
        hopeless: type[Exception] | tuple[()],
    ) -> T:
        failures = 0
        while True:
            try:
                result = await operation()
            except hopeless:
                raise
            except Exception:  # whatever else it is, it may pass
                failures += 1
                if failures == 1:
                    log.exception("outbox_store_failed", receiver=receiver)
                await asyncio.sleep(delay(self._policy, failures, jitter=self._jitter()))
            else:
                if failures:
                    log.info("outbox_store_back", receiver=receiver, failures=failures)
                return result
