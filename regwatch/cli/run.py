"""`regwatch run`: the daemon."""

from pathlib import Path

import click

from regwatch.cli.settings import config_option


@click.command(epilog="SIGHUP or POST /-/reload: read the configuration again.")
@config_option
def run(config_file: Path) -> None:
    """Watch the phones until stopped.

    Exit status: 0 after SIGTERM or SIGINT, 1 on failure, 2 on a bad configuration.
    """
