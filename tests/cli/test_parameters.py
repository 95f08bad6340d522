"""Times and durations as people write them."""

from datetime import UTC, datetime, timedelta

import click
import pytest

from regwatch.cli.parameters import DurationType, MomentType
from regwatch.clock import wall_clock

TEN = datetime(2026, 12, 1, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800.0), ("1d12h", 129_600.0), (7.5, 7.5)])
def test_a_duration(text: object, seconds: float) -> None:
    assert DurationType().convert(text, None, None) == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [("30", r"`30` is no duration \(write `30s` if you mean seconds\)"),
     ("soon", r"`soon` is no duration \(write it as 30s, 5m, 1h or 1h30m\)")],
)  # fmt: skip
def test_what_is_no_duration_is_told_how_to_write_one(text: str, message: str) -> None:
    with pytest.raises(click.BadParameter, match=message):
        DurationType().convert(text, None, None)


@pytest.mark.parametrize(
    "given", [TEN, "2026-12-01T22:00Z", "2026-12-02T00:00+02:00"], ids=["itself", "UTC", "a zone"]
)
def test_a_time(given: object) -> None:
    assert MomentType().convert(given, None, None) == TEN


def test_a_time_without_a_zone_is_by_this_machine_s_clock() -> None:
    moment = MomentType().convert("2026-12-01T22:00", None, None)
    assert moment == datetime(2026, 12, 1, 22, 0).astimezone()
    assert moment.utcoffset() == timedelta(0)


def test_so_long_ago() -> None:
    before = wall_clock()
    moment = MomentType().convert("24h", None, None).timestamp()
    assert before - 86_400 <= moment + 0.001
    assert moment <= wall_clock() - 86_400 + 0.001


def test_what_is_no_time_is_told_how_to_write_one() -> None:
    with pytest.raises(click.BadParameter, match="`soon` is neither 24h nor 2026-12-01T22:00"):
        MomentType().convert("soon", None, None)
