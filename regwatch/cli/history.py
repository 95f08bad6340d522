"""`regwatch history`: what happened, from the running daemon."""

from datetime import datetime

import click

from regwatch.cli.output import print_csv, print_history, print_json
from regwatch.cli.remote import Remote, remote_options
from regwatch.cli.times import MomentType
from regwatch.web.api.bodies import HappeningBody, HistoryBody


@click.command(short_help="What happened, from the running daemon.")
@click.argument("extension", metavar="[EXT]", required=False)
@click.option("--since", type=MomentType(), help="24h, or 2026-12-01T22:00.")
@click.option("--until", type=MomentType(), help="As --since; exclusive.")
@click.option("--incident", metavar="ID", help="Of one incident: what was decided, who was told.")
@click.option("--limit", type=click.IntRange(1, 5000), default=200, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
@remote_options
async def history(
    remote: Remote,
    *,
    extension: str | None,
    since: datetime | None,
    until: datetime | None,
    incident: str | None,
    limit: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show what happened, latest first: to EXT or to all.

    What registrations did, what was decided of incidents and why, who was told of them when. Kept
    for 30 days. Times are by this machine's clock.
    """
    found = await remote.get(
        HistoryBody,
        "/history",
        extension=extension,
        incident=incident,
        since=since.isoformat() if since else None,
        until=until.isoformat() if until else None,
        limit=str(limit),
    )
    if as_json:
        print_json(found)
    elif as_csv:
        print_csv(found.history, HappeningBody)
    elif found.history:
        print_history(found.history, whose=extension is None)
    else:
        click.echo("Nothing happened.")
