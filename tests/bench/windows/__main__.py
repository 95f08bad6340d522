"""`python -m bench.windows`: quotas of every kind, with others who use them too, in virtual time.

Each line says what our requests made of those that were allowed and needed, how long nothing at
all was answered, and what was taken that should have been left to others. Ends with an error if
a limit of the table is not kept.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor

from bench.windows.case import cases
from bench.windows.driver import play
from bench.windows.table import exceeded, markdown


def main() -> None:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(play, cases()))
    print(markdown(results))
    wrong = list(exceeded(results))
    print("\n".join(wrong), file=sys.stderr)
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
