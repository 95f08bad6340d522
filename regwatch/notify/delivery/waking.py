"""When the pause after a failure ends early: something critical came, and nobody has tried since
whether the receiver is back. What the receiver itself asked to wait is waited all the same.
"""

from collections.abc import Iterable

from regwatch.core.model import FAR_OFF, LONG_AGO, Instant, Now, Severity, Timestamp
from regwatch.notify.delivery.deliveries import Entry
from regwatch.notify.errors import DeliveryError

WAKES_AFTER = 10.0
"""Seconds after it came: several come together, and who is away is not to be hammered."""


class Waking:
    """One receiver's pauses, by the steady clock."""

    def __init__(self) -> None:
        self._failed_at = Instant(LONG_AGO)
        self._asked_until = Instant(LONG_AGO)

    def failed(self, error: DeliveryError, *, now: Instant) -> None:
        """An attempt was made in vain."""
        self._failed_at = now
        if error.retry_after is not None:
            self._asked_until = Instant(now + error.retry_after)

    def at(self, entries: Iterable[Entry], *, now: Now) -> Timestamp:
        """When what waits first is to be tried, whatever its pause; infinitely far off if there is
        no reason to.
        """
        came = (now.instant_of(e.created_at) for e in entries if _is_news(e))
        due = (at + WAKES_AFTER for at in came if at + WAKES_AFTER > self._failed_at)
        return now.time_of(Instant(max(min(due, default=FAR_OFF), self._asked_until)))


def _is_news(entry: Entry) -> bool:
    """Whether it is critical, and was never tried."""
    said = entry.notification
    is_critical = said.severity is Severity.CRITICAL and not said.is_resolved
    return is_critical and entry.attempts == 0 and entry.refused_at is None
