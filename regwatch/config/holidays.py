"""Files of holidays: the dates on which a schedule's hours do not begin, one a line."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic_core import PydanticCustomError

from regwatch.config.hours import DATE_ADVICE, ScheduleShape, day_or_days
from regwatch.config.source import Source
from regwatch.core.schedules import Dates, apart
from regwatch.shapes.files import FileError, read_text
from regwatch.shapes.problems import Problem

COMMENT = "#"
CALENDARS = (".ics", ".ical", ".ifb")
MOST_DATES = 2000
"""Of one schedule, spans counted once: some centuries of holidays; more is another file."""


class Holidays:
    """The dates that schedules except, their files read, and what is wrong with these."""

    def __init__(
        self, schedules: Mapping[str, ScheduleShape], source: Source, folder: Path
    ) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._folder = folder
        self._files: dict[str, tuple[Dates, ...]] = {}
        """As read, each once."""
        self._dates = {name: apart(self._of(name, shape)) for name, shape in schedules.items()}

    def of(self, schedule: str) -> tuple[Dates, ...]:
        """The dates that this schedule excepts."""
        return self._dates[schedule]

    def _of(self, name: str, shape: ScheduleShape) -> Iterator[Dates]:
        count = 0
        for index, each in enumerate(shape.except_):
            place = ("schedules", name, "except", index)
            found = self._file(each, place) if isinstance(each, str) else (each,)
            count += len(found)
            if count > MOST_DATES:
                self._wrong(place, f"holds more than {MOST_DATES} dates: is this the right file?")
                return
            yield from found

    def _file(self, name: str, place: tuple[str | int, ...]) -> tuple[Dates, ...]:
        if name not in self._files:
            self._files[name] = tuple(self._read(name, place))
        return self._files[name]

    def _read(self, name: str, place: tuple[str | int, ...]) -> Iterator[Dates]:
        if name.lower().endswith(CALENDARS):
            advice = "write a file with one date a line, such as 2026-12-25"
            self._wrong(place, "calendars (.ics) are not read", advice)
            return
        file = self._folder / name
        try:
            lines = read_text(file).splitlines()
        except FileError as error:
            self._wrong(place, f"is no date, and {file} cannot be read: {error}", DATE_ADVICE)
            return
        yield from self._dates_in(file, lines)

    def _dates_in(self, file: Path, lines: list[str]) -> Iterator[Dates]:
        for number, line in enumerate(lines, 1):
            words = line.removeprefix("\ufeff").partition(COMMENT)[0].strip()
            try:
                if words:
                    yield day_or_days(words)
            except PydanticCustomError as error:
                context = error.context or {}
                advice = context.get("suggestion") or None
                self.problems.append(Problem(file, number, "", str(context["text"]), advice))

    def _wrong(self, place: tuple[str | int, ...], message: str, advice: str | None = None) -> None:
        self.problems.append(self._source.problem(place, message, advice))
