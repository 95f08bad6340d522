"""What the running daemon knows."""

from typing import Any

import click

from regwatch.cli.completing import (
    complete_accounts,
    complete_extensions,
    complete_incidents,
    complete_sites,
    complete_subjects,
)
from regwatch.cli.grammar import Command
from regwatch.cli.options import csv_option, json_option, remote_options
from regwatch.cli.parameters import DurationType, MomentType
from regwatch.core.model import AlertName, ExtensionState, Severity

ANSWERED = {0: "answered", 1: "not answered: it says why", 2: "a bad option or configuration"}
EXT = (
    "EXT is an extension id, a full name (000*101) or a number (101); ACCOUNT/EXT where there are"
    " several accounts."
)
STATES = [state.value for state in ExtensionState]
SEVERITIES = [severity.value for severity in Severity]
ALERTS = sorted(alert.value for alert in AlertName)


def _joined(_: click.Context, __: click.Parameter, words: tuple[str, ...]) -> str | None:
    """As the API takes several; None: not given."""
    return ",".join(words) or None


site_option = click.option(
    "--site", metavar="SITE", shell_complete=complete_sites, help="Of this site only."
)
account_option = click.option(
    "--account", metavar="NAME", shell_complete=complete_accounts, help="Of this account only."
)
severity_option = click.option(
    "--severity",
    "severity",
    type=click.Choice(SEVERITIES),
    multiple=True,
    callback=_joined,
    metavar="SEVERITY",
    help="Of this severity only; may be repeated. One of: " + ", ".join(SEVERITIES) + ".",
)


@click.command(cls=Command, short_help="How things stand, from the running daemon.", exits=ANSWERED)
@json_option
@remote_options
def status(**given: Any) -> None:
    """How things stand: accounts, sites, open incidents, receivers."""
    from regwatch.cli.remote import speak
    from regwatch.cli.status import status as work

    speak(work, **given)


@click.command(
    cls=Command,
    short_help="What is wrong now, from the running daemon.",
    exits=ANSWERED,
    examples=(
        "regwatch incidents --site riga",
        "regwatch incidents --severity critical | cut -f1",
    ),
)
@site_option
@account_option
@severity_option
@click.option(
    "--alert", type=click.Choice(ALERTS), metavar="ALERT", help="Of this kind only: extension_lost."
)
@click.option(
    "--all", "everything", is_flag=True, help="Those too that another incident says it all for."
)
@click.option("--resolved", is_flag=True, help="Those that ended lately, in place of open ones.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=200,
    show_default=True,
    metavar="N",
    help="At most so many.",
)
@json_option
@csv_option
@remote_options
def incidents(**given: Any) -> None:
    """What is wrong now, the worst first.

    Phones that are out with their site are counted in the site's line; --all shows them below it.
    """
    from regwatch.cli.incidents import incidents as work
    from regwatch.cli.remote import speak

    speak(work, **given)


@click.command(
    cls=Command,
    short_help="The extensions, from the running daemon.",
    exits=ANSWERED,
    examples=(
        "regwatch extensions --state lost --state overdue",
        "regwatch extensions --site riga --find Ozola",
        "regwatch extensions --csv > extensions.csv",
    ),
)
@click.option(
    "--find", "q", metavar="TEXT", help="With this in name, label, group, site, device or address."
)
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    multiple=True,
    callback=_joined,
    metavar="STATE",
    help="In this state only; may be repeated. One of: " + ", ".join(STATES) + ".",
)
@site_option
@account_option
@click.option("--group", metavar="NAME", help="Of this group of the PBX only.")
@click.option("--device", metavar="TEXT", help="With a device whose name holds this only.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="At most so many; without it 1000, and all of them as JSON or CSV.",
)
@json_option
@csv_option
@remote_options
def extensions(**given: Any) -> None:
    """The extensions that are watched, the troubled ones first."""
    from regwatch.cli.extensions import extensions as work
    from regwatch.cli.remote import speak

    speak(work, **given)


@click.command(
    cls=Command,
    short_help="What is wrong, live in the terminal.",
    exits={**ANSWERED, 0: "ended by Ctrl-C or SIGTERM", 1: "no daemon answered at the start"},
)
@site_option
@account_option
@severity_option
@click.option(
    "--interval",
    type=DurationType(),
    default="2s",
    show_default=True,
    metavar="DURATION",
    help="How often it asks; at least 1s.",
)
@remote_options
def watch(**given: Any) -> None:
    """How things stand, and what is wrong, live until Ctrl-C.

    In a pipe: a line for each incident that is open, and then for each thing that changes. While
    the daemon does not answer it says so, and goes on asking.
    """
    from regwatch.cli.remote import speak
    from regwatch.cli.watch import watch as work

    speak(work, interrupted=0, **given)


@click.command(
    cls=Command,
    short_help="One extension, from the running daemon.",
    exits=ANSWERED,
    help=f"""All that is known of EXT: its devices, what is wrong, what happened lately.

    {EXT}
    """,
)
@click.argument("extension", metavar="EXT", shell_complete=complete_extensions)
@json_option
@remote_options
def show(**given: Any) -> None:  # noqa: D103 - `help` has it
    from regwatch.cli.remote import speak
    from regwatch.cli.show import show as work

    speak(work, **given)


@click.command(
    cls=Command,
    short_help="Why somebody was told, or nobody was.",
    exits=ANSWERED,
    help=f"""Why somebody was told of INCIDENT, or of what EXT did; or why nobody was.

    The decisions in the order in which they were made, each with its evidence: what was seen,
    when, of whom; and who was told of them. INCIDENT is an id as `regwatch incidents` and messages
    show it, or its first six characters or more. With EXT, its latest incidents, and what was seen
    of it that nobody was told: it was missing from one answer and there again in the next, its
    device went on under another entry.

    {EXT}
    """,
)
@click.argument("what", metavar="INCIDENT|EXT", shell_complete=complete_subjects)
@json_option
@remote_options
def why(**given: Any) -> None:  # noqa: D103
    from regwatch.cli.remote import speak
    from regwatch.cli.why import why as work

    speak(work, **given)


@click.command(
    cls=Command,
    short_help="What happened, from the running daemon.",
    exits=ANSWERED,
    examples=("regwatch history 101 --since 24h", "regwatch history --since 30d --csv > month.csv"),
)
@click.argument("extension", metavar="[EXT]", required=False, shell_complete=complete_extensions)
@click.option(
    "--since",
    type=MomentType(),
    metavar="TIME",
    help="From then on: 24h ago, or 2026-12-01T22:00 by this machine's clock.",
)
@click.option("--until", type=MomentType(), metavar="TIME", help="As --since; exclusive.")
@click.option(
    "--incident",
    metavar="ID",
    shell_complete=complete_incidents,
    help="Of one incident, by its id or the first six characters of it or more: what was decided,"
    " who was told.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 5000),
    default=200,
    show_default=True,
    metavar="N",
    help="At most so many lines.",
)
@json_option
@csv_option
@remote_options
def history(**given: Any) -> None:
    """What happened, latest first, to all or to EXT.

    What registrations did, what was decided of incidents and why, who was told of them when. Kept
    for 30 days.
    """
    from regwatch.cli.history import history as work
    from regwatch.cli.remote import speak

    speak(work, **given)
