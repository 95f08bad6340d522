"""The daemon, and what goes with its configuration."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from regwatch.cli.completing import complete_receivers
from regwatch.cli.grammar import Command, Group
from regwatch.cli.options import config_option, json_option, named_by_hand, remote_options
from regwatch.cli.parameters import MomentType

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


@click.group(cls=Group, short_help="Try out who is told of what.")
def routes() -> None:
    """Try out who is told of what, before it happens."""


def _labels(words: Sequence[str]) -> Mapping[str, str]:
    labels: dict[str, str] = {}
    for each in words:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"`{each}` is no label: write LABEL=VALUE")
        if name in labels:
            raise click.BadParameter(f"`{name}` stands twice: an alert has one value of each")
        labels[name.strip()] = value.strip().strip('"')
    return labels


@routes.command(
    "test",
    short_help="Who would be told of an alert, when, and why others not.",
    exits={0: "answered", 1: "not answered: it says why", 2: "a bad option or configuration"},
    examples=(
        "regwatch routes test alert=extension_lost site=riga",
        "regwatch routes test -c new.yml site=riga --at 2026-12-24T17:55",
    ),
)
@click.argument(
    "labels",
    metavar="LABEL=VALUE...",
    nargs=-1,
    required=True,
    callback=lambda _context, _argument, words: _labels(words),
)
@click.option(
    "--at",
    type=MomentType(),
    metavar="TIME",
    help="When it begins: 2026-12-01T22:00. Without it: now.",
)
@json_option
@remote_options
def test_routes(
    config_file: Path, labels: Mapping[str, str], at: datetime | None, as_json: bool, **given: Any
) -> None:
    """Show who would be told of an alert with these labels, when and by which route.

    And why others would not: silenced, outside of hours, the alert is off, not expected then, or an
    earlier route matched. The alert is alone, and nobody acknowledges it: reminders and escalations
    of the next 24 hours are shown.

    The running daemon is asked, which knows silences too; where --config names a file, nobody is
    asked, and that file is tried.

    Labels: alert, severity, account, site, place, receiver, extension, extension_id, device, group,
    and those of sites. The severity is that of the alert, the site that of the extension, unless
    you say otherwise.
    """
    from regwatch.cli.routes import ask_routes, try_file

    if named_by_hand("config_file"):
        try_file(config_file, labels, at, as_json=as_json)
        return
    from regwatch.cli.remote import speak

    speak(ask_routes, config_file=config_file, labels=labels, at=at, as_json=as_json, **given)
