"""`regwatch check-config`: everything that is wrong with a configuration, at once."""

import json
from pathlib import Path

import click

from regwatch.app.soundness import load_sound
from regwatch.cli.console import out
from regwatch.cli.settings import DEFAULT_FILE, load_or_exit
from regwatch.config import Config, json_schema


@click.command("check-config", short_help="Check a configuration file.")
@click.argument(
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="REGWATCH_CONFIG",
    default=DEFAULT_FILE,
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the file, for editors.")
def check_config(file: Path, *, schema: bool) -> None:
    """Check a configuration file: every error with its line, and what to write instead.

    Reads the files that it names too, but asks nothing of the PBX. Exit status: 0 if it can be
    used, 2 if not.
    """
    if schema:
        click.echo(json.dumps(json_schema(), indent=2))
        return
    config = load_or_exit(file, load_sound)
    console = out()
    for notice in config.notices:
        console.print(str(notice), style="yellow")
    console.print(f"{file}: ", style="bold", end="")
    console.print("OK", style="bold green", end="")
    console.print(f" ({_summary(config)})")


def _summary(config: Config) -> str:
    parts = [
        _count(len(config.accounts), "account"),
        _count(len(config.sites), "site"),
        _count(len(config.receivers), "receiver"),
        _count(len(config.routes), "route"),
    ]
    return ", ".join(parts)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
