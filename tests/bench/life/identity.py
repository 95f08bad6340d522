"""Ten days of a fleet whose phones change all that they are known by: rounds of firmware, roaming,
nightly addresses, reloads, nodes, ports, take-overs. None of it is a loss, nor another device but
where one took over; and each second device that is truly lost is told.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from bench.life.judge import Word
from bench.life.lived import Course, Lived, all_lived
from bench.life.table import FOUND, TOLD, found_rows, line, markdown, missed_line, told_rows

from regwatch.core.model import AlertName
from regwatch.simulator.rates import REAL_LIFE, Kind

CHANGES = (
    Kind.FIRMWARE,
    Kind.ROAMING,
    Kind.NEW_ADDRESS,
    Kind.RELOAD,
    Kind.TWO_NODES,
    Kind.TAKE_OVER,
    Kind.REBIND,
)
RESTLESS = replace(
    REAL_LIFE.only(*CHANGES, Kind.DEVICE_DEATH),
    firmware=0.5,
    take_over=4.0,
    two_nodes=8.0,
    device_death=4.0,
)
"""As often as makes some dozens of each in ten days."""
LIMITED = frozenset(
    {AlertName.REGISTRATION_LOST, AlertName.EXTENSION_LOST, AlertName.DEVICE_CHANGED}
)


def faults(came: Lived) -> list[str]:
    """False, or told again, of the three that the limits are about; and what was missed."""
    wrong = came.judgement.of(Word.FALSE, Word.AGAIN)
    found = [line(each) for each in wrong if each.saying.alert in LIMITED]
    return found + [missed_line(each) for each in came.missed]


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 if a limit is not kept."""
    parser = argparse.ArgumentParser(prog="bench.life identity", description=__doc__)
    parser.add_argument("--days", type=float, default=10.0)
    parser.add_argument("--phones", type=int, default=500)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2])
    given = parser.parse_args(arguments)
    courses = [Course(RESTLESS, given.days, given.phones, seed) for seed in given.seeds]
    every = list(all_lived(courses))
    print(markdown(FOUND, found_rows([each for came in every for each in came.found])))
    print("\n" + markdown(TOLD, told_rows(came.judgement for came in every)))
    found = [f"seed {came.course.seed}: {fault}" for came in every for fault in faults(came)]
    print("\n".join(("", *found)))
    return 1 if found else 0
