"""Times by the clock on the wall: schedules and maintenance windows."""

from datetime import datetime
from pathlib import Path

import pytest
from fakes.configured import SMALL, load
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from regwatch.config.hours import DAYS, Days, MaintenanceShape
from regwatch.config.hours import Hours as HoursOfFile
from regwatch.core.schedules import Hours


def test_a_schedule_is_what_the_clock_on_the_wall_says(tmp_path: Path) -> None:
    text = """
schedules:
  office: {days: "mon-thu, sat", hours: "08:00-12:00, 13:00-17:30", timezone: Europe/Riga}
  weekend: {days: [fri-sun], timezone: UTC}
  night: {days: SUNDAY-monday, hours: 22:00-6:00, timezone: Asia/Kolkata}
"""
    found = load(tmp_path, SMALL + text).schedules
    assert found["office"].days == {0, 1, 2, 3, 5}
    assert found["office"].hours == (Hours(480, 720), Hours(780, 1050))
    assert found["weekend"].days == {4, 5, 6}
    assert found["weekend"].hours == (Hours(0, 1440),)
    assert found["night"].days == {6, 0}, "over the end of the week"
    assert found["night"].hours == (Hours(1320, 360),)
    assert str(found["night"].timezone) == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("window", "begins", "ends"),
    [
        (
            "from: 2026-12-01T22:00, to: 2026-12-02 02:00, timezone: Europe/Riga",
            "2026-12-01T20:00+00:00",
            "2026-12-02T00:00+00:00",
        ),
        (
            "from: 2026-12-01T22:00:00Z, to: 2026-12-02T02:00:00+02:00",
            "2026-12-01T22:00+00:00",
            "2026-12-02T00:00+00:00",
        ),
        (
            "from: 2026-10-25T03:30, to: 2026-10-25T03:45, timezone: Europe/Riga",
            "2026-10-25T00:30+00:00",
            "2026-10-25T01:45+00:00",
        ),
    ],
    ids=["in a time zone", "with offsets of their own", "in the hour that is shown twice"],
)
def test_a_maintenance_window(tmp_path: Path, window: str, begins: str, ends: str) -> None:
    (shape,) = load(tmp_path, f"{SMALL}maintenance: [{{{window}}}]\n").maintenance
    stretch = shape.once
    assert stretch is not None
    moments = (datetime.fromisoformat(text).timestamp() for text in (begins, ends))
    assert (stretch.begins_at, stretch.ends_at) == tuple(moments)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("daily", {0, 1, 2, 3, 4, 5, 6}),
        ("mon", {0}),
        ("Monday", {0}),
        ("fri-mon", {4, 5, 6, 0}),
        ("sun-sun", {6}),
        ("mon, wed-thu", {0, 2, 3}),
        (["sat", "sun"], {5, 6}),
        ("", None),
        ("mon-", None),
        ("mon-frx", None),
        ("weekdays", None),
        (5, None),
    ],
)
def test_which_days(text: object, days: set[int] | None) -> None:
    if days is None:
        with pytest.raises(ValidationError):
            TypeAdapter(Days).validate_python(text)
    else:
        assert TypeAdapter(Days).validate_python(text) == days


@given(st.integers(0, 6), st.integers(0, 6))
def test_a_span_of_days_begins_and_ends_as_it_says(first: int, last: int) -> None:
    days = TypeAdapter(Days).validate_python(f"{DAYS[first]}-{DAYS[last]}")
    assert {first, last} <= days
    assert len(days) == (last - first) % 7 + 1


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("08:00-18:00", [(480, 1080)]),
        ("8:05 - 18:30", [(485, 1110)]),
        ("22:00-06:00", [(1320, 360)]),
        ("00:00-24:00", [(0, 1440)]),
        ("08:00-12:00, 13:00-17:00", [(480, 720), (780, 1020)]),
        (["08:00-12:00"], [(480, 720)]),
        ("08:00-08:00", None),
        ("08:60-09:00", None),
        ("08:00-24:01", None),
        ("08-18", None),
        ("", None),
    ],
)
def test_which_hours(text: object, hours: list[tuple[int, int]] | None) -> None:
    if hours is None:
        with pytest.raises(ValidationError):
            TypeAdapter(HoursOfFile).validate_python(text)
    else:
        expected = tuple(Hours(*each) for each in hours)
        assert TypeAdapter(HoursOfFile).validate_python(text) == expected


WINDOW = {"from": "2026-12-01T22:00", "to": "2026-12-02T02:00", "timezone": "UTC"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"to": "2026-12-01T22:00"}, "ends before it begins"),
        ({"to": None}, "has no time"),
        ({"timezone": None}, "has no time zone"),
        ({"schedule": "night"}, "has two times"),
        ({"timezone": "Europe/Rga"}, "no time zone is named"),
        ({"from": "tomorrow"}, "is no date and time"),
        ({"from": "2026-12-01T22:00Z", "to": "2026-12-02T02:00Z", "timezone": None}, None),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value or "right",
)
def test_when_a_window_is(changes: dict[str, str | None], problem: str | None) -> None:
    given = {k: v for k, v in {**WINDOW, **changes}.items() if v is not None}
    if problem is None:
        once = MaintenanceShape.model_validate(given).once
        assert once is not None
        assert once.ends_at - once.begins_at == 4 * 3600
    else:
        with pytest.raises(ValidationError, match=problem):
            MaintenanceShape.model_validate(given)


def test_week_by_week_it_has_no_one_time() -> None:
    assert MaintenanceShape.model_validate({"schedule": "night"}).once is None
