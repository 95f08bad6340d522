"""The command line: one module per command. Talks to people; the work is done below."""

from importlib import import_module

import click

from regwatch import __version__

COMMANDS = {
    "ack": "incidents",
    "check-config": "check_config",
    "demo": "demo",
    "history": "history",
    "incidents": "incidents",
    "poll": "poll",
    "replay": "replay",
    "run": "run",
    "show": "show",
    "silence": "silence",
    "simulate": "simulate",
    "status": "status",
    "test-alert": "test_alert",
    "unregister": "unregister",
    "why": "why",
}
"""By name: the module that holds it."""
EPILOG = "Start with `regwatch demo`: it needs no configuration and no PBX."


class Commands(click.Group):
    """Loads the module of a command only when it is asked for: a sweep needs no database."""

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


@click.command(
    cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="regwatch")
def main() -> None:
    """Tells you within seconds, and without false alarms, that phones lost their registration at
    a cloud PBX.
    """
