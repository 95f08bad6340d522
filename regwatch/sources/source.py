"""What a source of answers offers, and what it may raise: all that the rest knows of any."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from regwatch.core.model import BatchAnswer, ExtensionId, FailureReason, Listing, Quota

SUCCESS = "success"
OUTCOMES = (SUCCESS, *(reason.value for reason in FailureReason))
"""How a request may end; the metric label."""


class SourceError(Exception):
    """A source did not answer. Its text is fit to be logged: short, and without secrets."""

    def __init__(
        self, message: str, *, reason: FailureReason, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after
        """Seconds, as the source wishes; None if it did not say."""


@dataclass(frozen=True, slots=True)
class RequestMade:
    """A request of a source came to its end: what its listeners are told of each."""

    endpoint: str
    """What it was about; the metric label."""
    outcome: str
    """One of `OUTCOMES`."""
    duration_seconds: float
    quota: Quota | None
    """As this answer told it; None if it did not, or if there was no answer."""
    is_counted: bool = True
    """Whether it takes of the quota."""


class Source(Protocol):
    """Where answers come from. Every method raises `SourceError`, and it alone."""

    @property
    def batch_limit(self) -> int:
        """The most ids in a request that it was found to take; more are asked for in several."""

    async def registrations(self, ids: Sequence[ExtensionId]) -> BatchAnswer:
        """What it says of these, and of no others; raises only if nothing was answered."""

    async def extensions(
        self,
        *,
        type: str | None,  # noqa: A002 - the name of the API's own parameter
        status: str | None,
    ) -> Listing:
        """Its own list of extensions; raises only if there is not even a first page."""
