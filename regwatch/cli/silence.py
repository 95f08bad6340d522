"""`regwatch silence`: what is not to be told for a while."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from regwatch.cli.output import print_json, print_table
from regwatch.cli.remote import Remote, remote_options, whoami
from regwatch.cli.times import DurationType, MomentType, age, shown
from regwatch.core.durations import humanise
from regwatch.web.api.bodies import NewSilence, SilenceBody, SilencesBody


@click.group(short_help="Set, list and end silences.")
def silence() -> None:
    """Set, list and end silences: times in which what matches is not told.

    What is still wrong when a silence ends is told then; the end of what was told before is told
    as ever. Setting and ending one needs the token of `http.api_token` in the configuration (sudo,
    where only root can read it), or $REGWATCH_TOKEN, or --user.
    """


def _parsed(matchers: Sequence[str]) -> dict[str, list[str]]:
    parsed: dict[str, list[str]] = {}
    for each in matchers:
        label, equals, pattern = each.partition("=")
        if not equals or not label:
            raise click.BadParameter(f"`{each}` is no matcher: write LABEL=PATTERN")
        parsed.setdefault(label.strip(), []).append(pattern.strip().strip('"'))
    return parsed


@silence.command("add", short_help="Set a silence.")
@click.argument(
    "matchers",
    metavar="LABEL=PATTERN...",
    nargs=-1,
    required=True,
    callback=lambda _context, _argument, words: _parsed(words),
)
@click.option("--for", "duration", type=DurationType(), help="How long: 30m, 2h, 1d.")
@click.option("--until", type=MomentType(), help="In place of --for: 2026-12-01T22:00.")
@click.option("--comment", required=True, help="Why, for the others.")
@click.option("--author", help="Who you are; by default the user of this machine.")
@remote_options
async def add(
    remote: Remote,
    *,
    matchers: Mapping[str, list[str]],
    duration: float | None,
    until: datetime | None,
    comment: str,
    author: str | None,
) -> None:
    """Tell nobody of what matches all LABEL=PATTERN, for a time.

    Labels: alert, severity, account, site, place, receiver, extension, extension_id, device, group,
    and those of sites. Patterns may hold * and ?; the same label twice matches either.

    Example: regwatch silence add site=riga alert=extension_lost --for 2h --comment "new router"
    """
    if (duration is None) == (until is None):
        raise click.UsageError("a silence needs an end: give --for or --until")
    wanted = NewSilence(
        matchers=dict(matchers),
        comment=comment,
        duration_seconds=duration,
        ends_at=until,
        author=author or whoami(),
    )
    made = await remote.send(SilenceBody, "POST", "/silences", wanted)
    click.echo(f"Silence {made.id} until {shown(made.ends_at)}: {_shown(made)}")


def _shown(silence: SilenceBody) -> str:
    return " ".join(f"{name}={p}" for name, patterns in silence.matchers.items() for p in patterns)


@silence.command("list", short_help="List silences.")
@click.option("--all", "everything", is_flag=True, help="Those that have ended, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@remote_options
async def listed(remote: Remote, *, everything: bool, as_json: bool) -> None:
    """List silences in force or to come. Times are by this machine's clock."""
    found = await remote.get(SilencesBody, "/silences", all="true" if everything else None)
    if as_json:
        print_json(found)
    elif found.silences:
        titles = ("id", "state", "ends", "in", "author", "matches", "comment")
        print_table(titles, map(_row, found.silences))
    else:
        click.echo("No silences.")


def _row(each: SilenceBody) -> tuple[str, ...]:
    left = "–" if each.state == "expired" else humanise(-age(each.ends_at))
    shape = (each.id, each.state, shown(each.ends_at), left)
    return (*shape, each.author, _shown(each), each.comment)


@silence.command("expire", short_help="End a silence now.")
@click.argument("silence_id", metavar="ID")
@click.option("--author", help="Who you are; by default the user of this machine.")
@remote_options
async def expire(remote: Remote, *, silence_id: str, author: str | None) -> None:
    """End the silence ID now: what is still wrong is told."""
    query = {"author": author or whoami()}
    path = f"/silences/{silence_id}"
    ended = await remote.send(SilenceBody, "DELETE", path, query=query)
    click.echo(f"Silence {ended.id} has ended: {_shown(ended)}")
