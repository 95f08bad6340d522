"""Reading the hourly quota, and wishes to wait, from an answer's headers. Pure."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite

from regwatch.core.model import Quota, Timestamp

HOUR = 3600.0
EPOCH_FLOOR = 1e9
EPOCH_MS_FLOOR = 1e12
"""As in `expiry`: some servers give the time of the reset as a date, not as seconds until then."""
MOST_REQUESTS = 10**9
"""A limit beyond that is none, and shown as this, which every database and JSON reader takes."""
NEARLY_SPENT_SHARE = 0.05
NEARLY_SPENT_AT_LEAST = 3
"""So few are kept for new questions: they are not spent on splitting a batch that failed."""


def read_quota(headers: Mapping[str, str], *, now: Timestamp) -> Quota | None:
    """The quota; None if the headers do not tell limit and remainder.

    `Reset` is in seconds by the documents; an epoch is taken as well. Without a credible one the
    clock hour's end is assumed: requests are counted per clock hour.
    """
    limit = _count(headers.get("X-RateLimit-Limit"))
    remaining = _count(headers.get("X-RateLimit-Remaining"))
    if limit is None or limit <= 0 or remaining is None:
        return None
    resets_at = _reset(headers.get("X-RateLimit-Reset"), now)
    return Quota(limit, max(0, remaining), resets_at, now)


def is_nearly_spent(quota: Quota | None, *, now: Timestamp) -> bool:
    """Whether the requests left are too few for anything but what was asked for."""
    if quota is None or quota.resets_at <= now:
        return False
    return quota.remaining <= max(NEARLY_SPENT_AT_LEAST, quota.limit * NEARLY_SPENT_SHARE)


def retry_after(header: str | None, *, now: Timestamp) -> float | None:
    """Seconds to wait by a Retry-After header in seconds or as a date, at most an hour; None if
    it says nothing intelligible.

    An hour, since that is how long the PBX's counters last: nobody is silenced by a bad header.
    """
    seconds = _number(header)
    if seconds is None:
        seconds = _until_date(header, now)
    if seconds is None or seconds <= 0:
        return None
    return min(seconds, HOUR)


def _until_date(header: str | None, now: Timestamp) -> float | None:
    try:
        at = parsedate_to_datetime(header or "")
        return at.replace(tzinfo=at.tzinfo or UTC).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _reset(header: str | None, now: Timestamp) -> Timestamp:
    value = _number(header)
    hour_end = Timestamp((now // HOUR + 1) * HOUR)
    if value is None:
        return hour_end
    if value > EPOCH_MS_FLOOR:
        value /= 1000
    seconds = value - now if value > EPOCH_FLOOR else value
    # Twice an hour: a counter that resets later than that is none "per hour".
    return Timestamp(now + seconds) if 0 <= seconds <= 2 * HOUR else hour_end


def _count(header: str | None) -> int | None:
    value = _number(header)
    return None if value is None else int(max(-1.0, min(value, MOST_REQUESTS)))


def _number(header: str | None) -> float | None:
    try:
        value = float(header or "")
    except ValueError:
        return None
    return value if isfinite(value) else None
