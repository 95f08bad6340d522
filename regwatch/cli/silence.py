"""`regwatch silence`: what is not to be told for a while."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

import click

from regwatch.cli.console import look, print_lines, say
from regwatch.cli.look import NONE, Look
from regwatch.cli.names import whole_id
from regwatch.cli.output import print_json
from regwatch.cli.remote import Remote, whoami
from regwatch.cli.tables import Column, table
from regwatch.core.durations import humanise
from regwatch.web.api.bodies import NewSilence, SilenceBody, SilencesBody


async def add(
    remote: Remote,
    *,
    matchers: Mapping[str, list[str]],
    duration: float | None,
    until: datetime | None,
    comment: str,
    author: str | None,
) -> None:
    """Set one."""
    wanted = NewSilence(
        matchers=dict(matchers),
        comment=comment,
        duration_seconds=duration,
        ends_at=until,
        author=author or whoami(),
    )
    made = await remote.send(SilenceBody, "POST", "/silences", wanted)
    click.echo(f"Silence {made.id} until {look().shown(made.ends_at)}: {_shown(made)}")


def _shown(silence: SilenceBody) -> str:
    return " ".join(f"{name}={p}" for name, patterns in silence.matchers.items() for p in patterns)


async def listed(remote: Remote, *, everything: bool, as_json: bool) -> None:
    """List them."""
    found = await remote.get(SilencesBody, "/silences", all="true" if everything else None)
    if as_json:
        print_json(found)
    elif found.silences:
        seen = look()
        titles = ("id", "state", seen.titled("ends"), "in", "author")
        columns = [*map(Column, titles), *(Column(t, below=True) for t in ("matches", "comment"))]
        rows = [_row(each, seen) for each in found.silences]
        print_lines(table(columns, rows, seen.width))
    else:
        say("No silences.")


def _row(each: SilenceBody, look: Look) -> tuple[str, ...]:
    left = NONE if each.state == "expired" else humanise(-look.age(each.ends_at))
    shape = (each.id, each.state, look.cell(each.ends_at), left)
    return (*shape, each.author, _shown(each), each.comment)


async def expire(remote: Remote, *, silence_id: str, author: str | None) -> None:
    """End one."""
    known = await remote.get(SilencesBody, "/silences")
    ids = [each.id for each in known.silences]
    found = whole_id(silence_id, ids, "silence in force or to come")
    query = {"author": author or whoami()}
    path = f"/silences/{quote(found, safe='')}"
    ended = await remote.send(SilenceBody, "DELETE", path, query=query)
    click.echo(f"Silence {ended.id} has ended: {_shown(ended)}")
