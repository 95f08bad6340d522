"""Incidents and what happened, as people read them: the same in all commands."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from rich.text import Text

from regwatch.cli.look import Look
from regwatch.cli.tables import Column, table
from regwatch.core.durations import humanise
from regwatch.web.api.bodies import HappeningBody, IncidentBody

SEVERITIES = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
STATES = {
    "registered": "green",
    "overdue": "yellow",
    "lost": "bold red",
    "unknown": "magenta",
    "signed_off": "cyan",
}
SHORT_ID = 8
"""Characters of an incident's id that are shown, unless two of those shown begin alike."""


def spaced(name: str) -> str:
    """`signed_off` as people write it."""
    return name.replace("_", " ")


def state_of(state: str) -> Text:
    """In its colour."""
    return Text(spaced(state), STATES.get(state, ""))


def severity_of(severity: str) -> Text:
    """In its colour."""
    return Text(severity, SEVERITIES.get(severity, ""))


def counted(extensions: Mapping[str, int]) -> Text:
    """`38 registered, 2 lost`."""
    counts = [(state, count) for state, count in extensions.items() if count]
    if not counts:
        return Text("no extensions")
    words = (Text(f"{count} {spaced(state)}", STATES.get(state, "")) for state, count in counts)
    return Text(", ").join(words)


def incident_lines(incidents: Sequence[IncidentBody], look: Look) -> list[Text]:
    """One for each; those that another says it all for stand below it."""
    titles = ("id", "severity", "state", look.titled("since"), "for")
    columns = [*map(Column, titles), Column("what", below=True)]
    ids = [each.id for each in incidents]
    length = max(map(len, ids), default=0) if look.width is None else short_length(ids)
    rows = [_incident(each, look, length) for each in _members_below(incidents)]
    return table(columns, rows, look.width)


def short_length(ids: Collection[str]) -> int:
    """So many characters that no two of them begin alike."""
    longest = max(map(len, ids), default=SHORT_ID)
    lengths = range(SHORT_ID, longest)
    return next((n for n in lengths if len({i[:n] for i in ids}) == len(set(ids))), longest)


def _members_below(incidents: Sequence[IncidentBody]) -> Iterable[IncidentBody]:
    there = {each.id for each in incidents}
    members: dict[str, list[IncidentBody]] = {}
    for each in incidents:
        if each.inhibited_by in there:
            members.setdefault(each.inhibited_by or "", []).append(each)
    for each in incidents:
        if each.inhibited_by not in there:
            yield each
            yield from members.get(each.id, ())


def _incident(incident: IncidentBody, look: Look, length: int) -> Sequence[str | Text]:
    lasted = look.age(incident.started_at)
    if incident.resolved_at is not None:
        lasted -= look.age(incident.resolved_at)
    what = Text(incident.summary)
    for note in _notes(incident, length):
        what.append(f" · {note}", "dim")
    since = look.cell(incident.started_at)
    severity = severity_of(incident.severity)
    return incident.id[:length], severity, incident.state, since, humanise(lasted), what


def _notes(incident: IncidentBody, length: int) -> Iterable[str]:
    if incident.members:
        yield f"it says it all for {incident.members} more"
    if incident.silenced_by:
        yield f"muted by {incident.silenced_by}"
    if incident.inhibited_by is not None:
        yield f"incident {incident.inhibited_by[:length]} says it all"
    if incident.acknowledged_by:
        yield f"acknowledged by {incident.acknowledged_by}"
    if incident.resolution:
        yield incident.resolution


def history_lines(happenings: Sequence[HappeningBody], look: Look, *, whose: bool) -> list[Text]:
    """One for each; `whose`: with the extension."""
    titles = [look.titled("at"), *(["extension"] if whose else ()), "event"]
    rows: list[Sequence[str | Text]] = []
    for each in happenings:
        who = [each.extension or (str(each.extension_id) if each.extension_id else "")]
        rows.append([look.cell(each.at), *(who if whose else ()), *_event(each)])
    return table([*map(Column, titles), Column("what", below=True)], rows, look.width)


def story_lines(
    happenings: Sequence[HappeningBody], look: Look, *, known: Collection[str] = ()
) -> list[Text]:
    """One for each, with its evidence; `known`: what was said already."""
    rows: list[Sequence[str | Text]] = []
    for each in happenings:
        event, what = _event(each)
        what = what.removesuffix(each.because).removesuffix("; ")
        said = next((words for words in known if what.endswith(f": {words}")), None)
        words = Text(what if said is None else what.removesuffix(f": {said}"))
        if each.because and each.because not in known:
            words.append(f" · {each.because}" if words else each.because, "dim")
        rows.append([look.cell(each.at), event, words])
    columns = [Column(look.titled("at")), Column("event"), Column("what", below=True)]
    return table(columns, rows, look.width)


def _event(each: HappeningBody) -> tuple[str, str]:
    if each.kind == "notification":
        return f"told {each.receiver}", f"{each.event}: {spaced(each.alert)} ({each.text})"
    if each.kind == "incident":
        return spaced(each.event), f"{spaced(each.alert)}: {each.text}"
    if each.kind == "silence":
        return f"silence {each.event}", each.text
    return spaced(each.event), each.text
