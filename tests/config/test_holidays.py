"""Dates on which a schedule's hours do not begin, in the file and in files of holidays."""

from datetime import date
from pathlib import Path

import pytest
from fakes.configured import SMALL, load

from regwatch.config import Config, ConfigError
from regwatch.core.schedules import Dates


def excepting(folder: Path, entries: str) -> Config:
    return load(folder, f"{SMALL}schedules: {{office: {{timezone: UTC, except: {entries}}}}}\n")


def problems(folder: Path, entries: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        excepting(folder, entries)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_dates_spans_and_files_come_together(tmp_path: Path) -> None:
    text = "# of 2026\n\n2026-12-24..2026-12-26  # Christmas\n  2026-11-18\n"
    (tmp_path / "holidays.txt").write_text(f"\ufeff{text}", encoding="utf-8")
    found = excepting(tmp_path, "[2026-12-27, holidays.txt, 2026-05-01, 2026-05-01 .. 2026-05-04]")
    assert found.excepted_dates("office") == (
        Dates(date(2026, 5, 1), date(2026, 5, 4)),
        Dates(date(2026, 11, 18), date(2026, 11, 18)),
        Dates(date(2026, 12, 24), date(2026, 12, 27)),
    )


def test_one_may_stand_without_a_list_and_none_is_none(tmp_path: Path) -> None:
    day = date(2026, 12, 25)
    assert excepting(tmp_path, "2026-12-25").excepted_dates("office") == (Dates(day, day),)
    assert excepting(tmp_path, "[]").excepted_dates("office") == ()


def test_a_file_is_read_again_with_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "days").write_text("2026-12-25\n")
    before = excepting(tmp_path, "[days]").excepted_dates("office")
    (tmp_path / "days").write_text("2026-12-26\n")
    assert before != excepting(tmp_path, "[days]").excepted_dates("office")


def test_all_that_is_wrong_with_a_file_is_told_with_its_lines(tmp_path: Path) -> None:
    (tmp_path / "days").write_text("2026-02-30\n2026-12-25\n25.12.2026\n2026-12-26..2026-12-25\n")
    assert problems(tmp_path, "[days]") == [
        "days:1: `2026-02-30` is no date (write 2026-12-25, or 2026-12-24..2026-12-26)",
        "days:3: `25.12.2026` is no date (write 2026-12-25, or 2026-12-24..2026-12-26)",
        "days:4: `2026-12-26..2026-12-25` ends before it begins",
    ]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("[none.txt]", "is no date, and none.txt cannot be read: no such file or directory"),
        ("[holidays.ics]", "calendars (.ics) are not read"),
        ("[25.12.2026]", "`25.12.2026` is no date"),
        ("[2026-13-01]", "`2026-13-01` is no date"),
        ("[2026-12-25 - 2026-12-26]", "`2026-12-25 - 2026-12-26` is no date"),
        ("[2026-12-25T00:00]", "`2026-12-25T00:00` is no date"),
        ("[20261225]", "expected text"),
        ("[2026-12-26..2026-12-25]", "ends before it begins"),
        ("[..2026-12-25]", "is no date"),
    ],
)
def test_what_is_no_date(tmp_path: Path, entries: str, message: str) -> None:
    (problem,) = problems(tmp_path, entries)
    assert problem.startswith("regwatch.yml:2: schedules.office.except")
    assert message in problem


def test_a_file_with_more_dates_than_there_are_holidays_is_the_wrong_one(tmp_path: Path) -> None:
    days = (date.fromordinal(700_000 + number) for number in range(2001))
    (tmp_path / "days").write_text("\n".join(map(str, days)))
    (problem,) = problems(tmp_path, "[days]")
    assert "more than 2000 dates" in problem
