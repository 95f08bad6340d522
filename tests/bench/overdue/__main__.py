"""`python -m bench.overdue`: how many warnings of an overdue refresh are false in real life, how
many come true, and how long before the lease's end they come. Some minutes on two cores; times are
virtual.
"""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from statistics import median

from bench.overdue.driver import Warnings, lives, watched

COLUMNS = (
    "learn_after",
    "unsteady",
    "deaths a day",
    "warned of",
    "before the end",
    "false",
    "false a day",
    "came true",
)


def cells(found: Sequence[Warnings]) -> tuple[str, ...]:
    """One life, of all seeds."""
    life = found[0].life
    true, false = sum(each.true for each in found), sum(each.false for each in found)
    steady = [death for each in found for death in each.steady]
    warned = [death for death in steady if death.warned_at is not None]
    days = sum(each.life.extension_days for each in found)
    ahead = [each.ahead for each in found if each.ahead == each.ahead]
    return (
        f"{life.learn_after}",
        f"{life.unsteady:.0%}",
        f"{life.deaths:.0f}",
        f"{len(warned)}/{len(steady)}",
        f"{median(ahead) / 60:.1f} min" if ahead else "–",
        f"{false}",
        f"{1000 * false / days:.1f}",
        f"{true / max(1, true + false):.0%}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.overdue", description=__doc__)
    parser.add_argument("--days", type=float, default=1.0)
    parser.add_argument("--phones", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    wanted = lives(given.days, given.phones, given.seeds)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(watched, wanted))
    rows = [found[n : n + given.seeds] for n in range(0, len(found), given.seeds)]
    for line in (COLUMNS, ("---",) * len(COLUMNS), *map(cells, rows)):
        print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    main()
