"""`python -m bench.life TABLE`: what people are told of days in simulated lives, judged by what
truly happened. Times are virtual: the machine's speed changes nothing.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from bench.life import calm, devices, identity, lies, reliability, show

TABLES = {
    "show": show.main,
    "calm": calm.main,
    "identity": identity.main,
    "devices": devices.main,
    "lies": lies.main,
    "all": reliability.main,
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.life", description=__doc__)
    parser.add_argument("table", choices=TABLES)
    given, rest = parser.parse_known_args(arguments)
    return TABLES[given.table](rest)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    sys.exit(main(sys.argv[1:]))
