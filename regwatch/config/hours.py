"""Times by the clock on the wall: schedules and maintenance windows."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from regwatch.core import schedules
from regwatch.core.model import Timestamp
from regwatch.core.suggestions import did_you_mean
from regwatch.shapes.shape import Shape
from regwatch.shapes.values import ONE_OR_MORE, Matching, Text, text, wrong

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")
MIDNIGHT = 24 * 60
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
LIKE_A_DATE = re.compile(r"[\d.,:/ -]+(?:\s|T\d|$)", re.ASCII)
"""What was not meant as the name of a file, whatever it is."""
DATE_ADVICE = "write 2026-12-25, or 2026-12-24..2026-12-26"


def _zone(value: object) -> ZoneInfo:
    name = text(value)
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        advice = did_you_mean(str(name), available_timezones()) or "such as Europe/Riga"
        raise wrong(f"no time zone is named `{name}`", advice) from None


def _days(value: object) -> frozenset[int]:
    """`mon-fri`, `sat, sun`, `daily`; from a later day to an earlier one: over the weekend."""
    words = value if isinstance(value, list) else str(text(value)).split(",")
    return frozenset(day for word in words for day in _some_days(str(word).strip().lower()))


def _some_days(word: str) -> Iterator[int]:
    if word == "daily":
        yield from range(7)
        return
    first, dash, last = (part.strip()[:3] for part in word.partition("-"))
    if first not in DAYS or (dash and last not in DAYS):
        raise wrong(f"`{word}` is no day", "write mon-fri, sat, sun or daily")
    begin = DAYS.index(first)
    span = (DAYS.index(last) - begin) % 7 if dash else 0
    yield from ((begin + number) % 7 for number in range(span + 1))


def _hours(value: object) -> tuple[schedules.Hours, ...]:
    """`08:00-18:00`, `22:00-06:00`, `08:00-12:00, 13:00-17:00`."""
    spans = value if isinstance(value, list) else str(text(value)).split(",")
    return tuple(_span(str(span).strip()) for span in spans)


def _span(span: str) -> schedules.Hours:
    match = HOURS.fullmatch(span)
    if match is None:
        raise wrong(f"`{span}` are no hours", 'write them as "08:00-18:00"')
    opens, closes = (_minutes(*match.group(i, i + 1)) for i in (1, 3))
    if opens == closes:
        raise wrong(f"`{span}` is no time at all", 'write "00:00-24:00" for the whole day')
    return schedules.Hours(opens, closes)


def _minutes(hour: str, minute: str) -> int:
    minutes = 60 * int(hour) + int(minute)
    if int(minute) > 59 or minutes > MIDNIGHT:
        raise wrong(f"`{hour}:{minute}` is no time of the day")
    return minutes


def day_or_days(text: str) -> schedules.Dates:
    """`2026-12-25`, `2026-12-24..2026-12-26`; both ends are included."""
    first, dots, last = (part.strip() for part in text.partition(".."))
    begin = _day(first)
    end = _day(last) if dots else begin
    if end < begin:
        raise wrong(f"`{text}` ends before it begins")
    return schedules.Dates(begin, end)


def _day(text: str) -> date:
    if ISO_DATE.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    raise wrong(f"`{text[:40]}` is no date", DATE_ADVICE)


def _exception(value: object) -> schedules.Dates | str:
    """A date, a span of dates, or the name of a file that holds such."""
    words = str(text(value)).strip()
    return day_or_days(words) if LIKE_A_DATE.match(words) else words


def _wall_time(value: object) -> datetime:
    try:
        return datetime.fromisoformat(str(text(value)).strip())
    except ValueError:
        raise wrong(f"`{value}` is no date and time", "write it as 2026-12-01T22:00") from None


def _like(*examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "examples": list(examples)})


SHOWN = PlainSerializer(str, return_type=str)
Timezone = Annotated[ZoneInfo, PlainValidator(_zone), SHOWN, _like("Europe/Riga", "UTC")]
Days = Annotated[
    frozenset[int], PlainValidator(_days), SHOWN, _like("mon-fri", "sat, sun", "daily")
]
Hours = Annotated[
    tuple[schedules.Hours, ...],
    PlainValidator(_hours),
    SHOWN,
    _like("08:00-18:00", "22:00-06:00"),
]
Exceptions = Annotated[
    schedules.Dates | str,
    PlainValidator(_exception),
    SHOWN,
    _like("2026-12-25", "2026-12-24..2026-12-26", "holidays.txt"),
]
WallTime = Annotated[datetime, PlainValidator(_wall_time), SHOWN, _like("2026-12-01T22:00")]


class ScheduleShape(Shape):
    """Hours of the week in a time zone."""

    days: Days = Field(default="daily", validate_default=True)
    hours: Hours = Field(default="00:00-24:00", validate_default=True)
    except_: Annotated[list[Exceptions], ONE_OR_MORE] = Field(
        default=[],
        alias="except",
        description="Dates, spans of dates, and files of such, on which no hours begin.",
    )
    timezone: Timezone


class MaintenanceShape(Shape):
    """A time in which nothing is told of what matches: once, or week by week."""

    name: Text | None = None
    match: Matching = {}
    begins: WallTime | None = Field(default=None, alias="from")
    ends: WallTime | None = Field(default=None, alias="to")
    schedule: Text | None = Field(default=None, description="One of `schedules`: week by week.")
    timezone: Timezone | None = Field(default=None, description="Of `from` and `to`.")

    @model_validator(mode="after")
    def _has_a_time(self) -> "MaintenanceShape":
        if self.schedule is not None:
            if self.begins or self.ends or self.timezone:
                raise wrong("has two times", "give `from` and `to`, or `schedule`, not both")
        elif self.begins is None or self.ends is None:
            raise wrong("has no time", "give `from` and `to`, or `schedule`")
        elif self.timezone is None and not (self.begins.tzinfo and self.ends.tzinfo):
            raise wrong("has no time zone", "add `timezone: Europe/Riga`, or UTC")
        elif self.once is None:
            raise wrong("ends before it begins")
        return self

    @property
    def once(self) -> schedules.Stretch | None:
        """From `from` to `to`; None if that is no time, or it comes week by week."""
        if self.begins is None or self.ends is None:
            return None
        begins, ends = self._moment(self.begins), self._moment(self.ends, is_end=True)
        return schedules.Stretch(begins, ends) if begins < ends else None

    def _moment(self, wall: datetime, *, is_end: bool = False) -> Timestamp:
        if wall.tzinfo is not None:
            return Timestamp(wall.timestamp())
        zone = self.timezone or ZoneInfo("UTC")
        return schedules.moment(wall, zone, is_end=is_end)
