"""When a registration's lease ends, from the many things `expires` may hold. Pure."""

from datetime import UTC, datetime
from math import isfinite

from regwatch.core.model import Timestamp

EPOCH_FLOOR = 1e9
EPOCH_MS_FLOOR = 1e12
"""Above these a number is a date, in seconds or milliseconds: no lease lasts thirty years."""
LONGEST_LEASE_SECONDS = 7 * 86_400.0
"""The registrar's leases last an hour at most; whatever ends beyond a week is permanent."""


def lease_end(expires: object, *, answered_at: Timestamp, active: bool) -> Timestamp | None:
    """When the lease ends, or ended; None: unknown, or a permanent registration.

    `expires` is a number of seconds left, or a date: epoch seconds, epoch milliseconds,
    `YYYY-MM-DD HH:MM:SS` in UTC, ISO 8601. Seconds that are not positive tell nothing of an
    active registration; of a former one negative ones tell since when.
    """
    number = _number(expires)
    if number is None:
        at = _date(expires) if isinstance(expires, str) else None
        return None if at is None else _within_reach(at, answered_at)
    if number > EPOCH_MS_FLOOR:
        return _within_reach(number / 1000, answered_at)
    if number > EPOCH_FLOOR:
        return _within_reach(number, answered_at)
    if number == 0 or (active and number < 0):
        return None
    return _within_reach(answered_at + number, answered_at)


def _within_reach(at: float, answered_at: Timestamp) -> Timestamp | None:
    return Timestamp(at) if abs(at - answered_at) <= LONGEST_LEASE_SECONDS else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _date(text: str) -> float | None:
    try:
        at = datetime.fromisoformat(text.strip())
        return at.replace(tzinfo=at.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None
