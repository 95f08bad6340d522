"""`regwatch why`: why somebody was told, or nobody was, from the running daemon."""

from collections.abc import Iterator
from urllib.parse import quote

from rich.text import Text

from regwatch.cli.console import look, print_lines
from regwatch.cli.errors import RemoteError
from regwatch.cli.look import Look
from regwatch.cli.names import neither
from regwatch.cli.output import print_json
from regwatch.cli.records import severity_of, state_of, story_lines
from regwatch.cli.remote import Remote
from regwatch.cli.tables import wrapped
from regwatch.core.durations import humanise
from regwatch.web.api.bodies import (
    EscalationBody,
    ExtensionBody,
    ExtensionWhyBody,
    IncidentBody,
    WhyBody,
)

NOTHING = "Nothing about it was told, or held back, as long as the history is kept."


async def why(remote: Remote, *, what: str, as_json: bool) -> None:
    """Show the decisions in order, each with its evidence."""
    extension, incident = await _found(remote, what)
    if as_json:
        print_json(extension or incident)
    elif extension is not None:
        print_lines(_extension_lines(extension, look()))
    elif incident is not None:
        print_lines(_incident_lines(incident, look()))


async def _found(remote: Remote, what: str) -> tuple[ExtensionWhyBody | None, WhyBody | None]:
    """An extension by exactly this name, or an incident. Raises `RemoteError`."""
    extension = await remote.find(ExtensionWhyBody, f"/extensions/{quote(what)}/why")
    incident = await remote.find(WhyBody, f"/incidents/{quote(what, safe='')}/why")
    if extension is not None and incident is not None:
        number, account = extension.extension.id, extension.extension.account
        raise RemoteError(
            f"{what} is an extension and begins an incident's id: say {account}/{number} or "
            f"{incident.incident.id}"
        )
    if extension is None and incident is None:
        raise neither(what)
    return extension, incident


def _extension_lines(found: ExtensionWhyBody, look: Look) -> Iterator[Text]:
    yield from wrapped(_named(found.extension, look), look.width)
    for each in found.incidents:
        if look.width is not None:
            yield Text()
        yield from _incident_lines(each, look)
    if found.others:
        if look.width is not None:
            yield Text("\nWhat was seen besides", "bold")
        yield from story_lines(found.others, look)
    if not found.incidents and not found.others:
        yield Text(NOTHING)


def _named(extension: ExtensionBody, look: Look) -> Text:
    named = f"{extension.number or extension.id} {extension.label}".strip()
    line = Text.assemble((named, "bold"), ": ", state_of(extension.state.value))
    if extension.answered_at is not None:
        line.append(f", answered {humanise(look.age(extension.answered_at))} ago")
    return line


def _incident_lines(why: WhyBody, look: Look) -> Iterator[Text]:
    incident = why.incident
    verdict = Text(why.verdict, "green" if why.is_told else "yellow")
    coming = (Text(_coming(each, look)) for each in why.escalations)
    for line in (_titled(incident, look), Text(incident.explanation), verdict, *coming):
        yield from wrapped(line, look.width)
    yield from story_lines(why.story, look, known=(incident.summary, incident.explanation))


def _coming(each: EscalationBody, look: Look) -> str:
    told = f"{' and '.join(each.receivers)} will be told too, at {look.shown(each.at)}"
    return f"Unless somebody acknowledges it, {told}."


def _titled(incident: IncidentBody, look: Look) -> Text:
    line = Text.assemble(
        severity_of(incident.severity), f" {incident.state}: ", (incident.summary, "bold")
    )
    ended = "" if incident.resolved_at is None else f" until {look.shown(incident.resolved_at)}"
    since = look.shown(incident.started_at)
    line.append(f" (incident {incident.id}, since {since}{ended})", "dim")
    return line
