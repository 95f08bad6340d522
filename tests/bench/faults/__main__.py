"""`python -m bench.faults`: each fault of the simulator for a minute, and storms of ten at once, on
100 phones of which some are lost meanwhile; a real client over real sockets, in virtual time. Ends
with an error if a limit of the table is not kept.
"""

import logging
import os
import sys
from concurrent.futures import ProcessPoolExecutor

import structlog
from bench.faults.case import cases
from bench.faults.minute import Result, exceeded, markdown, play


def main() -> None:
    results: list[Result] = []
    with ProcessPoolExecutor(os.cpu_count(), initializer=_quietly) as pool:
        for number, result in enumerate(pool.map(play, cases()), 1):
            results.append(result)
            print(f"{number} {result.case.name}", file=sys.stderr, flush=True)
    print(markdown(results))
    wrong = list(exceeded(results))
    print("\n".join(wrong), file=sys.stderr)
    raise SystemExit(bool(wrong))


def _quietly() -> None:
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


if __name__ == "__main__":
    main()
