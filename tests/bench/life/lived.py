"""Lives on all cores: what was told in each, and what is to be said of it."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from bench.life.driver import Life
from bench.life.finding import Wanted, finding
from bench.life.judge import Judgement, judged
from bench.life.table import line, missed_line

from regwatch.simulator.rates import Rates


@dataclass(frozen=True)
class Course:
    """What is lived through."""

    rates: Rates
    days: float
    phones: int = 500
    seed: int = 1


@dataclass(frozen=True)
class Lived:
    """What came of it, without what is large."""

    course: Course
    judgement: Judgement
    found: Sequence[Wanted]
    happened: Counter[str]
    messages: Counter[str]
    """By the worst that is in them."""

    @property
    def missed(self) -> list[Wanted]:
        return [each for each in self.found if each.told_at is None]

    def lines(self) -> Iterator[str]:
        """All that was told, with its verdict, and all that was missed."""
        yield from map(line, self.judgement.verdicts)
        yield from map(missed_line, self.missed)


def lived(course: Course) -> Lived:
    """All of it."""
    told = Life(course.rates, phones=course.phones, seed=course.seed).live(course.days)
    happened = Counter(e.kind.value for e in told.truth if told.begins <= e.at < told.ends)
    return Lived(course, judged(told), finding(told), happened, told.by_severity())


def all_lived(courses: Sequence[Course], processes: int | None = None) -> Iterator[Lived]:
    """As they come to their end, in order."""
    with ProcessPoolExecutor(processes or os.cpu_count()) as pool:
        yield from pool.map(lived, courses)
