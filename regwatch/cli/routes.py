"""`regwatch routes test`: who would be told of an alert, and why others would not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from rich.text import Text

from regwatch.cli.console import fail, look, print_lines
from regwatch.cli.look import Look
from regwatch.cli.output import print_json
from regwatch.cli.remote import Remote
from regwatch.cli.tables import Column, table, wrapped
from regwatch.clock import wall_clock
from regwatch.core.durations import humanise
from regwatch.core.model import Timestamp
from regwatch.web.api.bodies import RouteBody, RoutesBody, TellingBody

MOST_LINES = 12
"""Messages that are listed; all of them with --json."""
REASONS = {"first_seen": "first message", "repeat_due": "reminder", "new_incidents": "told"}


async def ask_routes(
    remote: Remote, *, labels: Mapping[str, str], at: datetime | None, as_json: bool
) -> None:
    """As the running daemon says."""
    _show(await _asked(remote, labels, at), as_json=as_json)


def try_file(file: Path, labels: Mapping[str, str], at: datetime | None, *, as_json: bool) -> None:
    """As this file says; nobody is asked."""
    _show(_tried(file, labels, at), as_json=as_json)


def _show(found: RoutesBody, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        print_lines(_lines(found, look()))


async def _asked(remote: Remote, labels: Mapping[str, str], at: datetime | None) -> RoutesBody:
    query = [("label", f"{name}={value}") for name, value in labels.items()]
    if at is not None:
        query.append(("at", at.astimezone(UTC).isoformat()))
    return await remote.get(RoutesBody, f"/routes/test?{urlencode(query)}")


def _tried(file: Path, labels: Mapping[str, str], at: datetime | None) -> RoutesBody:
    # What it takes to read a configuration, the daemon has read already.
    from regwatch.app.route_trial import RouteTrial, WrongLabelError
    from regwatch.cli.settings import load_or_exit
    from regwatch.web.api.answers import routes_body

    now = wall_clock() if at is None else Timestamp(at.timestamp())
    try:
        return routes_body(RouteTrial(load_or_exit(file)).of(labels, now=now))
    except WrongLabelError as error:
        fail(str(error))


def _lines(found: RoutesBody, look: Look) -> Iterator[Text]:
    labels = " ".join(f"{name}={value}" for name, value in found.labels.items())
    said = [Text.assemble((labels, "bold"), f" from {look.shown(found.at)} on")]
    if found.fires_at != found.at:
        at = look.shown(found.fires_at)
        said.append(Text(f"It fires at {at}, once it has lasted long enough."))
    said += (Text(f"Note: {note}.", "dim") for note in found.notes)
    if found.why_not:
        until = "" if found.told_from is None else f" until {look.shown(found.told_from)}"
        said.append(Text(f"Nobody is told{until}: {'; '.join(found.why_not)}.", "yellow"))
    for line in said:
        yield from wrapped(line, look.width)
    yield Text()
    yield from _tellings(found, look)
    columns = [Column("route"), Column("is for"), Column("tells"), Column("this alert", below=True)]
    yield from table(columns, [_route(each, look) for each in found.routes], look.width)


def _tellings(found: RoutesBody, look: Look) -> Iterator[Text]:
    if not found.tellings:
        return
    columns = [Column(look.titled("at")), Column("told"), Column("by"), Column("why", below=True)]
    shown = found.tellings if look.width is None else found.tellings[:MOST_LINES]
    yield from table(columns, [_telling(each, look) for each in shown], look.width)
    if more := len(found.tellings) - len(shown):
        yield Text(f"… and {more} more within a day")
    yield Text()


def _telling(each: TellingBody, look: Look) -> Sequence[str]:
    why = REASONS.get(each.reason, each.reason.replace("_", " "))
    if each.unacknowledged_seconds:
        why = f"not acknowledged for {humanise(each.unacknowledged_seconds)}"
    return look.cell(each.at), each.receiver, f"routes[{each.route}]", why


def _route(each: RouteBody, look: Look) -> Sequence[str]:
    receivers = ", ".join(each.receivers)
    return f"routes[{each.index}]", each.name, receivers, " ".join(_verdict(each, look))


def _verdict(each: RouteBody, look: Look) -> Iterable[str]:
    match each.fit:
        case "matches":
            yield "matches"
        case "other_labels":
            yield f"does not match: {', '.join(each.labels)}"
        case "not_reached":
            yield f"not looked at: routes[{each.ended_by}] matched first"
        case _:
            yield "outside of its hours"
            yield f"(they begin {look.shown(each.begins_at)})" if each.begins_at else ""
