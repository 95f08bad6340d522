"""`regwatch incidents`: what is wrong now."""

from regwatch.cli.console import look, print_lines, say, warn
from regwatch.cli.names import check_names
from regwatch.cli.output import print_csv, print_json
from regwatch.cli.records import incident_lines
from regwatch.cli.remote import Remote
from regwatch.web.api.bodies import IncidentBody, IncidentsBody


async def incidents(
    remote: Remote,
    *,
    resolved: bool,
    everything: bool,
    limit: int,
    as_json: bool,
    as_csv: bool,
    **sought: str | None,
) -> None:
    """Show them, the worst first. `sought`: as the API calls it."""
    found = await remote.get(
        IncidentsBody,
        "/incidents",
        state="resolved" if resolved else "open",
        limit=str(limit),
        folded=None if everything or resolved else "true",
        **sought,
    )
    if not found.incidents:
        await check_names(remote, **sought)
    if as_json:
        print_json(found)
    elif as_csv:
        print_csv(found.incidents, IncidentBody)
    elif found.incidents:
        print_lines(incident_lines(found.incidents, look()))
        if found.found > len(found.incidents):
            warn(f"… and {found.found - len(found.incidents)} more")
    else:
        say("Nothing ended lately." if resolved else "Nothing is wrong.")
