"""`regwatch routes test`: who would be told of an alert, and why others would not."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import click
from click.core import ParameterSource
from rich.text import Text

from regwatch.cli.console import fail, out
from regwatch.cli.output import print_json, print_table
from regwatch.cli.remote import Remote, remote_options
from regwatch.cli.settings import load_or_exit
from regwatch.cli.times import MomentType, shown
from regwatch.clock import wall_clock
from regwatch.core.durations import humanise
from regwatch.core.model import Timestamp
from regwatch.web.api.bodies import RouteBody, RoutesBody, TellingBody

MOST_LINES = 12
"""Messages that are listed; all of them with --json."""
REASONS = {"first_seen": "first message", "repeat_due": "reminder", "new_incidents": "told"}


@click.group(short_help="Try out who is told of what.")
def routes() -> None:
    """Try out who is told of what, before it happens."""


def _parsed(words: Sequence[str]) -> Mapping[str, str]:
    labels: dict[str, str] = {}
    for each in words:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"`{each}` is no label: write LABEL=VALUE")
        if name in labels:
            raise click.BadParameter(f"`{name}` stands twice: an alert has one value of each")
        labels[name.strip()] = value.strip().strip('"')
    return labels


@routes.command("test", short_help="Who would be told of an alert, when, and why others not.")
@click.argument(
    "labels",
    metavar="LABEL=VALUE...",
    nargs=-1,
    required=True,
    callback=lambda _context, _argument, words: _parsed(words),
)
@click.option("--at", type=MomentType(), help="When it begins: 2026-12-01T22:00. Default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@remote_options
async def tested(
    remote: Remote, *, labels: Mapping[str, str], at: datetime | None, as_json: bool
) -> None:
    """Show who would be told of an alert with these labels, when and by which route.

    And why others would not: silenced, outside of hours, the alert is off, not expected then, or an
    earlier route matched. The alert is alone, and nobody acknowledges it: reminders and escalations
    of the next 24 hours are shown. The running daemon is asked, which knows silences too; with -c
    FILE nobody is asked, and that file is tried. Times are by this machine's clock.

    Labels: alert, severity, account, site, place, receiver, extension, extension_id, device, group,
    and those of sites. The severity is that of the alert, the site that of the extension, unless
    you say otherwise.

    Example: regwatch routes test alert=extension_lost site=riga --at 2026-12-01T22:00
    """
    file = _file_given()
    found = await _asked(remote, labels, at) if file is None else _tried(file, labels, at)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _file_given() -> Path | None:
    """The file that was named with -c; None: the daemon is asked."""
    context = click.get_current_context(silent=True)
    if context is None or context.params.get("url") is not None:
        return None
    is_named = context.get_parameter_source("config_file") is ParameterSource.COMMANDLINE
    return Path(context.params["config_file"]) if is_named else None


async def _asked(remote: Remote, labels: Mapping[str, str], at: datetime | None) -> RoutesBody:
    query = [("label", f"{name}={value}") for name, value in labels.items()]
    if at is not None:
        query.append(("at", at.astimezone(UTC).isoformat()))
    return await remote.get(RoutesBody, f"/routes/test?{urlencode(query)}")


def _tried(file: Path, labels: Mapping[str, str], at: datetime | None) -> RoutesBody:
    # What else it takes to read a configuration, the daemon has read already.
    from regwatch.app.route_trial import RouteTrial, WrongLabelError
    from regwatch.web.api.answers import routes_body

    now = wall_clock() if at is None else Timestamp(at.timestamp())
    try:
        return routes_body(RouteTrial(load_or_exit(file)).of(labels, now=now))
    except WrongLabelError as error:
        fail(str(error))


def _print(found: RoutesBody) -> None:
    labels = " ".join(f"{name}={value}" for name, value in found.labels.items())
    out().print(Text.assemble((labels, "bold"), f" from {shown(found.at)} on"))
    if found.fires_at != found.at:
        out().print(f"It fires at {shown(found.fires_at)}, once it has lasted long enough.")
    for note in found.notes:
        out().print(Text(f"Note: {note}.", "dim"))
    _print_tellings(found)
    out().print()
    titles = ("route", "is for", "tells", "this alert")
    print_table(titles, (_route(each) for each in found.routes))


def _print_tellings(found: RoutesBody) -> None:
    if found.why_not:
        until = "" if found.told_from is None else f" until {shown(found.told_from)}"
        out().print(Text(f"Nobody is told{until}: {'; '.join(found.why_not)}.", "yellow"))
    if found.tellings:
        out().print()
        print_table(("at", "told", "by", "why"), map(_telling, found.tellings[:MOST_LINES]))
        if (more := len(found.tellings) - MOST_LINES) > 0:
            out().print(f"… and {more} more within a day")
    elif found.told_from is not None:
        out().print(Text("Nobody is told.", "yellow"))


def _telling(each: TellingBody) -> Sequence[str]:
    why = REASONS.get(each.reason, each.reason.replace("_", " "))
    if each.unacknowledged_seconds:
        why = f"not acknowledged for {humanise(each.unacknowledged_seconds)}"
    return shown(each.at), each.receiver, f"routes[{each.route}]", why


def _route(each: RouteBody) -> Sequence[str]:
    receivers = ", ".join(each.receivers)
    return f"routes[{each.index}]", each.name, receivers, " ".join(_verdict(each))


def _verdict(each: RouteBody) -> Iterable[str]:
    match each.fit:
        case "matches":
            yield "matches"
        case "other_labels":
            yield f"does not match: {', '.join(each.labels)}"
        case "not_reached":
            yield f"not looked at: routes[{each.ended_by}] matched first"
        case _:
            yield "outside of its hours"
            yield f"(they begin {shown(each.begins_at)})" if each.begins_at else ""
