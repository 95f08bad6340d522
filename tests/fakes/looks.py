"""Terminals of all widths, and a pipe, at the hour of `fakes.web`, in Riga."""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fakes.web import NOW
from rich.text import Text

from regwatch.cli.look import Look

RIGA = ZoneInfo("Europe/Riga")
PIPE = None


def at(width: int | None) -> Look:
    return Look(width, datetime.fromtimestamp(NOW, UTC), RIGA)


def plain(lines: Iterable[Text]) -> str:
    """As it stands on the screen, without what is not seen; nothing is wider than it should be."""
    return "".join(f"{line.plain.rstrip()}\n" for line in lines)


def widest(lines: Iterable[Text]) -> int:
    return max(part.cell_len for line in lines for part in line.split("\n"))
