"""What the store's errors are made of."""

import sqlite3

import msgspec
import pytest
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError, StatementError

from regwatch.core.unstorable import UnstorableError
from regwatch.store import (
    StoreCorruptError,
    StoreError,
    StoreRefusedError,
    StoreUnavailableError,
)
from regwatch.store.errors import translated

SECRET = {"token": "s3cret"}


def of_driver(kind: type[DatabaseError], error: Exception) -> Exception:
    """As SQLAlchemy wraps it, with the statement and its values."""
    return kind("INSERT INTO memos", SECRET, error)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        pytest.param(
            of_driver(OperationalError, sqlite3.OperationalError("database is locked")),
            StoreUnavailableError("database is locked"),
            id="a lock may pass",
        ),
        pytest.param(
            OSError(28, "No space left on device"),
            StoreUnavailableError("[Errno 28] No space left on device"),
            id="a full disk may pass",
        ),
        pytest.param(
            of_driver(DatabaseError, sqlite3.DatabaseError("file is not a database")),
            StoreCorruptError("file is not a database"),
            id="what is no database cannot be read",
        ),
        pytest.param(
            of_driver(IntegrityError, sqlite3.IntegrityError("NOT NULL constraint failed")),
            StoreRefusedError("NOT NULL constraint failed"),
            id="a value against the rules never fits",
        ),
        pytest.param(
            StatementError("x", "INSERT INTO memos", SECRET, OverflowError("int too large")),
            StoreRefusedError("int too large"),
            id="a value that the driver cannot write never fits",
        ),
        pytest.param(
            StatementError("x", "INSERT INTO memos", SECRET, RuntimeError("closed")),
            StoreUnavailableError("closed"),
            id="another fault of the driver's may pass",
        ),
        pytest.param(
            msgspec.EncodeError("no such type"),
            StoreRefusedError("no such type"),
            id="a value that cannot be encoded never fits",
        ),
        pytest.param(
            ValueError("a\nb" + "x" * 500),
            StoreRefusedError("a"),
            id="of a long text, the first line is told",
        ),
    ],
)  # fmt: skip
def test_the_librarys_errors_become_ours_in_its_own_words_without_the_values(
    error: Exception, ours: StoreError
) -> None:
    with pytest.raises(StoreError) as raised, translated():
        raise error
    assert (type(raised.value), str(raised.value)) == (type(ours), str(ours))
    assert raised.value.__cause__ is error


def test_who_writes_may_tell_what_is_hopeless_without_knowing_the_store() -> None:
    assert issubclass(StoreRefusedError, UnstorableError)
    assert not issubclass(StoreUnavailableError, UnstorableError)


def test_a_bug_of_ours_stays_what_it_is() -> None:
    with pytest.raises(KeyError), translated():
        raise KeyError("a bug of ours")
