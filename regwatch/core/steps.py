"""What an account wants done, beside a poll or a pause; and why what it asked for failed."""

from msgspec import Struct

from regwatch.core.model import FailureReason
from regwatch.core.outcome import Outcome
from regwatch.core.polling.selection import Discovery


class AskList(Struct, frozen=True):
    """Read the PBX's own list now."""

    of: Discovery


class Tell(Struct, frozen=True):
    """Store and tell this, then ask again."""

    outcome: Outcome


class Failure(Struct, frozen=True):
    """Why something was not answered."""

    reason: FailureReason
    detail: str = ""
    retry_after: float | None = None
    """Seconds until it may be tried again, where the PBX said so."""
