"""The command line: what can be typed stands in `commands/`, what it does in a module for each
command. Talks to people; the work is done below.
"""

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from regwatch import __version__
from regwatch.cli.grammar import Group
from regwatch.cli.pipes import PipeClosed, end_as_others_do

COMMANDS = {
    "ack": "commands.telling",
    "check-config": "commands.service",
    "completion": "commands.shells",
    "demo": "commands.trying",
    "extensions": "commands.asking",
    "history": "commands.asking",
    "incidents": "commands.asking",
    "poll": "commands.service",
    "replay": "commands.service",
    "routes": "commands.service",
    "run": "commands.service",
    "show": "commands.asking",
    "silence": "commands.telling",
    "simulate": "commands.trying",
    "status": "commands.asking",
    "test-alert": "commands.service",
    "unregister": "commands.telling",
    "watch": "commands.asking",
    "why": "commands.asking",
}
"""By name: the module that says what can be typed."""
EPILOG = "Start with `regwatch demo`: it needs no configuration and no PBX."


class Commands(Group):
    """Loads no more than what can be typed; what a command does is loaded when it does it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands' names."""
        _ = ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command; None if there is none of this name."""
        _ = ctx
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"regwatch.cli.{module}"), name)
        return command

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run it; ends as other programs do where nobody reads its output to the end."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # a terminal of few letters gets `?` for others
                stream.reconfigure(errors="replace")
        try:
            return super().main(*args, **extra)
        except PipeClosed:
            end_as_others_do()

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Of a call; what is printed meanwhile may find nobody to read it."""
        try:
            return super().make_context(*args, **extra)
        except BrokenPipeError:
            raise PipeClosed from None

    def invoke(self, ctx: click.Context) -> Any:
        """Do it, and see what was printed through."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise PipeClosed from None
        return result


@click.command(
    "regwatch",
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="regwatch")
def main() -> None:
    """Tells you within seconds, and without false alarms, that phones lost their registration at
    a cloud PBX.
    """
