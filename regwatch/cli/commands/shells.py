"""Completion of what is typed."""

from typing import Any

import click

from regwatch.cli.grammar import Command

SHELLS = ("bash", "zsh", "fish")


@click.command(
    cls=Command,
    short_help="Completion for bash, zsh or fish.",
    exits={0: "printed", 2: "a bad option"},
    examples=(
        "regwatch completion bash | sudo tee /etc/bash_completion.d/regwatch",
        "regwatch completion zsh | sudo tee /usr/local/share/zsh/site-functions/_regwatch",
        "regwatch completion fish > ~/.config/fish/completions/regwatch.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(**given: Any) -> None:
    """Print what lets SHELL complete commands and options, and what the running daemon knows:
    extensions, incidents, silences, sites, accounts, receivers.

    The daemon is asked when you press the tab key, for half a second at most, and where it does
    not answer nothing is offered. A new shell has it.
    """
    from regwatch.cli.completion import completion as work

    work(**given)
