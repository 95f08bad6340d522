"""The daemon, and what goes with its configuration."""

from pathlib import Path
from typing import Any

import click

from regwatch.cli.completing import complete_receivers
from regwatch.cli.grammar import Command
from regwatch.cli.options import config_option, named_by_hand, remote_options

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    cls=Command,
    short_help="Watch the phones until stopped.",
    epilog="SIGHUP, or POST /-/reload, makes it read its configuration again.",
    exits={
        0: "stopped by SIGTERM or SIGINT",
        1: "what may pass: an address that is taken or not there yet, a name that does not resolve",
        2: "what only an editor can mend: the configuration and the files that it names, a database"
        " of a newer version, a port below 1024 without the right to it",
    },
)
@config_option
@click.option(
    "--record",
    type=FILE,
    metavar="FILE",
    help="Append every answer of the PBX to this file, for `regwatch replay`. It holds names and"
    " addresses.",
)
def run(**given: Any) -> None:
    """The daemon: watch the phones until SIGTERM or SIGINT.

    systemd starts it as the service `regwatch`.
    """
    from regwatch.cli.run import run as work

    work(**given)


@click.command(
    "check-config",
    cls=Command,
    short_help="Check configuration files.",
    exits={0: "all of them can be used", 2: "one of them cannot"},
    examples=(
        "regwatch check-config /etc/regwatch/regwatch.yml",
        "ssh pbx cat /etc/regwatch/regwatch.yml | regwatch check-config -",
    ),
)
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON: what is wrong, and where.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the file, for editors.")
def check_config(**given: Any) -> None:
    """Check configurations: every error with its file, line, path, and what to write instead.

    Checks each FILE, `-` for what comes on standard input, or the one of --config. It looks at all
    that `run` looks at when it starts, but for the database and the address: it reads the files
    that are named there too, and asks nothing of the PBX.
    """
    from regwatch.cli.check_config import check_config as work

    work(**given)


@click.command(
    cls=Command,
    short_help="Ask once for every extension and print it.",
    exits={
        0: "all are registered",
        1: "some are not",
        2: "a bad option, or a bad configuration",
        3: "could not see all of them",
    },
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object per extension.")
def poll(**given: Any) -> None:
    """Ask once for every extension, and print what is registered.

    It asks the PBX itself, with the account's own secret, and uses the account's hourly quota: one
    request per `batch_size` extensions, and the list.
    """
    from regwatch.cli.poll import poll as work

    work(**given)


@click.command(
    "test-alert",
    cls=Command,
    short_help="Send a test to the receivers.",
    exits={
        0: "every receiver took it",
        1: "one did not",
        2: "a bad option, or a bad configuration",
    },
    examples=("regwatch test-alert", "regwatch test-alert -c new.yml chat"),
)
@click.argument("receiver", required=False, shell_complete=complete_receivers)
@remote_options
def test_alert(config_file: Path, receiver: str | None, **given: Any) -> None:
    """Send a test, clearly marked as one, to RECEIVER or to all; then take it back.

    The running daemon does it, through the receivers that it has; where --config names a file, this
    command does it itself with that file's receivers, and needs their secrets. Says what each
    receiver answered.
    """
    if named_by_hand("config_file"):
        from regwatch.cli.test_alert import test_alert as by_file

        by_file(config_file, receiver)
        return
    from regwatch.cli.remote import speak
    from regwatch.cli.try_receivers import try_receivers

    speak(try_receivers, config_file=config_file, receiver=receiver, **given)


@click.command(
    cls=Command,
    short_help="Recorded answers: what would have been sent, and when.",
    exits={0: "played", 1: "not a record", 2: "a bad option, or a bad configuration"},
)
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def replay(**given: Any) -> None:
    """Play the answers in FILE through the configuration: what would have been sent, and when.

    `regwatch run --record FILE` keeps them. Try other thresholds, sites or routes on what truly
    happened; nothing is asked of the PBX, and nobody is told.
    """
    from regwatch.cli.replay import replay as work

    work(**given)
