"""What the outbox needs of a receiver."""

from typing import Protocol

from regwatch.core.model import Notification


class Receiver(Protocol):
    """One place that messages go to."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""

    @property
    def kind(self) -> str:
        """`webhook`, `slack`, …"""

    async def deliver(self, notification: Notification) -> None:
        """Send it; return once it is taken. Raises nothing but `DeliveryError`."""
