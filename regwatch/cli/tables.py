"""Records for people and programs: columns where they fit, else a line below; in a pipe one record
in one line, with nothing but tabs between its fields.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

GAP = 2
INDENT = 2
LEAST_BESIDE = 44
"""Columns that a text is to have beside the others; with fewer it stands below them."""
LEAST_CELL = 6
"""Columns down to which a cell is cut."""

Cell = str | Text
Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Column:
    """One field of all records."""

    title: str
    below: bool = False
    """Stands in lines of its own under the others where the terminal is narrow; the last ones."""


def table(columns: Sequence[Column], rows: Sequence[Row], width: int | None) -> list[Text]:
    """The lines; `width`: of the terminal, None for a pipe, where there are no titles."""
    cells = [[each if isinstance(each, Text) else Text(each) for each in row] for row in rows]
    if width is None:
        return [Text("\t").join(row) for row in cells]
    titled = [[Text(column.title, "bold") for column in columns], *cells]
    widths = [max(cell.cell_len for cell in cells) for cells in zip(*titled, strict=True)]
    if _total(widths) <= width:
        return [_aligned(row, widths) for row in titled]
    beside = sum(not column.below for column in columns)
    left = width - _total(widths[:beside]) - GAP
    if beside == len(columns) - 1 and left >= LEAST_BESIDE:
        return [line for row in titled for line in _hanging(row, widths[:beside], left)]
    return _folded(titled, _cut(widths[:beside], width), width)


def wrapped(text: Text, width: int | None, *, indent: int = 0) -> list[Text]:
    """A sentence in lines that are not wider, the later ones indented; one line in a pipe."""
    if width is None or text.cell_len <= width:
        return [text]
    first, *more = _broken(text, width - indent)
    return [first, *(_indented(line, indent) for line in more)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _aligned(row: Sequence[Text], widths: Sequence[int]) -> Text:
    line = Text()
    for cell, width in zip(row, widths, strict=True):
        padded = cell.copy()
        padded.truncate(width, overflow="ellipsis", pad=True)
        line.append_text(padded).append(" " * GAP)
    return _trimmed(line)


def _trimmed(line: Text) -> Text:
    line.rstrip()
    return line


def _hanging(row: Sequence[Text], widths: Sequence[int], left: int) -> Iterator[Text]:
    """The last cell in a column of its own, over several lines."""
    first, *more = _broken(row[-1], left)
    yield _trimmed(_aligned([*row[:-1], first], [*widths, left]))
    for line in more:
        yield _indented(line, _total(widths) + GAP)


def _folded(titled: Sequence[Sequence[Text]], widths: Sequence[int], width: int) -> list[Text]:
    """What does not fit stands below, the fields one after the other."""
    lines = [_aligned(titled[0][: len(widths)], widths)]
    for row in titled[1:]:
        lines.append(_aligned(row[: len(widths)], widths))
        below = Text(" · ").join(cell for cell in row[len(widths) :] if cell.plain)
        lines += (_indented(line, INDENT) for line in _broken(below, width - INDENT) if line.plain)
    return lines


def _cut(widths: Sequence[int], width: int) -> list[int]:
    """The widest cells are cut, as far as it is needed."""
    cut = list(widths)
    while _total(cut) > width and max(cut) > LEAST_CELL:
        cut[cut.index(max(cut))] -= 1
    return cut


def _broken(text: Text, width: int) -> list[Text]:
    if text.cell_len <= width:
        return [text]
    lines = text.wrap(Console(width=width), width)
    return [_trimmed(line) for line in lines]


def _indented(line: Text, columns: int) -> Text:
    return Text(" " * columns).append_text(line)
