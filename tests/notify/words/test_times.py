"""Points in time as text."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fakes.notifications import NOW
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import Timestamp
from regwatch.notify.words.times import clock_time, rfc3339, rfc3339_or_none, short_time

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


RIGA = ZoneInfo("Europe/Riga")


@pytest.mark.parametrize(
    ("moment", "now", "text"),
    [
        ("2026-10-25T00:30:00+00:00", "2026-10-25T00:40:00+00:00", "03:30 EEST"),
        ("2026-10-25T01:30:00+00:00", "2026-10-25T01:40:00+00:00", "03:30 EET"),
        ("2026-10-25T00:59:59+00:00", "2026-10-25T01:00:01+00:00", "03:59 EEST"),
        ("2026-03-29T00:59:00+00:00", "2026-03-29T01:01:00+00:00", "02:59 EET"),
        ("2026-03-29T01:00:00+00:00", "2026-03-29T01:01:00+00:00", "04:00 EEST"),
        ("2026-10-24T20:59:00+00:00", "2026-10-24T21:01:00+00:00", "2026-10-24 23:59 EEST"),
        ("2026-10-24T21:00:00+00:00", "2026-10-24T21:01:00+00:00", "00:00 EEST"),
    ],
    ids=[
        "before the hour that comes twice", "the same hour again", "told across the change",
        "before the hour that is skipped", "after it", "yesterday there, today in UTC", "midnight",
    ],
)  # fmt: skip
def test_the_local_time_is_told_with_its_zone_s_name_of_that_moment(moment, now, text):
    at, told_at = (Timestamp(datetime.fromisoformat(each).timestamp()) for each in (moment, now))
    assert short_time(at, now=told_at, zone=RIGA) == text


def test_a_zone_without_letters_says_what_is_to_be_added():
    assert short_time(NOW, now=NOW, zone=ZoneInfo("Asia/Dubai")) == "07:14 UTC+04"


@given(SINCE_1971_TO_2100)
def test_the_zone_s_name_and_the_local_time_are_one_moment(milliseconds):
    """With the zone's offset at that moment the told minute is the right one, also over changes."""
    at = Timestamp(milliseconds / 1000)
    told = clock_time(at, now=at, zone=RIGA)
    local = datetime.fromtimestamp(at, RIGA)
    offset = {"EET": 2, "EEST": 3}.get(told.split()[-1])
    assert told.startswith(f"{local:%H:%M:%S}")
    assert offset is None or local.utcoffset() == timedelta(hours=offset)
