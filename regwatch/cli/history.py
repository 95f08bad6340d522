"""`regwatch history`: what happened, from the running daemon."""

from datetime import datetime
from urllib.parse import quote

from regwatch.cli.console import look, print_lines, say
from regwatch.cli.output import print_csv, print_json
from regwatch.cli.records import history_lines
from regwatch.cli.remote import Remote
from regwatch.web.api.bodies import HappeningBody, HistoryBody, IncidentBody


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
    """Show it."""
    if incident is not None:
        path = f"/incidents/{quote(incident, safe='')}"
        incident = (await remote.get(IncidentBody, path)).id
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
        print_lines(history_lines(found.history, look(), whose=extension is None))
    else:
        say("Nothing happened.")
