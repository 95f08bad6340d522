"""What the PBX answered, kept to be replayed: a JSON object to a line, in the order of arrival."""

from msgspec import Struct

from regwatch.core.model import (
    AccountName,
    BatchAnswer,
    FailureReason,
    Listing,
    Timestamp,
)


class Recorded(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer, or that there was none."""

    at: Timestamp
    account: AccountName
    batch: BatchAnswer | None = None
    """Of a poll."""
    listing: Listing | None = None
    """The list of extensions."""
    failure: FailureReason | None = None
    """Why nothing was answered."""
    detail: str = ""
