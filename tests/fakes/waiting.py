"""Messages that wait in an outbox, as short as can be."""

from fakes.notifications import NOW, RESOLVED, lost, notification, resolved
from msgspec.structs import replace

from regwatch.core.model import ItemStatus, Notification, Timestamp
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


def about(group: str, *items: tuple[ItemStatus, int], number: int = 1) -> Notification:
    """A message of a group about these extensions."""
    told = ((s, resolved(lost(n)) if s is RESOLVED else lost(n)) for s, n in items)
    return replace(notification(*told, number=number), group_key=group)


def entry(number: int, group: str, *items: tuple[ItemStatus, int], **how: object) -> Waiting:
    """Such a message, waiting."""
    return waiting(number, about(group, *items, number=number), **how)  # type: ignore[arg-type]
