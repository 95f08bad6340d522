"""Points in time as text."""

from datetime import datetime

import pytest
from fakes.notifications import NOW
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import Timestamp
from regwatch.notify.words.times import clock_time, rfc3339, rfc3339_or_none

SINCE_1971_TO_2100 = st.integers(31_536_000_000, 4_102_444_799_999)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOW, "2026-11-23T03:14:05.000Z"),
        (NOW + 0.25, "2026-11-23T03:14:05.250Z"),
        (NOW + 0.9999, "2026-11-23T03:14:05.999Z"),
    ],
)
def test_to_the_millisecond_in_utc(at, text):
    assert rfc3339(Timestamp(at)) == rfc3339_or_none(Timestamp(at)) == text


def test_no_time_stays_none():
    assert rfc3339_or_none(None) is None


@given(SINCE_1971_TO_2100)
def test_who_reads_it_gets_the_same_time(milliseconds):
    read = datetime.fromisoformat(rfc3339(Timestamp(milliseconds / 1000)))
    assert read.timestamp() == pytest.approx(milliseconds / 1000, abs=0.0015)


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (0, "03:14:05 UTC"),
        (3 * 3600 + 14 * 60 + 5, "00:00:00 UTC"),
        (3 * 3600 + 14 * 60 + 6, "2026-11-22 23:59:59 UTC"),
        (-21 * 3600, "2026-11-24 00:14:05 UTC"),
    ],
    ids=["now", "today", "the second before midnight", "tomorrow"],
)
def test_the_date_is_given_where_it_is_not_today_s(ago, text):
    assert clock_time(Timestamp(NOW - ago), now=NOW) == text
