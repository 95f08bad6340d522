"""What must survive a restart, in SQLite."""

from regwatch.store.errors import (
    StoreCorruptError,
    StoreError,
    StoreUnavailableError,
    StoreVersionError,
)
from regwatch.store.store import Store, StoredAccount, StoredEntry

__all__ = [
    "Store",
    "StoreCorruptError",
    "StoreError",
    "StoreUnavailableError",
    "StoreVersionError",
    "StoredAccount",
    "StoredEntry",
]
