"""What the outbox reads, writes and reports."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from regwatch.core.model import Notification, Timestamp


class Entry(Protocol):
    """A stored message that is not settled yet."""

    @property
    def id(self) -> int:
        """Grows with each message: the order within a receiver."""

    @property
    def receiver(self) -> str:
        """Whom it is for."""

    @property
    def notification(self) -> Notification:
        """What to send."""

    @property
    def attempts(self) -> int:
        """How often it was tried in vain."""

    @property
    def next_attempt_at(self) -> Timestamp:
        """Not to be tried before."""

    @property
    def created_at(self) -> Timestamp:
        """When it was stored."""


class OutboxStore(Protocol):
    """Where messages wait. Each method is durable once it returns."""

    async def pending(self, receiver: str, *, limit: int) -> Sequence[Entry]:
        """The oldest unsettled messages, oldest first."""

    async def mark_delivered(self, entry_id: int, *, at: Timestamp) -> None:
        """It was taken."""

    async def mark_retry(
        self, entry_id: int, *, attempts: int, next_attempt_at: Timestamp, error: str
    ) -> None:
        """It was not, and stays pending."""

    async def mark_given_up(self, entry_id: int, *, at: Timestamp, error: str) -> None:
        """It was not, and will not be tried again."""


class Outcome(StrEnum):
    """How an attempt ended; the metric label."""

    DELIVERED = "delivered"
    RETRIED = "retried"
    """Not taken; it will be tried again."""
    GIVEN_UP = "given_up"
    """Not taken for too long."""
    REFUSED = "refused"
    """The receiver will never take it."""


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt, as listeners (log, metrics, fallback) are told of it."""

    receiver: str
    notification: Notification = field(repr=False)
    outcome: Outcome
    attempts: int
    """Including this one."""
    at: Timestamp
    latency_seconds: float | None = None
    """From the message's creation to its delivery; None if it was not delivered."""
    error: str | None = None

    @property
    def notification_id(self) -> str:
        """Which message."""
        return self.notification.id
