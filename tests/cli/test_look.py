"""Times by this machine's clock, with their zone."""

import pytest
from fakes.looks import PIPE, at

from regwatch.cli.errors import RemoteError
from regwatch.cli.look import looked_at_now

TODAY, EARLIER, LAST_YEAR = "2026-11-18T10:00:05.9Z", "2026-11-01T10:00:05Z", "2025-11-01T10:00:05Z"
SUMMER = "2026-07-01T10:00:05Z"


@pytest.mark.parametrize(
    ("moment", "cell", "shown"),
    [
        (TODAY, "12:00:05", "12:00:05 EET"),
        (EARLIER, "1 Nov 12:00", "1 Nov 12:00 EET"),
        (LAST_YEAR, "2025-11-01 12:00", "2025-11-01 12:00 EET"),
        (SUMMER, "1 Jul 13:00 EEST", "1 Jul 13:00 EEST"),
        (None, "–", "–"),
    ],
    ids=["today", "this year", "before", "another offset", "none"],
)
def test_a_time_is_as_short_as_it_can_be_told_apart(
    moment: str | None, cell: str, shown: str
) -> None:
    assert (at(80).cell(moment), at(80).shown(moment)) == (cell, shown)


@pytest.mark.parametrize(
    ("moment", "cell"),
    [(TODAY, "2026-11-18T12:00:05+02:00"), (SUMMER, "2026-07-01T13:00:05+03:00"), (None, "–")],
)
def test_in_a_pipe_it_is_whole_and_names_its_zone_itself(moment: str | None, cell: str) -> None:
    assert at(PIPE).cell(moment) == at(PIPE).shown(moment) == cell


def test_the_title_of_a_column_names_the_zone() -> None:
    assert at(80).titled("since") == "since (EET)"


def test_a_zone_without_a_name_is_told_by_its_offset() -> None:
    from dataclasses import replace
    from zoneinfo import ZoneInfo

    assert replace(at(80), zone=ZoneInfo("America/Sao_Paulo")).zone_name == "UTC-03"


def test_an_age_is_counted_from_then_to_now() -> None:
    assert at(80).age("2026-11-18T11:06:10Z") == 30.0


@pytest.mark.parametrize("text", ["", "soon", "9999-12-31T23:59:59+00:00"])
def test_what_is_no_time_is_none_of_a_regwatch(text: str) -> None:
    with pytest.raises(RemoteError, match="is no time: no regwatch answers so"):
        at(80).moment(text)


def test_now_is_now() -> None:
    assert abs(looked_at_now(80).age(looked_at_now(80).now.isoformat())) < 60
