"""Points in time as text; UTC only."""

from datetime import UTC, datetime

from regwatch.core.model import Timestamp


def rfc3339(at: Timestamp) -> str:
    """`2026-11-23T22:14:05.250Z`, to the millisecond."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def rfc3339_or_none(at: Timestamp | None) -> str | None:
    """The same; None stays None."""
    return None if at is None else rfc3339(at)


def clock_time(at: Timestamp, *, now: Timestamp) -> str:
    """`22:14:05 UTC`; with the date in front if it is not today's."""
    then, today = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(now, UTC)
    form = "%H:%M:%S UTC" if then.date() == today.date() else "%Y-%m-%d %H:%M:%S UTC"
    return then.strftime(form)
