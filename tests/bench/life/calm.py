"""A day on which nothing fails, but people and machines live: closing time, roaming, page reloads,
a round of firmware, address changes, two nodes, take-overs. Nothing false is to be told, nothing
twice, nothing critical but of who vanished without a good-bye, and all in few messages.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from bench.life.judge import Word
from bench.life.lived import Course, Lived, all_lived
from bench.life.table import line, markdown, missed_line

from regwatch.simulator.rates import CALM_DAY

LIVELY = replace(CALM_DAY, firmware=1.0, take_over=2.0, two_nodes=2.0, restart=0.0)
"""So that each of them happens on most days."""
MOST_MESSAGES = 80
HEAD = ("seed", "messages", "critical", "told", "after a good-bye", "again", "false", "missed")


def row(came: Lived) -> tuple[object, ...]:
    judgement = came.judgement
    counts = [len(judgement.of(word)) for word in (Word.GOODBYE, Word.AGAIN, Word.FALSE)]
    messages, critical = came.messages.total(), came.messages["critical"]
    told = len(judgement.verdicts)
    return came.course.seed, messages, critical, told, *counts, len(came.missed)


def faults(came: Lived) -> list[str]:
    """What is not as it should be."""
    wrong = came.judgement.of(Word.FALSE, Word.AGAIN, Word.MILDER, Word.GOODBYE)
    found = [*map(line, wrong), *map(missed_line, came.missed)]
    if came.messages.total() > MOST_MESSAGES:
        found.append(f"{came.messages.total()} messages, more than {MOST_MESSAGES}")
    return found


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(prog="bench.life calm", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3, 4])
    parser.add_argument("--phones", type=int, default=500)
    given = parser.parse_args(arguments)
    courses = [Course(LIVELY, 1.0, given.phones, seed) for seed in given.seeds]
    every = list(all_lived(courses))
    print(markdown(HEAD, map(row, every)))
    found = [f"seed {came.course.seed}: {fault}" for came in every for fault in faults(came)]
    print("\n".join(("", *found)))
    return 1 if found else 0
