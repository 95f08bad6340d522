"""The configuration file on the command line."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from regwatch.cli.console import BAD_CONFIG, err
from regwatch.config import Config, ConfigError, load_config
from regwatch.shapes.problems import Problem
from regwatch.web.webconfig import WebConfigError, load_web_config

Loaded = TypeVar("Loaded")
DEFAULT_FILE = "/etc/regwatch/regwatch.yml"

config_option: Callable[[Any], Any] = click.option(
    "-c",
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="REGWATCH_CONFIG",
    default=DEFAULT_FILE,
    show_default=True,
    help="The configuration file.",
)


def load_or_exit(file: Path) -> Config:
    """The configuration; a bad one is told in full and ends the program with status 2."""
    return loaded_or_exit(lambda: load_config(file, environ=os.environ))


def loaded_or_exit(load: Callable[[], Loaded]) -> Loaded:
    """The same for a part of the configuration."""
    try:
        return load()
    except ConfigError as error:
        show_problems(error)
        raise SystemExit(BAD_CONFIG) from None


def check_web_config(config: Config) -> None:
    """A web config file that cannot be used ends the program like the rest of a bad one."""
    path = config.path(config.http.web_config_file)
    try:
        if path is not None:
            load_web_config(path)
    except WebConfigError as error:
        show_problems(ConfigError([Problem(error.path, None, "", error.message)]))
        raise SystemExit(BAD_CONFIG) from None


def show_problems(error: ConfigError) -> None:
    """Every problem on a line of its own, then how many there are."""
    console = err()
    for problem in error.problems:
        where, _, rest = str(problem).partition(": ")
        console.print(where, style="bold", end=": ")
        console.print(rest)
    count = len(error.problems)
    console.print(f"{count} problem{'s' if count > 1 else ''}", style="bold red")
