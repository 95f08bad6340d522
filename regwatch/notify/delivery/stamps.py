"""The times that stand with stored messages, by a wall clock that may be set: what was to be tried
in five minutes still is, and what was made an hour ago is no day old.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from regwatch.clock import STEP_SECONDS
from regwatch.core.clock_steps import moved as moved_along
from regwatch.core.model import Notification, Now, Timestamp
from regwatch.notify.delivery.deliveries import Entry

Key = tuple[int, Timestamp]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry as it waits by the present clock."""

    id: int
    receiver: str
    notification: Notification
    attempts: int
    next_attempt_at: Timestamp
    created_at: Timestamp
    may_have_arrived: bool
    refused_at: Timestamp | None


class Stamps:
    """What of one receiver's stored times was seen, and by which setting of the clock."""

    def __init__(self) -> None:
        self._seen: dict[Key, float] = {}

    def by_now(self, entries: Sequence[Entry], *, now: Now) -> list[Entry]:
        """The entries, their times moved by what the clock was set since they were first seen."""
        before, self._seen = self._seen, {}
        return [self._moved(entry, before, now) for entry in entries]

    def _moved(self, entry: Entry, before: dict[Key, float], now: Now) -> Entry:
        def moved(at: Timestamp) -> Timestamp:
            ahead = now.wall - now.steady
            was_ahead = self._seen[entry.id, at] = before.get((entry.id, at), ahead)
            step = ahead - was_ahead
            return Timestamp(at + step) if abs(step) > STEP_SECONDS else at

        said_at = moved(entry.notification.created_at)
        return Waiting(
            id=entry.id,
            receiver=entry.receiver,
            notification=moved_along(entry.notification, said_at - entry.notification.created_at),
            attempts=entry.attempts,
            next_attempt_at=moved(entry.next_attempt_at),
            created_at=moved(entry.created_at),
            may_have_arrived=entry.may_have_arrived,
            refused_at=None if entry.refused_at is None else moved(entry.refused_at),
        )
