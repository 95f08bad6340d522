"""Answers of the daemon as people, programs and spreadsheets want them."""

import csv
import sys
from collections.abc import Collection, Iterable, Sequence

import click
import msgspec
from rich.table import Column, Table
from rich.text import Text

from regwatch.cli.console import out
from regwatch.cli.times import age, shown
from regwatch.core.durations import humanise
from regwatch.web.api.bodies import HappeningBody, IncidentBody

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""How a spreadsheet's formulas begin, in wide letters too."""
SEVERITIES = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
STATES = {
    "registered": "green",
    "overdue": "yellow",
    "lost": "bold red",
    "unknown": "magenta",
    "signed_off": "cyan",
}


def print_json(body: object) -> None:
    """As the API says it."""
    click.echo(msgspec.json.format(msgspec.json.encode(body), indent=2))


def print_csv(rows: Sequence[msgspec.Struct], kind: type[msgspec.Struct]) -> None:
    """A line for each, under the names of the API."""
    writer = csv.writer(sys.stdout)
    writer.writerow(kind.__struct_fields__)
    for row in rows:
        writer.writerow(map(_cell, msgspec.structs.asdict(row).values()))


def _cell(value: object) -> object:
    """What a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection):
    a phone's label is anybody's.
    """
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value


def print_table(titles: Iterable[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Without lines: it is read in terminals and mails. The last column may wrap."""
    *narrow, wide = titles
    columns = [*(Column(title, no_wrap=True) for title in narrow), Column(wide)]
    table = Table(*columns, box=None, header_style="bold", padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    out().print(table, soft_wrap=False)


def print_incidents(incidents: Sequence[IncidentBody]) -> None:
    """A line for each."""
    titles = ("id", "severity", "state", "since", "for", "what")
    print_table(titles, map(_incident, incidents))


def _incident(incident: IncidentBody) -> Sequence[str | Text]:
    severity = Text(incident.severity, SEVERITIES.get(incident.severity, ""))
    lasted = age(incident.started_at)
    if incident.resolved_at is not None:
        lasted -= age(incident.resolved_at)
    what = Text(incident.summary)
    for note in _notes(incident):
        what.append(f" · {note}", "dim")
    state, since = incident.state, shown(incident.started_at)
    return incident.id, severity, state, since, humanise(lasted), what


def _notes(incident: IncidentBody) -> Iterable[str]:
    if incident.silenced_by:
        yield f"muted by {incident.silenced_by}"
    if incident.inhibited_by is not None:
        yield f"incident {incident.inhibited_by} says it all"
    if incident.acknowledged_by:
        yield f"acknowledged by {incident.acknowledged_by}"
    if incident.resolution:
        yield incident.resolution


def print_history(happenings: Sequence[HappeningBody], *, whose: bool) -> None:
    """A line for each; `whose`: with the extension."""
    titles = ["at", "extension", "event", "what"] if whose else ["at", "event", "what"]
    rows: list[Sequence[str | Text]] = []
    for each in happenings:
        who = [each.extension or (str(each.extension_id) if each.extension_id else "")]
        rows.append([shown(each.at), *(who if whose else ()), *_event(each)])
    print_table(titles, rows)


def print_story(happenings: Sequence[HappeningBody], *, known: Collection[str] = ()) -> None:
    """A line for each, with the evidence below it; `known`: what was said already."""
    rows: list[Sequence[str | Text]] = []
    for each in happenings:
        event, what = _event(each)
        what = what.removesuffix(each.because).removesuffix("; ")
        said = next((words for words in known if what.endswith(f": {words}")), None)
        words = Text(what if said is None else what.removesuffix(f": {said}"))
        if each.because and each.because not in known:
            words.append(f"\n{each.because}" if words else each.because, "dim")
        rows.append([shown(each.at), event, words])
    print_table(("at", "event", "what"), rows)


def _event(each: HappeningBody) -> tuple[str, str]:
    if each.kind == "notification":
        alert = each.alert.replace("_", " ")
        return f"told {each.receiver}", f"{each.event}: {alert} ({each.text})"
    if each.kind == "incident":
        return each.event.replace("_", " "), f"{each.alert.replace('_', ' ')}: {each.text}"
    if each.kind == "silence":
        return f"silence {each.event}", each.text
    return each.event.replace("_", " "), each.text
