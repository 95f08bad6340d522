"""Reading the quota, and wishes to wait, from an answer's headers. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import product, zip_longest
from math import isfinite

from regwatch.core.model import Quota, Timestamp

HOUR, DAY = 3600.0, 86_400.0
PREFIXES = ("X-RateLimit-", "RateLimit-")
SUFFIXES: Mapping[str, float | None] = {
    "": None,
    "-Second": 1.0,
    "-Minute": 60.0,
    "-Hour": HOUR,
    "-Day": DAY,
}
"""Kong and others count over several windows at once, and name them so."""
THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
WINDOW = re.compile(r";\s*w\s*=\s*(\d{1,9})")
LONGEST = 400
"""Characters of a header that are looked at."""
EPOCH_FLOOR = 1e9
EPOCH_MS_FLOOR = 1e12
"""As in `expiry`: some servers give the time of the reset as a date, not as seconds until then."""
MOST_REQUESTS = 10**9
"""A limit beyond that is none, and shown as this, which every database and JSON reader takes."""
NEARLY_SPENT_SHARE = 0.05
NEARLY_SPENT_AT_LEAST = 3
"""So few are kept for new questions: they are not spent on splitting a batch that failed."""


def read_quota(headers: Mapping[str, str], *, now: Timestamp) -> Quota | None:
    """The quota; None if the headers do not tell limit and remainder. Of several, the one that
    allows least: what is used up, else what allows the fewest requests a second.

    `Reset` is in seconds by the documents; an epoch is taken as well. Without a credible one the
    clock hour's end is assumed: requests are counted per clock hour. Gateways write the same as
    `100, 100;w=3600`, as `1,000`, without `X-`, or with `-Minute` and `-Hour` at the end.
    """
    return min(_quotas(headers, now), key=_narrowness, default=None)


def _narrowness(quota: Quota) -> tuple[bool, float]:
    return quota.remaining > 0, quota.limit / (quota.window or HOUR)


def _quotas(headers: Mapping[str, str], now: Timestamp) -> Iterator[Quota]:
    for prefix, (suffix, seconds) in product(PREFIXES, SUFFIXES.items()):
        columns = [_all(headers, f"{prefix}{name}{suffix}") for name in ("Limit", "Remaining")]
        reset_names = dict.fromkeys((f"Reset{suffix}", "Reset"))
        resets = next(filter(None, (_all(headers, prefix + n) for n in reset_names)), [])
        for limits, remaining, reset in zip_longest(*columns, resets):
            quota = _quota(limits, remaining, reset, seconds, now)
            if quota is not None:
                yield quota


def _quota(
    limits: str | None,
    remaining: str | None,
    reset: str | None,
    seconds: float | None,
    now: Timestamp,
) -> Quota | None:
    limit, left = _count(limits), _count(remaining)
    if limit is None or limit <= 0 or left is None:
        return None
    window = _window(limits) or seconds
    return Quota(limit, max(0, left), _reset(reset, window, now), now, window)


def _all(headers: Mapping[str, str], name: str) -> list[str]:
    """All headers of a name: each proxy on the way may add its own."""
    getall = getattr(headers, "getall", None)
    if getall is not None:
        return list(getall(name, ()))
    return [headers[name]] if name in headers else []


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


def _reset(header: str | None, window: float | None, now: Timestamp) -> Timestamp:
    value = _number(header)
    if value is None:
        return _window_end(window, now)
    if value > EPOCH_MS_FLOOR:
        value /= 1000
    seconds = value - now if value > EPOCH_FLOOR else value
    # Twice as long: a counter that resets later than that does not count what it says.
    if 0 <= seconds <= 2 * (window or HOUR):
        return Timestamp(now + seconds)
    return _window_end(window, now)


def _window_end(window: float | None, now: Timestamp) -> Timestamp:
    seconds = window or HOUR
    return Timestamp((now // seconds + 1) * seconds)


def _window(header: str | None) -> float | None:
    """The `w` of `100, 100;w=3600`, in seconds, at most a day."""
    found = WINDOW.search((header or "")[:LONGEST])
    seconds = float(found[1]) if found else 0.0
    return seconds if 0 < seconds <= DAY else None


def _count(header: str | None) -> int | None:
    text = (header or "").strip()[:LONGEST]
    if THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    value = _number(text.partition(",")[0].partition(";")[0])
    return None if value is None else int(max(-1.0, min(value, MOST_REQUESTS)))


def _number(header: str | None) -> float | None:
    try:
        value = float(header or "")
    except ValueError:
        return None
    return value if isfinite(value) else None
