"""Hours of the week in a time zone, as a clock on the wall there shows them.

Where the clock is set forward, a time that it skips is the moment of the skip. Where it is set
back, a time that it shows twice begins a stretch the first time and ends one the second time: a
stretch is never shorter than it reads.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from msgspec import Struct

from regwatch.core.model import Timestamp

DAY = 86_400.0
DAYS_AROUND = 9
"""Looked at on both sides of a moment: a week, what reaches over midnight, and a day to go on."""
MINUTES_OF_A_DAY = 1440
LAST_DAY = date(9000, 1, 1)
"""Later ones leave no room to look around."""


class Stretch(Struct, frozen=True, gc=False):
    """From a moment on, until just before another one."""

    begins_at: Timestamp
    ends_at: Timestamp

    def covers(self, at: Timestamp) -> bool:
        """Whether that moment lies in it."""
        return self.begins_at <= at < self.ends_at

    def stretch_at(self, at: Timestamp) -> "Stretch | None":
        """Itself, if it covers the moment: a schedule of one stretch."""
        return self if self.covers(at) else None

    def next_after(self, at: Timestamp) -> "Stretch | None":
        """Itself, if it is to come."""
        return self if at < self.begins_at < self.ends_at else None


class Dates(Struct, frozen=True, gc=False):
    """From one day to another, both included."""

    first: date
    last: date


class Hours(Struct, frozen=True, gc=False):
    """From one time of the day to another; to an earlier one: over midnight."""

    opens: int
    """Minutes after midnight, on the wall."""
    closes: int
    """As many, up to 24:00."""

    @property
    def runs_until(self) -> int:
        """Minutes after the midnight that it began after."""
        return self.closes if self.closes > self.opens else self.closes + MINUTES_OF_A_DAY


@dataclass(slots=True)
class Schedule:
    """Hours on some days of the week, week by week, but for some dates."""

    name: str
    days: frozenset[int]
    """Monday is 0. Hours that run over midnight belong to the day on which they begin."""
    hours: tuple[Hours, ...]
    zone: tzinfo
    excepted: tuple[Dates, ...] = ()
    """On which no hours begin: in order, apart from each other (see `apart`)."""
    _near: list[Stretch] = field(default_factory=list, repr=False, compare=False)
    """Those around a moment asked for before: the next one is mostly close to it."""
    _near_to: float = field(default=float("-inf"), repr=False, compare=False)

    def stretch_at(self, at: Timestamp) -> Stretch | None:
        """The one that covers the moment; None between two."""
        near = self._around(at)
        index = bisect_right(near, at, key=_beginning) - 1
        found = near[index] if index >= 0 else None
        return found if found is not None and found.covers(at) else None

    def next_after(self, at: Timestamp) -> Stretch | None:
        """The first one that begins after the moment; None if there is none, as for one that is
        always on.
        """
        near = self._around(at)
        index = bisect_right(near, at, key=_beginning)
        return near[index] if index < len(near) else self._beyond(at)

    def _beyond(self, at: Timestamp) -> Stretch | None:
        """What comes after a gap of more than a week: only dates that are excepted make one."""
        today = datetime.fromtimestamp(at, self.zone).date()
        for each in self.excepted:
            if today <= each.last < LAST_DAY:
                after = each.last + timedelta(days=DAYS_AROUND)
                found = (s for s in _joined(self._stretches(after)) if s.begins_at > at)
                if (coming := next(found, None)) is not None:
                    return coming
        return None

    def _around(self, at: Timestamp) -> Sequence[Stretch]:
        if abs(at - self._near_to) > DAY:
            today = datetime.fromtimestamp(at, self.zone).date()
            self._near, self._near_to = _joined(self._stretches(today)), at
        return self._near

    def _stretches(self, today: date) -> Iterator[Stretch]:
        for offset in range(-DAYS_AROUND, DAYS_AROUND + 1):
            day = today + timedelta(days=offset)
            if day.weekday() in self.days and not self._is_excepted(day):
                yield from (self._on(day, hours) for hours in self.hours)

    def _is_excepted(self, day: date) -> bool:
        index = bisect_right(self.excepted, day, key=_first_day) - 1
        return index >= 0 and day <= self.excepted[index].last

    def _on(self, day: date, hours: Hours) -> Stretch:
        midnight = datetime.combine(day, time())
        begins = midnight + timedelta(minutes=hours.opens)
        ends = midnight + timedelta(minutes=hours.runs_until)
        return Stretch(moment(begins, self.zone), moment(ends, self.zone, is_end=True))


def turns_at(when: Stretch | Schedule, now: Timestamp) -> Timestamp | None:
    """When it will begin, or end if it has begun; None: never."""
    if (running := when.stretch_at(now)) is not None:
        return running.ends_at
    coming = when.next_after(now)
    return None if coming is None else coming.begins_at


def apart(dates: Iterable[Dates]) -> tuple[Dates, ...]:
    """The same days, in order; those that touch or overlap are one."""
    found: list[Dates] = []
    for each in sorted(dates, key=_first_day):
        if found and each.first <= found[-1].last + timedelta(days=1):
            found[-1] = Dates(found[-1].first, max(found[-1].last, each.last))
        else:
            found.append(each)
    return tuple(found)


def _first_day(dates: Dates) -> date:
    return dates.first


def _beginning(stretch: Stretch) -> Timestamp:
    return stretch.begins_at


def _joined(stretches: Iterator[Stretch]) -> list[Stretch]:
    """In order; those that touch or overlap are one."""
    joined: list[Stretch] = []
    for each in sorted(stretches, key=_beginning):
        if each.begins_at >= each.ends_at:  # the clock skips all of it
            continue
        if joined and each.begins_at <= joined[-1].ends_at:
            ends_at = Timestamp(max(joined[-1].ends_at, each.ends_at))
            joined[-1] = Stretch(joined[-1].begins_at, ends_at)
        else:
            joined.append(each)
    return joined


def moment(wall: datetime, zone: tzinfo, *, is_end: bool = False) -> Timestamp:
    """When a clock on the wall of that zone shows this; see the module for times shown twice or
    never.
    """
    first, second = (
        int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (False, True)
    )
    if first > second:  # skipped, see PEP 495
        return Timestamp(_skip_between(second, first, zone))
    return Timestamp(second if is_end else first)


def _skip_between(before: int, after: int, zone: tzinfo) -> int:
    """The second at which the offset changes."""
    offset = _offset(before, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(at: int, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
