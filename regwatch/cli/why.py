"""`regwatch why`: why somebody was told, or nobody was, from the running daemon."""

from typing import TypeVar
from urllib.parse import quote

import click
from rich.text import Text

from regwatch.cli.console import out
from regwatch.cli.output import SEVERITIES, STATES, print_json, print_story
from regwatch.cli.remote import NotFoundError, Remote, RemoteError, remote_options
from regwatch.cli.times import age, shown
from regwatch.core.durations import humanise
from regwatch.web.api.bodies import ExtensionBody, ExtensionWhyBody, IncidentBody, WhyBody

T = TypeVar("T")
NOTHING = "Nothing about it was told, or held back, as long as the history is kept."


@click.command(short_help="Why somebody was told, or nobody was.")
@click.argument("what", metavar="INCIDENT|EXT")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@remote_options
async def why(remote: Remote, *, what: str, as_json: bool) -> None:
    """Show why somebody was told of INCIDENT, or of what EXT did; or why nobody was.

    The decisions in order, each with its evidence: what was seen, when, of whom. INCIDENT is an id
    as `regwatch incidents` and messages show it, or its first six characters or more. EXT is an
    extension id, a full name (000*101) or a number (101); ACCOUNT/EXT where there are several
    accounts. Times are by this machine's clock.
    """
    extension, incident = await _found(remote, what)
    if as_json:
        print_json(extension or incident)
    elif extension is not None:
        _print_extension(extension)
    elif incident is not None:
        _print_incident(incident)


async def _found(remote: Remote, what: str) -> tuple[ExtensionWhyBody | None, WhyBody | None]:
    """An extension by exactly this name, or an incident. Raises `RemoteError`."""
    extension = await _asked(remote, ExtensionWhyBody, f"/extensions/{quote(what)}/why")
    incident = await _asked(remote, WhyBody, f"/incidents/{quote(what, safe='')}/why")
    if extension is not None and incident is not None:
        number, account = extension.extension.id, extension.extension.account
        raise RemoteError(
            f"{what} is an extension and begins an incident's id: say {account}/{number} or "
            f"{incident.incident.id}"
        )
    if extension is None and incident is None:
        raise RemoteError(f"{what} is no watched extension, and no incident's id begins like that")
    return extension, incident


async def _asked(remote: Remote, kind: type[T], path: str) -> T | None:
    try:
        return await remote.get(kind, path)
    except NotFoundError:
        return None


def _print_extension(found: ExtensionWhyBody) -> None:
    out().print(_named(found.extension))
    for each in found.incidents:
        out().print()
        _print_incident(each)
    if found.others:
        out().print(Text("\nWhat was seen besides", "bold"))
        print_story(found.others)
    if not found.incidents and not found.others:
        out().print(NOTHING)


def _named(extension: ExtensionBody) -> Text:
    named = f"{extension.number or extension.id} {extension.label}".strip()
    state = extension.state.value
    line = Text.assemble((named, "bold"), ": ", (state.replace("_", " "), STATES.get(state, "")))
    if extension.answered_at is not None:
        line.append(f", answered {humanise(age(extension.answered_at))} ago")
    return line


def _print_incident(why: WhyBody) -> None:
    incident = why.incident
    out().print(_titled(incident))
    out().print(Text(incident.explanation))
    out().print(Text(why.verdict, "green" if why.is_told else "yellow"))
    print_story(why.story, known=(incident.summary, incident.explanation))


def _titled(incident: IncidentBody) -> Text:
    line = Text.assemble(
        (incident.severity, SEVERITIES.get(incident.severity, "")),
        f" {incident.state}: ",
        (incident.summary, "bold"),
    )
    ended = "" if incident.resolved_at is None else f" until {shown(incident.resolved_at)}"
    line.append(f" (incident {incident.id}, since {shown(incident.started_at)}{ended})", "dim")
    return line
