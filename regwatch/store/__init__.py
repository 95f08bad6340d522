"""What must survive a restart, in SQLite."""

from regwatch.store.errors import (
    StoreCorruptError,
    StoreError,
    StoreRefusedError,
    StoreUnavailableError,
    StoreVersionError,
)
from regwatch.store.rows import StoredEntry
from regwatch.store.store import Store, StoredAccount

__all__ = [
    "Store",
    "StoreCorruptError",
    "StoreError",
    "StoreRefusedError",
    "StoreUnavailableError",
    "StoreVersionError",
    "StoredAccount",
    "StoredEntry",
]
