"""Options that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Option = Callable[[Decorated], Decorated]
DEFAULT_FILE = "/etc/regwatch/regwatch.yml"

config_option: Option[Any] = click.option(
    "-c",
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="REGWATCH_CONFIG",
    default=DEFAULT_FILE,
    show_default=True,
    help="The configuration file. $REGWATCH_CONFIG counts before the default.",
)
url_option: Option[Any] = click.option(
    "--url",
    envvar="REGWATCH_URL",
    metavar="URL",
    help="The running daemon, in place of what the file says: http://HOST:PORT, or unix:PATH. Or"
    " $REGWATCH_URL.",
)
user_option: Option[Any] = click.option(
    "--user",
    envvar="REGWATCH_USER",
    metavar="NAME",
    help="A user of the web config file; the password is asked for, or taken from"
    " $REGWATCH_PASSWORD. Or $REGWATCH_USER.",
)
json_option: Option[Any] = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
csv_option: Option[Any] = click.option(
    "--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets."
)
author_option: Option[Any] = click.option(
    "--author",
    metavar="NAME",
    help="Who you are; by default the user of this machine, also under sudo.",
)


def remote_options(command: Decorated) -> Decorated:
    """Options that say where the daemon is."""
    decorated: Decorated = config_option(url_option(user_option(command)))
    return decorated


def named_by_hand(name: str) -> bool:
    """Whether the option stands in the call that is being done; not in the environment."""
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.COMMANDLINE
