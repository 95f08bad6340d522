"""Databases in trouble: each kind of it on a switch, for whoever opens or uses a file of SQLite's
in this process. What is in memory is always well."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from regwatch.store.database import Database
from regwatch.store.writer import Work


@contextmanager
def on_every_connection(*pragmas: str, undone_by: Sequence[str] = ()) -> Iterator[None]:
    """Set on each connection whenever it is used."""

    def tell(connection: Any, words: Sequence[str]) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA database_list")
        if cursor.fetchall()[0][2]:
            for pragma in words:
                cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def used(connection: Any, *_: object) -> None:
        tell(connection, pragmas)

    def well(connection: Any, *_: object) -> None:
        tell(connection, undone_by)

    event.listen(Pool, "checkout", used)
    try:
        yield
    finally:
        event.remove(Pool, "checkout", used)
        event.listen(Pool, "checkout", well)  # a connection outlives the trouble


@contextmanager
def full(file: Path) -> Iterator[None]:
    """Not one page more."""
    with closing(sqlite3.connect(file)) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    with on_every_connection(f"max_page_count={pages}", undone_by=["max_page_count=1073741823"]):
        yield


@contextmanager
def read_only(_file: Path) -> Iterator[None]:
    """As on a file system that was mounted again to be read."""
    with on_every_connection("query_only=ON", undone_by=["query_only=OFF"]):
        yield


@contextmanager
def gone(file: Path) -> Iterator[None]:
    """Its folder is somewhere else, as when a volume is unmounted."""
    elsewhere = file.parent.with_name("elsewhere")
    file.parent.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(file.parent)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process works on it, and does not let go."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with on_every_connection("busy_timeout=0", undone_by=["busy_timeout=3000"]):
            yield
        other.execute("ROLLBACK")


@contextmanager
def slow(seconds: float) -> Iterator[None]:
    """Each transaction takes so long."""
    sound = Database._transact

    async def slowly(self: Database, works: Sequence[Work]) -> None:
        if self.path is not None:
            await asyncio.sleep(seconds)
        await sound(self, works)

    Database._transact = slowly  # type: ignore[method-assign]
    try:
        yield
    finally:
        Database._transact = sound  # type: ignore[method-assign]


Trouble = Callable[[Path], Any]

TROUBLES: dict[str, Trouble] = {
    "full": full,
    "read-only": read_only,
    "gone": gone,
    "locked 40 s": locked,
    "60 ms per write": lambda _file: slow(0.06),
    "2 s per write": lambda _file: slow(2.0),
}
"""By name; each is a context of a database's file."""
SLOW = ("60 ms per write", "2 s per write")
"""The store is not away: it takes its time."""
