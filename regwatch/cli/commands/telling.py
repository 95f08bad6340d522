"""What the running daemon is told, and what changes the PBX."""

from collections.abc import Sequence
from typing import Any

import click

from regwatch.cli.completing import complete_extensions, complete_silences, complete_subjects
from regwatch.cli.grammar import Command, Group
from regwatch.cli.options import author_option, json_option, remote_options
from regwatch.cli.parameters import DurationType, MomentType

RIGHTS = (
    "It needs the daemon's socket (root, and the members of the group `regwatch`), or the token of"
    " `http.api_token` in $REGWATCH_TOKEN or in the configuration, or --user."
)


@click.command(
    cls=Command,
    short_help="Take an incident on: no more reminders of it.",
    help=f"""Take INCIDENT on: nobody is reminded of it any more, until it gets worse.

    INCIDENT is its id as `regwatch incidents` and messages show it, the first six characters of it
    or more, or an extension (101): then all that is open of it. That it is over is told as ever.
    Who takes on what somebody has already is told who that was, and takes it over.

    {RIGHTS}
    """,
    examples=('regwatch ack 102 --comment "on my way"',),
)
@click.argument("incident", metavar="INCIDENT|EXT", shell_complete=complete_subjects)
@click.option("--comment", default="", metavar="TEXT", help="What you do about it, for the others.")
@author_option
@remote_options
def ack(**given: Any) -> None:  # noqa: D103 - `help` has it
    from regwatch.cli.ack import ack as work
    from regwatch.cli.remote import speak

    speak(work, **given)


@click.group(
    cls=Group,
    short_help="Set, list and end silences.",
    help=f"""Set, list and end silences: times in which what matches is not told.

    What is still wrong when a silence ends is told then; the end of what was told before is told
    as ever. To set and to end one: {RIGHTS[0].lower()}{RIGHTS[1:]}
    """,
)
def silence() -> None:  # noqa: D103
    pass


def _parsed(matchers: Sequence[str]) -> dict[str, list[str]]:
    parsed: dict[str, list[str]] = {}
    for each in matchers:
        label, equals, pattern = each.partition("=")
        if not equals or not label:
            raise click.BadParameter(f"`{each}` is no matcher: write LABEL=PATTERN")
        parsed.setdefault(label.strip(), []).append(pattern.strip().strip('"'))
    return parsed


@silence.command(
    "add",
    short_help="Set a silence.",
    examples=('regwatch silence add site=riga --for 2h --comment "new router"',),
)
@click.argument(
    "matchers",
    metavar="LABEL=PATTERN...",
    nargs=-1,
    required=True,
    callback=lambda _context, _argument, words: _parsed(words),
)
@click.option(
    "--for",
    "duration",
    type=DurationType(),
    metavar="DURATION",
    help="How long: 30m, 2h, 1d. This or --until is needed.",
)
@click.option(
    "--until",
    type=MomentType(),
    metavar="TIME",
    help="In place of --for: 2026-12-01T22:00 by this machine's clock.",
)
@click.option("--comment", required=True, metavar="TEXT", help="Why, for the others.")
@author_option
@remote_options
def add(**given: Any) -> None:
    """Tell nobody of what matches all LABEL=PATTERN, for a time.

    Labels: alert, severity, account, site, place, receiver, extension, extension_id, device, group,
    and those of sites. Patterns may hold * and ?; the same label twice matches either.
    """
    from regwatch.cli.remote import speak
    from regwatch.cli.silence import add as work

    if (given["duration"] is None) == (given["until"] is None):
        raise click.UsageError("a silence needs an end: give --for or --until")
    speak(work, **given)


@silence.command("list", short_help="List silences.")
@click.option("--all", "everything", is_flag=True, help="Those that have ended, too.")
@json_option
@remote_options
def listed(**given: Any) -> None:
    """List silences in force or to come."""
    from regwatch.cli.remote import speak
    from regwatch.cli.silence import listed as work

    speak(work, **given)


@silence.command("expire", short_help="End a silence now.")
@click.argument("silence_id", metavar="ID", shell_complete=complete_silences)
@author_option
@remote_options
def expire(**given: Any) -> None:
    """End the silence ID now: what is still wrong is told.

    ID is as `regwatch silence list` shows it, or the first six characters of it or more.
    """
    from regwatch.cli.remote import speak
    from regwatch.cli.silence import expire as work

    speak(work, **given)


@click.command(
    cls=Command,
    short_help="Delete registrations at the PBX.",
    help=f"""Delete the registrations of EXT at the PBX, or the one with REGISTRATION_ID.

    EXT is an extension id, a full name (000*101) or a number (101); ACCOUNT/EXT where there are
    several accounts. Shows what is registered before and after, and asks first. The phone comes
    back when it registers next.

    The daemon does it, and knows that it is no loss. {RIGHTS} Where no daemon runs, --direct asks
    the PBX itself, with the account's own secret.
    """,
)
@click.argument("extension", metavar="EXT", shell_complete=complete_extensions)
@click.argument("registration_id", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--direct", is_flag=True, help="Ask the PBX itself, by the configuration.")
@author_option
@remote_options
def unregister(*, direct: bool, **given: Any) -> None:  # noqa: D103 - `help` has it
    if direct:
        from regwatch.cli.unregister_at_pbx import unregister as directly

        directly(
            given["config_file"],
            given["extension"],
            given["registration_id"],
            yes=given["yes"],
        )
        return
    from regwatch.cli.remote import speak
    from regwatch.cli.unregister import unregister as work

    speak(work, **given)
