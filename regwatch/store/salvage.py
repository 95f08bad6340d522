"""What can still be read of a database that was set aside, copied to the one begun in its place:
row by row, each only if it is whole. What waits to be sent, who was told what and how the phones
were are worth more than a day without them.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import LargeBinary, Table

from regwatch.store.schema import (
    extensions,
    forwarded,
    history,
    incidents,
    memos,
    notified,
    outbox,
    silences,
    unheard,
)
from regwatch.store.sealed import UnreadableError, opened_bytes

TABLES = (outbox, notified, unheard, forwarded, incidents, silences, extensions, memos, history)
"""What people are told goes first. Times of answers are left behind: they hold for rows of the same
file only."""
PIECE = 500
MOST_SECONDS = 10.0
"""The daemon waits for it: what is not read by then is left behind."""
LAST_ROW = 2**40

Row = tuple[Any, ...]


def salvage(damaged: Path, into: Path) -> Mapping[str, int]:
    """Copy what is whole; returns how many rows by table. Never fails: there may be nothing."""
    found: dict[str, int] = {}
    ends_at = time.monotonic() + MOST_SECONDS
    with (
        suppress(sqlite3.Error, OSError),
        closing(_opened(damaged)) as source,
        closing(sqlite3.connect(into)) as target,
    ):
        for table in TABLES:
            with suppress(sqlite3.Error):
                found[table.name] = _copy(source, target, table, ends_at)
    return found


def _opened(damaged: Path) -> sqlite3.Connection:
    """To be read, whatever of its schema cannot be; nothing is written beside it."""
    has_log = damaged.with_name(damaged.name + "-wal").exists()
    how = "mode=ro" if has_log else "mode=ro&immutable=1"
    source = sqlite3.connect(f"file:{quote(str(damaged))}?{how}", uri=True)
    source.text_factory = bytes
    source.execute("PRAGMA writable_schema=ON")  # a table that is not understood hides no other
    return source


def _copy(
    source: sqlite3.Connection, target: sqlite3.Connection, table: Table, ends_at: float
) -> int:
    names = [column.name for column in table.columns if column.name != "revision"]
    listed, marks = ", ".join(names), ", ".join("?" for _ in names)
    sealed = [n for n, c in enumerate(names) if isinstance(table.c[c].type, LargeBinary)]
    copied = 0
    for rows in _pieces(source, f"SELECT rowid, {listed} FROM {table.name}", ends_at):  # noqa: S608
        whole = [row for each in rows if (row := _whole(each[1:], sealed)) is not None]
        with target:
            insert = f"INSERT OR IGNORE INTO {table.name} ({listed}) VALUES ({marks})"  # noqa: S608
            copied += target.executemany(insert, whole).rowcount
    return copied


def _pieces(source: sqlite3.Connection, select: str, ends_at: float) -> Iterator[Sequence[Row]]:
    """Rows in order of their numbers; where they cannot be read, the next that can."""
    last, step, size = 0, 1, PIECE
    piece = f"{select} WHERE rowid > ? ORDER BY rowid LIMIT ?"
    while last < LAST_ROW and time.monotonic() < ends_at:
        try:
            rows = source.execute(piece, (last, size)).fetchall()
        except sqlite3.Error:
            if size > 1:
                size = 1
            else:  # this one is lost, and maybe all of its page
                last, step = last + step, step * 2
            continue
        if not rows:
            return
        yield rows
        last, step, size = rows[-1][0], 1, min(PIECE, size * 2)


def _whole(row: Row, sealed: Sequence[int]) -> Row | None:
    """With its texts decoded; None if a check sum or a character is broken."""
    try:
        for number in sealed:
            opened_bytes(row[number])
        return tuple(
            each.decode() if isinstance(each, bytes) and number not in sealed else each
            for number, each in enumerate(row)
        )
    except (UnreadableError, UnicodeError):
        return None
