"""The configuration file on the command line."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from regwatch.cli.console import BAD_CONFIG, err, priority
from regwatch.config import Config, ConfigError, load_config
from regwatch.shapes.problems import lines_of

Loaded = TypeVar("Loaded")


def load_or_exit(file: Path, load: Callable[..., Config] = load_config) -> Config:
    """The configuration; a bad one is told in full and ends the program with status 2. `load`: how
    it is read and checked.
    """
    return loaded_or_exit(lambda: load(file, environ=os.environ))


def loaded_or_exit(load: Callable[[], Loaded]) -> Loaded:
    """The same for a part of the configuration."""
    try:
        return load()
    except ConfigError as error:
        show_problems(error)
        raise SystemExit(BAD_CONFIG) from None


def show_problems(error: ConfigError) -> None:
    """Every problem on a line of its own, then how many there are."""
    console = err()
    for problem in error.problems:
        where, _, rest = f"{priority()}{problem}".partition(": ")
        console.print(where, style="bold", end=": ")
        console.print(rest)
        for line in lines_of(problem)[1:]:
            console.print(f"{priority()}{line}", markup=False, highlight=False, no_wrap=True)
    count = len(error.problems)
    console.print(
        f"{priority()}{count} problem{'s' if count > 1 else ''}", style="bold red", markup=False
    )
