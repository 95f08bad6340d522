"""Messages that wait in an outbox, as short as can be."""

from fakes.notifications import NOW

from regwatch.core.model import Notification, Timestamp
from regwatch.notify.delivery.stamps import Waiting


def waiting(
    number: int,
    notification: Notification,
    *,
    due: float = 0.0,
    attempts: int = 0,
    may_have_arrived: bool = False,
    refused: float | None = None,
) -> Waiting:
    """Times are seconds from `NOW`; stored a second after the one before."""
    return Waiting(
        id=number,
        receiver=notification.receiver,
        notification=notification,
        attempts=attempts,
        next_attempt_at=Timestamp(NOW + due),
        created_at=Timestamp(NOW + number),
        may_have_arrived=may_have_arrived,
        refused_at=None if refused is None else Timestamp(NOW + refused),
    )
