"""How commands speak to a person: colours only on a terminal, errors on stderr."""

import sys
from typing import NoReturn

from rich.console import Console

BAD_CONFIG = 2
FAILED = 1


def out() -> Console:
    """Where results go."""
    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    """Where progress and errors go."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: str, *, code: int = FAILED) -> NoReturn:
    """Say why, and exit."""
    console = err()
    console.print("regwatch: ", style="bold red", end="", markup=False)
    console.print(message, markup=False)
    sys.exit(code)
