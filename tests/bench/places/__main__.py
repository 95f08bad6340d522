"""`python -m bench.places`: whether a place that is out is found, how soon, and what is called an
outage that is none. Prints a row for each thing that may happen at places of 10, 40 and 200 phones;
exit status 1 if a limit is not kept. Some minutes on two cores; times are virtual.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from bench.places.driver import Trial, trials
from bench.places.scenes import SCENES
from bench.places.table import cells, is_within, markdown

SIZES = tuple(sorted({size for scene in SCENES for size in scene.sizes}))


def rows_of(job: tuple[int, int, int, str]) -> list[tuple[int, int, tuple[str, ...], bool]]:
    """Of places of one size: which row, of which size, what it says, whether limits are kept."""
    size, rounds, seed, wanted = job
    scenes = [scene for scene in SCENES if wanted in scene.name]
    found: dict[str, list[Trial]] = {}
    for trial in trials(size, scenes, rounds=rounds, seed=seed):
        found.setdefault(trial.scene.name, []).append(trial)
    numbers = {scene.name: number for number, scene in enumerate(SCENES)}
    return [
        (numbers[name], size, cells(of_one), is_within(of_one)) for name, of_one in found.items()
    ]


def main(arguments: Sequence[str]) -> int:
    """Simulate, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.places", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="how often each scene is played")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--only", default="", help="scenes whose name has this in it")
    given = parser.parse_args(arguments)
    jobs = [(size, given.rounds, given.seed, given.only) for size in sorted(given.sizes)[::-1]]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        rows = sorted(row for of_size in pool.map(rows_of, jobs) for row in of_size)
    print(markdown([row for _, _, row, _ in rows]))
    broken = [f"{row[0]} ({size} phones)" for _, size, row, is_kept in rows if not is_kept]
    print("\nAll limits are kept." if not broken else f"\nNot kept: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
