"""What the outbox reads, writes and reports."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from regwatch.core.model import Consequences, IncidentId, Notification, Retry, Timestamp


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

    @property
    def may_have_arrived(self) -> bool:
        """Whether an attempt was made of which it is not known how it ended."""

    @property
    def refused_at(self) -> Timestamp | None:
        """When it was refused for good last; None: never."""


class OutboxStore(Protocol):
    """Where messages wait. Each method is durable once it returns, unless the store is away, and
    done whole or not at all.
    """

    @property
    def is_away(self) -> bool:
        """Whether what is stored now would not survive a restart."""

    async def pending(self, receiver: str, *, limit: int) -> Sequence[Entry]:
        """The oldest unsettled messages, oldest first; those refused come besides."""

    async def unheard(self, receiver: str) -> Collection[tuple[str, IncidentId]]:
        """Of which incidents the beginning was given up, and in whose place it was told."""

    async def mark_trying(self, ids: Sequence[int]) -> None:
        """They are about to be sent: from now on they may have arrived."""

    async def mark_delivered(
        self, ids: Sequence[int], consequences: Consequences, *, at: Timestamp
    ) -> None:
        """They were taken, or came to nothing before anybody saw them."""

    async def mark_retry(self, ids: Sequence[int], retry: Retry) -> None:
        """They were not, and stay pending."""

    async def mark_given_up(
        self, ids: Sequence[int], consequences: Consequences, *, at: Timestamp, error: str
    ) -> None:
        """They were not, and will not be tried again."""

    async def forward(self, notifications: Sequence[Notification], *, receiver: str) -> None:
        """Store copies for another receiver, and that it was told what fires in them. A copy that
        is stored already is left alone.
        """

    async def forwarded(
        self, incidents: Sequence[IncidentId], *, receiver: str
    ) -> Sequence[IncidentId]:
        """Of which of these another receiver was told in place of this one, and not the end."""


class Delivery(StrEnum):
    """How an attempt ended; the metric label."""

    DELIVERED = "delivered"
    RETRIED = "retried"
    """Not taken; it will be tried again soon."""
    REFUSED = "refused"
    """The receiver will not take it; tried again every hour, and its fallback is told."""
    KEPT = "kept"
    """Refused by a receiver that takes others; tried again every hour, its fallback is told."""
    GIVEN_UP = "given_up"
    """Not taken for too long."""
    COLLAPSED = "collapsed"
    """Over before anybody saw it: not sent."""


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt, as listeners (log, metrics, fallback) are told of it."""

    receiver: str
    notification: Notification = field(repr=False)
    outcome: Delivery
    attempts: int
    """Including this one."""
    at: Timestamp
    latency_seconds: float | None = None
    """From the message's creation to its delivery; None if it was not delivered."""
    error: str | None = None
    is_unsaved: bool = False
    """Whether it was made while nothing could be stored: the message may come again."""
    is_unstorable: bool = False
    """Whether it is lost, by a bug, because the store will never take what is to be noted of it."""

    @property
    def notification_id(self) -> str:
        """Which message."""
        return self.notification.id
