"""One life, line by line: what was told, what is to be thought of it, what was not told."""

import argparse
from collections.abc import Sequence

from bench.life.lived import Course, Lived, lived
from bench.life.table import FOUND, TOLD, found_rows, markdown, told_rows

from regwatch.simulator.rates import LIVES, named


def report(came: Lived) -> str:
    happened = ", ".join(f"{n} {kind}" for kind, n in sorted(came.happened.items()))
    severities = ", ".join(f"{n} {severity}" for severity, n in sorted(came.messages.items()))
    return "\n".join(
        (
            f"What happened: {happened}",
            *came.lines(),
            "",
            markdown(FOUND, found_rows(came.found)),
            "",
            markdown(TOLD, told_rows([came.judgement])),
            "",
            f"{came.messages.total()} messages: {severities}",
        )
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.life show", description=__doc__)
    parser.add_argument("life", choices=sorted(LIVES), nargs="?", default="real")
    parser.add_argument("--days", type=float, default=2.0)
    parser.add_argument("--phones", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", action="append", default=[], help="another one: reboot=5")
    given = parser.parse_args(arguments)
    rates = named(given.life, given.rate)
    print(report(lived(Course(rates, given.days, given.phones, given.seed))))
    return 0
