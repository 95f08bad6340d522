"""Points in time in words."""

from fakes.web import NOW

from regwatch.core.model import Timestamp
from regwatch.web.times import iso, short


def test_iso_is_utc_to_the_second() -> None:
    assert iso(NOW) == "2026-11-18T11:06:40Z"


def test_today_needs_no_date() -> None:
    assert short(NOW, NOW) == "11:06:40"
    assert short(Timestamp(NOW - 86_400), NOW) == "2026-11-17 11:06:40"


def test_a_time_no_calendar_knows_is_the_last_one_it_knows() -> None:
    assert iso(Timestamp(1e18)) == "9999-12-31T23:59:59Z"
    assert iso(Timestamp(float("inf"))) == "9999-12-31T23:59:59Z"
