"""What can go wrong with the store. No exception of SQLAlchemy or SQLite leaves the package.

StoreError
├── StoreUnavailableError   locked by another process, disk full, not writable
├── StoreCorruptError       not a database, or not one of ours
└── StoreVersionError       made by a newer regwatch
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError


class StoreError(Exception):
    """The store could not do what was asked."""


class StoreUnavailableError(StoreError):
    """It may work later, or once a person made room or gave rights."""


class StoreCorruptError(StoreError):
    """The file cannot be read as a regwatch database."""


class StoreVersionError(StoreError):
    """The file's schema is newer than this regwatch knows."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except OperationalError as error:
        raise StoreUnavailableError(_plain(error)) from error
    except DatabaseError as error:
        raise StoreCorruptError(_plain(error)) from error
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailableError(_plain(error)) from error


def _plain(error: Exception) -> str:
    """The driver's own words, without the statement and its values."""
    return str(getattr(error, "orig", None) or error).splitlines()[0][:200]
