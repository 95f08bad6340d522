"""What must survive a restart, in SQLite: one module to each of its users' Protocols, over
`database`, `rows` and `schema`. Decides nothing, and knows neither receivers nor pages.
"""

from regwatch.store.accounts import StoredAccount
from regwatch.store.errors import (
    StoreCorruptError,
    StoreError,
    StoreInUseError,
    StoreRefusedError,
    StoreUnavailableError,
    StoreUrlError,
    StoreVersionError,
)
from regwatch.store.rows import StoredEntry
from regwatch.store.store import Store

__all__ = [
    "Store",
    "StoreCorruptError",
    "StoreError",
    "StoreInUseError",
    "StoreRefusedError",
    "StoreUnavailableError",
    "StoreUrlError",
    "StoreVersionError",
    "StoredAccount",
    "StoredEntry",
]
