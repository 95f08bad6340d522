"""Points in time as text: for programs in UTC, for people in the zone that the file names."""

from datetime import UTC, datetime, tzinfo

from regwatch.core.model import Timestamp


def rfc3339(at: Timestamp) -> str:
    """`2026-11-23T22:14:05.250Z`, to the millisecond."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def rfc3339_or_none(at: Timestamp | None) -> str | None:
    """The same; None stays None."""
    return None if at is None else rfc3339(at)


def clock_time(at: Timestamp, *, now: Timestamp, zone: tzinfo = UTC) -> str:
    """`22:14:05 EET`; with the date in front if it is not today's, there."""
    return _told(at, now, zone, "%H:%M:%S")


def short_time(at: Timestamp, *, now: Timestamp, zone: tzinfo = UTC) -> str:
    """The same to the minute: `22:14 EET`."""
    return _told(at, now, zone, "%H:%M")


def _told(at: Timestamp, now: Timestamp, zone: tzinfo, form: str) -> str:
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    date = "" if then.date() == today.date() else f"{then:%Y-%m-%d} "
    return f"{date}{then.strftime(form)} {_name(then)}"


def _name(then: datetime) -> str:
    """Of its zone at that moment, so that the hour that comes twice in autumn is told apart. Some
    zones have no letters, only what is to be added: `UTC+04`.
    """
    name = then.tzname() or ""
    return f"UTC{name}" if name[:1] in ("+", "-") else name
