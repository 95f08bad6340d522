"""Days in which all happens as often as it does: what was found, missed, told wrongly or twice."""

import argparse
import os
from collections.abc import Sequence

from bench.life.judge import Word
from bench.life.lived import Course, Lived, all_lived
from bench.life.table import FOUND, TOLD, found_rows, line, markdown, missed_line, told_rows

from regwatch.simulator.rates import REAL_LIFE

LONG_SEEDS, SHORT_SEEDS = (1, 2, 3), tuple(range(11, 21))
LONG_DAYS, SHORT_DAYS = 10.0, 2.0
HEAD = (
    "seed", "days", "messages", "critical", "told", "good-bye", "milder", "again", "false",
    "missed",
)  # fmt: skip
COUNTED = (Word.GOODBYE, Word.MILDER, Word.AGAIN, Word.FALSE)
WRONG = (Word.FALSE, Word.AGAIN, Word.MILDER)


def row(came: Lived) -> tuple[object, ...]:
    """Of one life."""
    words = [len(came.judgement.of(word)) for word in COUNTED]
    course, told = came.course, len(came.judgement.verdicts)
    messages, critical = came.messages.total(), came.messages["critical"]
    days = f"{course.days:g}"
    return course.seed, days, messages, critical, told, *words, len(came.missed)


def courses(days: float, phones: int) -> list[Course]:
    """The long ones first: they decide when all is over."""
    long = [Course(REAL_LIFE, days, phones, seed) for seed in LONG_SEEDS]
    return long + [Course(REAL_LIFE, SHORT_DAYS, phones, seed) for seed in SHORT_SEEDS]


def main(arguments: Sequence[str]) -> int:
    """Prints, and judges nothing: what is told wrongly is to be looked at, line by line."""
    parser = argparse.ArgumentParser(prog="bench.life all", description=__doc__)
    parser.add_argument("--days", type=float, default=float(os.environ.get("DAYS", LONG_DAYS)))
    parser.add_argument("--phones", type=int, default=500)
    given = parser.parse_args(arguments)
    every = list(all_lived(courses(given.days, given.phones)))
    print(markdown(HEAD, map(row, every)))
    print("\n" + markdown(FOUND, found_rows([each for came in every for each in came.found])))
    print("\n" + markdown(TOLD, told_rows(came.judgement for came in every)))
    for came in every:
        lines = [*map(line, came.judgement.of(*WRONG)), *map(missed_line, came.missed)]
        print("\n".join((f"\nseed {came.course.seed}:", *lines)))
    return 0
