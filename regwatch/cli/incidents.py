"""`regwatch incidents` and `regwatch ack`: what is wrong, and who is at it."""

import click

from regwatch.cli.output import print_csv, print_incidents, print_json
from regwatch.cli.remote import Remote, remote_options, whoami
from regwatch.web.api.bodies import Acknowledgement, IncidentBody, IncidentsBody


@click.command(short_help="What is wrong now, from the running daemon.")
@click.option("--resolved", is_flag=True, help="Those that ended lately, in place of open ones.")
@click.option("--limit", type=click.IntRange(1, 1000), default=200, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
@remote_options
async def incidents(
    remote: Remote, *, resolved: bool, limit: int, as_json: bool, as_csv: bool
) -> None:
    """Show open incidents, the worst first. Times are by this machine's clock."""
    state = "resolved" if resolved else "open"
    found = await remote.get(IncidentsBody, "/incidents", state=state, limit=str(limit))
    if as_json:
        print_json(found)
    elif as_csv:
        print_csv(found.incidents, IncidentBody)
    elif found.incidents:
        print_incidents(found.incidents)
        if found.found > len(found.incidents):
            click.echo(f"… and {found.found - len(found.incidents)} more")
    else:
        click.echo("Nothing ended lately." if resolved else "Nothing is wrong.")


@click.command(short_help="Take an incident on: no more reminders of it.")
@click.argument("incident", metavar="INCIDENT")
@click.option("--comment", default="", help="What you do about it, for the others.")
@click.option("--author", help="Who you are; by default the user of this machine.")
@remote_options
async def ack(remote: Remote, *, incident: str, comment: str, author: str | None) -> None:
    """Take INCIDENT on: nobody is reminded of it any more, until it gets worse.

    INCIDENT is its id, as `regwatch incidents` shows it. That it is over is told as ever. Needs the
    token of `http.api_token` in the configuration (sudo, where only root can read it), or
    $REGWATCH_TOKEN, or --user.
    """
    wanted = Acknowledgement(author=author or whoami(), comment=comment)
    path = f"/incidents/{incident}/acknowledge"
    taken = await remote.send(IncidentBody, "POST", path, wanted)
    click.echo(f"Acknowledged by {taken.acknowledged_by}: {taken.summary}")
