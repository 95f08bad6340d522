"""Schedules by the clock on the wall, also where it is set forward and back."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.model import Timestamp
from regwatch.core.schedules import Dates, Hours, Schedule, Stretch, apart, moment

RIGA, KOLKATA, ST_JOHNS, UTC_ZONE = map(
    ZoneInfo, ("Europe/Riga", "Asia/Kolkata", "America/St_Johns", "UTC")
)
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
"""Its clock is set by half an hour."""
EVERY_DAY, WORKDAYS = frozenset(range(7)), frozenset(range(5))
# The clock in Riga: 29 March 2026, 03:00 becomes 04:00; 25 October 2026, 04:00 becomes 03:00.


def utc(text: str) -> Timestamp:
    return Timestamp(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def clock(minutes: str) -> int:
    hour, minute = minutes.split(":")
    return 60 * int(hour) + int(minute)


def schedule(
    hours: str = "08:00-18:00", days: frozenset[int] = WORKDAYS, zone: ZoneInfo = RIGA
) -> Schedule:
    spans = (span.split("-") for span in hours.split(", "))
    return Schedule("office", days, tuple(Hours(clock(a), clock(b)) for a, b in spans), zone)


def shown(stretch: Stretch | None) -> tuple[str, str] | None:
    if stretch is None:
        return None
    ends = (stretch.begins_at, stretch.ends_at)
    first, last = (f"{datetime.fromtimestamp(at, UTC):%m-%d %H:%M}" for at in ends)
    return first, last


@pytest.mark.parametrize(
    ("hours", "days", "at", "expected"),
    [
        pytest.param("08:00-18:00", WORKDAYS, "2026-11-24T06:00", ("11-24 06:00", "11-24 16:00"),
                     id="it begins on the minute"),
        pytest.param("08:00-18:00", WORKDAYS, "2026-11-24T05:59", None, id="not a minute before"),
        pytest.param("08:00-18:00", WORKDAYS, "2026-11-24T16:00", None, id="it ends on the minute"),
        pytest.param("08:00-18:00", WORKDAYS, "2026-11-28T10:00", None, id="not on a Saturday"),
        pytest.param("08:00-12:00, 13:00-18:00", WORKDAYS, "2026-11-24T10:30", None,
                     id="not in the lunch break"),
        pytest.param("22:00-06:00", frozenset({4}), "2026-11-28T03:00",
                     ("11-27 20:00", "11-28 04:00"), id="Friday's night runs into Saturday"),
        pytest.param("22:00-06:00", frozenset({4}), "2026-11-27T03:00", None,
                     id="Thursday's night is not Friday's"),
        pytest.param("00:00-24:00", frozenset({5, 6}), "2026-11-29T12:00",
                     ("11-27 22:00", "11-29 22:00"), id="a whole weekend is one stretch"),
        pytest.param("08:00-18:00", WORKDAYS, "2026-07-14T05:00", ("07-14 05:00", "07-14 15:00"),
                     id="summer time"),
        pytest.param("03:30-05:00", EVERY_DAY, "2026-03-29T01:00", ("03-29 01:00", "03-29 02:00"),
                     id="a beginning that the clock skips is the skip"),
        pytest.param("03:30-05:00", EVERY_DAY, "2026-03-29T00:45", None, id="not before the skip"),
        pytest.param("01:00-03:30", EVERY_DAY, "2026-03-29T00:59", ("03-28 23:00", "03-29 01:00"),
                     id="an end that the clock skips is the skip"),
        pytest.param("03:15-03:45", EVERY_DAY, "2026-03-29T01:00", None,
                     id="what the clock skips whole does not happen"),
        pytest.param("03:30-05:00", EVERY_DAY, "2026-10-25T00:30", ("10-25 00:30", "10-25 03:00"),
                     id="a beginning shown twice is the first one"),
        pytest.param("01:00-03:30", EVERY_DAY, "2026-10-25T01:29", ("10-24 22:00", "10-25 01:30"),
                     id="an end shown twice is the second one"),
        pytest.param("03:15-03:45", EVERY_DAY, "2026-10-25T01:10", ("10-25 00:15", "10-25 01:45"),
                     id="an hour shown twice is gone through twice"),
        pytest.param("22:00-06:00", frozenset({5}), "2026-10-25T03:30",
                     ("10-24 19:00", "10-25 04:00"), id="the long night has nine hours"),
    ],
)  # fmt: skip
def test_stretches_in_riga(
    hours: str, days: frozenset[int], at: str, expected: tuple[str, str] | None
) -> None:
    assert shown(schedule(hours, days).stretch_at(utc(at))) == expected


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        (UTC_ZONE, "2026-11-24T08:00", ("11-24 08:00", "11-24 18:00")),
        (KOLKATA, "2026-11-24T02:30", ("11-24 02:30", "11-24 12:30")),
        (ST_JOHNS, "2026-11-24T11:30", ("11-24 11:30", "11-24 21:30")),
        (LORD_HOWE, "2026-11-24T21:00", ("11-24 21:00", "11-25 07:00")),
    ],
    ids=str,
)
def test_other_zones(zone: ZoneInfo, at: str, expected: tuple[str, str]) -> None:
    assert shown(schedule(zone=zone).stretch_at(utc(at))) == expected


def test_half_an_hour_that_is_skipped() -> None:
    # 4 October 2026, 02:00 becomes 02:30.
    wall = datetime(2026, 10, 4, 2, 15)  # noqa: DTZ001 - what the clock shows
    assert moment(wall, LORD_HOWE) == utc("2026-10-03T15:30")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-24T05:00", ("11-24 06:00", "11-24 16:00")),
        ("2026-11-24T10:00", ("11-25 06:00", "11-25 16:00")),
        ("2026-11-27T17:00", ("11-30 06:00", "11-30 16:00")),
    ],
    ids=["today", "tomorrow", "over the weekend"],
)
def test_what_is_next(at: str, expected: tuple[str, str]) -> None:
    assert shown(schedule().next_after(utc(at))) == expected


def test_what_is_always_on_never_begins() -> None:
    always = schedule("00:00-24:00", EVERY_DAY)
    now = utc("2026-11-24T10:00")
    stretch = always.stretch_at(now)
    assert stretch is not None
    assert stretch.begins_at < now - 7 * 86_400, "not at each midnight"
    assert always.next_after(now) is None


@given(
    minute=st.integers(0, 2 * 366 * 1440),
    opens=st.integers(0, 1439),
    closes=st.integers(0, 1440),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    zone=st.sampled_from([RIGA, KOLKATA, ST_JOHNS, LORD_HOWE]),
)
@settings(deadline=None, max_examples=40)
def test_a_stretch_covers_exactly_the_moments_between_its_ends(
    minute: int, opens: int, closes: int, days: frozenset[int], zone: ZoneInfo
) -> None:
    plan = Schedule("any", days, (Hours(opens, closes),), zone)
    now = Timestamp(utc("2026-01-01T00:00") + 60 * minute)
    found, coming = plan.stretch_at(now), plan.next_after(now)
    assert found is None or found.covers(now)
    assert coming is None or now < coming.begins_at < coming.ends_at
    if found is not None:
        fresh = Schedule("any", days, plan.hours, zone)
        inside = Timestamp((found.begins_at + found.ends_at) // 2)
        assert fresh.stretch_at(inside) is not None
        # Asked from far, a long stretch may be cut; asked from within, it is never another one.
        assert not any(a.ends_at > b.begins_at for a, b in pairwise(plan._around(now)))


def test_it_is_asked_in_any_order() -> None:
    plan, fresh = schedule(), schedule
    start = utc("2026-03-20T00:00")
    for step in (0, 400, 3, 399, 12, 720, 1):
        now = Timestamp(start + step * timedelta(hours=5).total_seconds())
        assert plan.stretch_at(now) == fresh().stretch_at(now)


def days(first: str, last: str = "") -> Dates:
    return Dates(date.fromisoformat(first), date.fromisoformat(last or first))


def excepting(hours: str, *dates: Dates, on: frozenset[int] = EVERY_DAY) -> Schedule:
    plan = schedule(hours, on)
    return Schedule("office", on, plan.hours, RIGA, apart(dates))


@pytest.mark.parametrize(
    ("hours", "excepted", "at", "covered", "coming"),
    [
        pytest.param("08:00-18:00", days("2026-12-25"), "2026-12-25T09:00",
                     None, ("12-26 06:00", "12-26 16:00"), id="no hours begin on that day"),
        pytest.param("22:00-06:00", days("2026-12-25"), "2026-12-25T01:00",
                     ("12-24 20:00", "12-25 04:00"), ("12-26 20:00", "12-27 04:00"),
                     id="what began on the day before runs on into it"),
        pytest.param("00:00-24:00", days("2026-10-25"), "2026-10-25T21:59",
                     None, ("10-25 22:00", "11-03 22:00"), id="a day of 25 hours"),
        pytest.param("00:00-24:00", days("2026-10-24"), "2026-10-24T20:59",
                     None, ("10-24 21:00", "11-02 22:00"), id="the day before one of 25 hours"),
        pytest.param("00:00-24:00", days("2026-03-29"), "2026-03-29T20:59",
                     None, ("03-29 21:00", "04-07 21:00"), id="a day of 23 hours"),
        pytest.param("00:00-24:00", days("2026-03-29"), "2026-03-28T21:59",
                     ("03-18 22:00", "03-28 22:00"), ("03-29 21:00", "04-06 21:00"),
                     id="the day before one of 23 hours"),
        pytest.param("08:00-18:00", days("2026-07-01", "2026-08-31"), "2026-07-10T09:00",
                     None, ("09-01 05:00", "09-01 15:00"), id="two months"),
    ],
)  # fmt: skip
def test_dates_that_are_excepted(
    hours: str,
    excepted: Dates,
    at: str,
    covered: tuple[str, str] | None,
    coming: tuple[str, str],
) -> None:
    plan = excepting(hours, excepted)
    assert shown(plan.stretch_at(utc(at))) == covered
    assert shown(plan.next_after(utc(at))) == coming


def test_a_weekly_schedule_goes_on_after_its_day_was_excepted_again_and_again() -> None:
    fridays = (days(f"2026-12-{day:02}") for day in (4, 11, 18, 25))
    plan = excepting("08:00-18:00", *fridays, on=frozenset({4}))
    assert shown(plan.next_after(utc("2026-11-28T00:00"))) == ("01-01 06:00", "01-01 16:00")


def test_a_schedule_whose_days_are_all_excepted_never_comes() -> None:
    plan = excepting("08:00-18:00", days("2026-01-01", "9999-12-31"))
    assert plan.stretch_at(utc("2026-11-28T09:00")) is None
    assert plan.next_after(utc("2026-11-28T09:00")) is None


@settings(max_examples=50)
@given(
    dates=st.lists(st.integers(0, 60), max_size=20),
    workdays=st.frozensets(st.integers(0, 6), min_size=1),
    offset=st.integers(0, 60 * 1440),
)
def test_on_a_date_that_is_excepted_no_hours_begin_and_on_others_all_do(
    dates: list[int], workdays: frozenset[int], offset: int
) -> None:
    begin = date(2026, 10, 1)
    excepted = {begin + timedelta(days=number) for number in dates}
    plan = excepting("08:00-18:00", *(Dates(day, day) for day in excepted), on=workdays)
    at = Timestamp(utc("2026-10-01T00:00") + 60.0 * offset)
    coming = plan.next_after(at)
    assert coming is not None
    today = datetime.fromtimestamp(at, RIGA).date()
    candidates = (today + timedelta(days=number) for number in range(100))
    first = next(
        day
        for day in candidates
        if day.weekday() in workdays
        and day not in excepted
        and datetime(day.year, day.month, day.day, 8, tzinfo=RIGA).timestamp() > at
    )
    assert datetime.fromtimestamp(coming.begins_at, RIGA).date() == first
