"""`regwatch extensions`: those that are watched, the troubled ones first."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from regwatch.cli.console import look, print_lines, say, warn
from regwatch.cli.look import Look
from regwatch.cli.names import check_names
from regwatch.cli.output import print_csv, print_json
from regwatch.cli.records import state_of
from regwatch.cli.remote import Remote
from regwatch.cli.tables import Column, table
from regwatch.web.api.bodies import ExtensionBody, ExtensionsBody

SHOWN = 1000
"""To a person, unless more are asked for."""


async def extensions(
    remote: Remote, *, limit: int | None, as_json: bool, as_csv: bool, **sought: str | None
) -> None:
    """Show them. `sought`: as the API calls it."""
    most = limit or (None if as_json or as_csv else SHOWN)
    rows, found = await _pages(remote, sought, most)
    if not rows:
        await check_names(remote, **sought)
    if as_json:
        print_json(ExtensionsBody(rows, found, 1, 1))
    elif as_csv:
        print_csv(rows, ExtensionBody)
    elif rows:
        print_lines(extension_lines(rows, look()))
        if found > len(rows):
            warn(f"… and {found - len(rows)} more: --limit {found} shows all")
    else:
        say("No extension is like that.")


async def _pages(
    remote: Remote, query: Mapping[str, str | None], most: int | None
) -> tuple[list[ExtensionBody], int]:
    """So many of them, and how many there are."""
    rows: list[ExtensionBody] = []
    number, pages, found = 0, 1, 0
    while number < pages and (most is None or len(rows) < most):
        number += 1
        page = await remote.get(ExtensionsBody, "/extensions", **query, page=str(number))
        rows += page.extensions
        pages, found = page.pages, page.found
    return rows[:most], found


def extension_lines(rows: Sequence[ExtensionBody], look: Look) -> list[Text]:
    """A line for each; where and what it is only where it says something."""
    columns = [Column("extension"), Column("label"), Column("state"), Column(look.titled("since"))]
    columns += [Column(title, below=True) for title in ("site", "device", "why")]
    several = len({each.account for each in rows}) > 1
    return table(columns, [_row(each, look, several=several) for each in rows], look.width)


def _row(each: ExtensionBody, look: Look, *, several: bool) -> Sequence[str | Text]:
    name = each.number or str(each.id)
    devices = ", ".join(dict.fromkeys(r.device for r in each.registrations if r.device))
    why = each.reason.replace("_", " ")
    if not each.expected:
        why = f"{why}, not expected now" if why else "not expected now"
    return (
        f"{each.account}/{name}" if several else name,
        each.label,
        state_of(each.state.value),
        look.cell(each.since),
        each.site,
        devices,
        why,
    )
