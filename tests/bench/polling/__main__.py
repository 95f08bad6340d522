"""`python -m bench.polling`: simulate polling plans and print how soon losses are found.

Without arguments the cases of `docs/how-it-works.md`, some minutes on two cores; `--all` for every
size, quota and mix, which takes far longer. `--svg FILE` draws the picture. Times are virtual: the
machine's speed changes nothing.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

from bench.polling.case import HOUR, Case
from bench.polling.plot import svg
from bench.polling.result import Result, measure
from bench.polling.table import markdown

SHOWN = (
    (200, 50, 100, "mixed", 0.0),
    (200, 50, 1000, "mixed", 0.0),
    (1000, 50, 1000, "desk", 0.0),
    (1000, 50, 1000, "mixed", 0.0),
    (1000, 50, 1000, "mixed", 0.5),
    (5000, 50, 1000, "desk", 0.5),
    (1000, 50, 1000, "short", 0.0),
    (5000, 50, 1000, "desk", 0.0),
    (5000, 50, 1000, "mixed", 0.0),
    (20_000, 100, 5000, "desk", 0.0),
    (20_000, 100, 5000, "mixed", 0.0),
    (100_000, 100, 5000, "desk", 0.0),
)
EVERY = tuple(
    product(
        (200, 1000, 5000, 20_000, 100_000),
        (50, 100),
        (100, 1000, 5000),
        ("desk", "mixed", "short"),
        (0.0, 0.5),
    )
)


def case_of(extensions: int, batch: int, quota: int, leases: str, others: float) -> Case:
    """Long enough to tell, and no longer: what costs time is each extension asked."""
    asked_per_hour = batch * quota
    hours = min(12.0, max(0.5, 400_000 / asked_per_hour))
    return Case(
        extensions,
        batch,
        quota,
        leases,
        others=others,
        hours=hours,
        warm_up=max(1.0, min(2.0, hours)) * HOUR,
        losses=min(extensions // 2, 800),
    )


def results(cases: list[Case], processes: int) -> Iterator[Result]:
    """As they come, in order."""
    with ProcessPoolExecutor(processes) as pool:
        for number, result in enumerate(pool.map(measure, cases), 1):
            print(f"{number}/{len(cases)} {result.case.name}", file=sys.stderr, flush=True)
            yield result


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.polling", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every size, quota and mix")
    parser.add_argument("--svg", type=Path, help="draw the picture there")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    cases = [case_of(*each) for each in (EVERY if given.all else SHOWN)]
    found = list(results(cases, given.processes))
    print(markdown(found))
    if given.svg:
        drawn = [result for result in found if not result.case.others]
        given.svg.write_text(svg(drawn), encoding="utf-8")


if __name__ == "__main__":
    main()
