"""`regwatch completion`: what a shell is to know."""

import click
from click.shell_completion import get_completion_class

NAME = "regwatch"


def completion(*, shell: str) -> None:
    """Print it."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    from regwatch.cli import main

    click.echo(kind(main, {}, NAME, f"_{NAME.upper()}_COMPLETE").source())
