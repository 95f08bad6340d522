"""`regwatch watch`: how things stand and what is wrong, live."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from regwatch.cli.console import look, out, print_lines
from regwatch.cli.errors import RemoteError
from regwatch.cli.look import Look
from regwatch.cli.names import check_names
from regwatch.cli.overview import open_lines, overview_lines
from regwatch.cli.records import severity_of
from regwatch.cli.remote import Remote
from regwatch.cli.tables import wrapped
from regwatch.core.durations import humanise
from regwatch.web.api.bodies import IncidentBody, IncidentsBody, StatusBody

LEAST_SECONDS = 1.0
MOST = "1000"
ENDS = "Ctrl-C ends it"


@dataclass(frozen=True, slots=True)
class Seen:
    """The last answer, and what has been in the way since."""

    overview: StatusBody
    found: IncidentsBody
    at: str
    """When it was answered, by this machine's clock."""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for again and again."""

    remote: Remote
    sought: Mapping[str, str | None]

    async def now(self, before: Seen | None) -> Seen:
        """How it stands; what was seen before, if nobody answers. Raises `RemoteError` if there is
        no such answer.
        """
        try:
            return await self._answered()
        except RemoteError as error:
            if before is None:
                raise
            return replace(before, trouble=str(error))

    async def _answered(self) -> Seen:
        overview = await self.remote.get(StatusBody, "/status")
        found = await self.remote.get(
            IncidentsBody,
            "/incidents",
            limit=MOST,
            folded="true",
            **self.sought,
        )
        return Seen(overview, found, look().now.isoformat())


async def watch(remote: Remote, *, interval: float, **sought: str | None) -> None:
    """Until stopped. `sought`: as the API calls it."""
    asked = Asked(remote, sought)
    seen = await asked.now(None)
    await check_names(remote, **sought)
    seconds = max(LEAST_SECONDS, interval)
    if look().width is None:
        await _tell_changes(asked, seen, seconds)
    else:
        await _show_live(asked, seen, seconds)


# --- in a terminal -----------------------------------------------------------------------------


async def _show_live(asked: Asked, seen: Seen, seconds: float) -> None:
    console = out()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(_screen(seen, seconds, console), refresh=True)
            await asyncio.sleep(seconds)
            seen = await asked.now(seen)


def _screen(seen: Seen, seconds: float, console: Console) -> Group:
    return Group(*frame(seen, look(), seconds=seconds, height=console.height))


def frame(seen: Seen, look: Look, *, seconds: float, height: int) -> list[Text]:
    """What the screen shows, no higher than it is; what is cut off is counted."""
    lines = [*wrapped(_headline(seen, look, seconds), look.width)]
    lines += overview_lines(seen.overview, look)
    lines.append(Text())
    lines += open_lines(seen.found, look)
    if len(lines) <= height:
        return lines
    return [*lines[: height - 1], Text(f"… {len(lines) - height + 1} lines more", "dim")]


def _headline(seen: Seen, look: Look, seconds: float) -> Text:
    if seen.trouble:
        old = humanise(look.age(seen.at))
        return Text(f"NOT CURRENT, {old} old: {seen.trouble}", "bold white on red")
    every = f"every {humanise(seconds)}"
    return Text(f"regwatch at {look.shown(seen.at)} · {every} · {ENDS}", "dim")


# --- in a pipe ---------------------------------------------------------------------------------


async def _tell_changes(asked: Asked, seen: Seen, seconds: float) -> None:
    print_lines(changes(None, seen, look()))
    while True:
        await asyncio.sleep(seconds)
        before, seen = seen, await asked.now(seen)
        print_lines(changes(before, seen, look()))


def changes(before: Seen | None, seen: Seen, look: Look) -> list[Text]:
    """A line for each thing that is other than before: time, what, severity, id, words."""
    lines = []
    trouble = "" if before is None else before.trouble
    if bool(seen.trouble) is not bool(trouble):
        lines.append(_line(look, "unseen" if seen.trouble else "seen again", "", "", seen.trouble))
    old = {} if before is None else _by_id(before.found.incidents)
    new = _by_id(seen.found.incidents)
    lines += [
        _incident(look, word, each)
        for each in new.values()
        if (word := _change(old.get(each.id), each))
    ]
    lines += [_incident(look, "over", each) for each in old.values() if each.id not in new]
    return lines


def _by_id(incidents: Sequence[IncidentBody]) -> Mapping[str, IncidentBody]:
    return {each.id: each for each in incidents}


def _change(old: IncidentBody | None, new: IncidentBody) -> str:
    """In a word; empty if there is none to tell of."""
    if old is None or old.state != new.state:
        return new.state
    if new.acknowledged_by and old.acknowledged_by != new.acknowledged_by:
        return f"acknowledged by {new.acknowledged_by}"
    if new.silenced_by and old.silenced_by != new.silenced_by:
        return f"muted by {new.silenced_by}"
    return "reworded" if old.summary != new.summary else ""


def _incident(look: Look, word: str, each: IncidentBody) -> Text:
    return _line(look, word, severity_of(each.severity), each.id, each.summary)


def _line(look: Look, word: str, severity: Text | str, id_: str, words: str) -> Text:
    now = look.cell(look.now.isoformat())
    cells = (now, word, severity, id_, words)
    return Text("\t").join(each if isinstance(each, Text) else Text(each) for each in cells)
