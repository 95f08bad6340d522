"""Points in time as people and browsers read them: UTC, ISO 8601."""

from datetime import UTC, datetime

from regwatch.core.model import Timestamp


def iso(at: Timestamp) -> str:
    """`2026-11-23T14:02:11Z`."""
    return _utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def short(at: Timestamp, now: Timestamp) -> str:
    """The time of day if it is today's, else the date with it."""
    moment = _utc(at)
    is_today = moment.date() == _utc(now).date()
    return moment.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S")


def _utc(at: Timestamp) -> datetime:
    try:
        return datetime.fromtimestamp(at, UTC)
    except (OverflowError, ValueError, OSError):
        # A lease end that no calendar knows.
        return datetime.max.replace(tzinfo=UTC)
