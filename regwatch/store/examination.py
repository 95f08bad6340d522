"""Whether a file is a database of ours and sound: looked at before anything of it is changed, and
again once it is a current one.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    and_,
    delete,
    func,
    inspect,
    not_,
)

from regwatch.store.errors import StoreCorruptError, StoreUnavailableError, StoreUrlError
from regwatch.store.schema import history, metadata, refuse_newer, schema_version

HEADER_BYTES = 100
MAGIC = b"SQLite format 3\0"
FORMATS = (1, 2)
"""Of writing and reading, in the header. Of a later one, SQLite would write nothing."""
SMALL_BYTES, LARGE_BYTES = 16_000_000, 256_000_000
"""Up to the first, indexes are compared with their tables (0.4 s); up to the second, pages are
looked at (0.4 s, more on a slow disk). Of what is larger, only what is read is."""
MOST_SECONDS = 1e11
"""Of a time: some thousand years. A flipped bit makes more of it."""
TYPES: Mapping[type, tuple[str, ...]] = {
    Integer: ("integer",),
    Boolean: ("integer",),
    Float: ("real", "integer"),
    String: ("text",),
    LargeBinary: ("blob",),
}
"""As which SQLite stores them; it would store anything in any column."""


def examine(path: Path, *, timeout_seconds: float) -> None:
    """Look at it without changing it. Raises `StoreCorruptError`; `StoreVersionError` if it was
    made by a newer regwatch; `StoreUrlError` if it is another program's; `StoreUnavailableError` if
    it is locked.
    """
    if path.stat().st_size == 0:
        return
    _check_header(path)
    found = f"file:{quote(str(path))}?mode=ro"
    try:
        with closing(sqlite3.connect(found, uri=True, timeout=timeout_seconds)) as connection:
            _check_tables(path, connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise StoreUnavailableError(str(error)) from error
        raise StoreCorruptError(str(error)) from error  # what was asked is right: the file is not
    except (sqlite3.Error, UnicodeError) as error:
        raise StoreCorruptError(str(error)) from error


def _check_header(path: Path) -> None:
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        raise StoreCorruptError("file is not a database")
    if header[18] not in FORMATS or header[19] not in FORMATS:
        raise StoreCorruptError("its header is damaged")


def _check_tables(path: Path, connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    tables = {str(name) for (name,) in rows if not str(name).startswith("sqlite_")}
    if not tables:
        return
    if tables.isdisjoint(metadata.tables):
        named = ", ".join(sorted(tables)[:3])
        raise StoreUrlError(
            f"{path} is the database of another program (it holds {named}): nothing of it was "
            "touched; name another file as `storage.url`"
        )
    if schema_version.name not in tables:
        raise StoreCorruptError(f"the table {schema_version.name} is missing")
    _check_version(connection.execute("SELECT version FROM schema_version").fetchall())


def _check_version(rows: Sequence[tuple[object, ...]]) -> None:
    values = [row[0] for row in rows]
    if len(values) != 1 or not isinstance(values[0], int) or values[0] < 0:
        raise StoreCorruptError(f"its schema version is none: {str(values)[:50]}")
    refuse_newer(values[0])


def check_shape(connection: Connection) -> None:
    """Raises `StoreCorruptError` unless it has every table and column of the current version."""
    inspector = inspect(connection)
    known = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        if table.name not in known:
            raise StoreCorruptError(f"the table {table.name} is missing")
        columns = {each["name"] for each in inspector.get_columns(table.name)}
        if missing := sorted(set(table.columns.keys()) - columns):
            raise StoreCorruptError(f"the table {table.name} has no column {missing[0]}")


def check_pages(connection: Connection) -> None:
    """Raises `StoreCorruptError` if they do not fit together."""
    size = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    size *= connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    if size > LARGE_BYTES:
        return
    check = "integrity_check" if size <= SMALL_BYTES else "quick_check"
    verdict = connection.exec_driver_sql(f"PRAGMA {check}(1)").scalar()
    if verdict != "ok":
        raise StoreCorruptError(str(verdict).replace("\n", " ")[:200])


def drop_unfit(connection: Connection) -> int:
    """Delete rows that hold what no column of theirs may: read, they would be taken for others.
    The history is too long for it, and each of its lines is looked at when it is read. Returns how
    many that were.
    """
    tables = [table for table in metadata.sorted_tables if table is not history]
    return sum(
        connection.execute(delete(each).where(not_(_is_fit(each)))).rowcount for each in tables
    )


def _is_fit(table: Table) -> ColumnElement[bool]:
    return and_(*(_fits(column) for column in table.columns))


def _fits(column: Column[object]) -> ColumnElement[bool]:
    kinds = next(names for kind, names in TYPES.items() if isinstance(column.type, kind))
    fits: ColumnElement[bool] = func.typeof(column).in_(kinds)
    if isinstance(column.type, Float):
        fits = and_(fits, column.between(-MOST_SECONDS, MOST_SECONDS))
    return column.is_(None) | fits if column.nullable else fits
