"""What can go wrong with the store. No exception of SQLAlchemy or SQLite leaves the package.

StoreError
├── StoreUnavailableError   locked by another process, disk full, not writable: it may pass
│   ├── StoreInUseError     another regwatch has it: it watches and tells, and this one must not
│   └── StoreUrlError       no such kind of database: only an editor can mend it
├── StoreRefusedError       a value that no database takes: it never will
├── StoreCorruptError       not a database, or not one of ours
└── StoreVersionError       made by a newer regwatch
"""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import MsgspecError
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from regwatch.core.unstorable import UnstorableError

HOPELESS = (DataError, IntegrityError, InterfaceError, NotSupportedError, ProgrammingError)
"""Of the driver's: they say something of the statement and its values, nothing of the file."""
MISSING = ("no such table", "no such column")
"""How the driver's words begin where the file lost something that it had when it was opened."""
UNFIT = (ValueError, TypeError, OverflowError, MsgspecError)
"""What encoding a value raises, here or in the driver: half a character, a number too large."""


class StoreError(Exception):
    """The store could not do what was asked."""


class StoreUnavailableError(StoreError):
    """It may work later, or once a person made room or gave rights."""


class StoreInUseError(StoreUnavailableError):
    """Another regwatch works with it."""


class StoreUrlError(StoreUnavailableError):
    """The URL names no database that there can be."""


class StoreRefusedError(StoreError, UnstorableError):
    """It will never take this, however often it is asked."""


class StoreCorruptError(StoreError):
    """The file cannot be read as a regwatch database."""


class StoreVersionError(StoreError):
    """The file's schema is newer than this regwatch knows."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except HOPELESS as error:
        raise StoreRefusedError(_plain(error)) from error
    except OperationalError as error:
        is_missing = str(error.orig).startswith(MISSING)
        kind = StoreCorruptError if is_missing else StoreUnavailableError
        raise kind(_plain(error)) from error
    except DatabaseError as error:
        raise StoreCorruptError(_plain(error)) from error
    except (SQLAlchemyError, OSError) as error:
        is_unfit = isinstance(getattr(error, "orig", None), UNFIT)
        raise (StoreRefusedError if is_unfit else StoreUnavailableError)(_plain(error)) from error
    except UNFIT as error:
        raise StoreRefusedError(_plain(error)) from error


def _plain(error: Exception) -> str:
    """The driver's own words, without the statement and its values."""
    return str(getattr(error, "orig", None) or error).splitlines()[0][:200]
