"""What a source of answers offers, and what it may raise: all that the rest knows of any."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from regwatch.core.model import (
    Answer,
    BatchAnswer,
    ExtensionId,
    FailureReason,
    Listing,
    Quota,
    RegistrationId,
)

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


class Connection(Source, Protocol):
    """A source that is opened and closed: what whoever owns one needs beyond its answers."""

    @property
    def quota(self) -> Quota | None:
        """The hourly quota as last told; None if it never was."""

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""

    def prepare(self) -> None:
        """Do ahead what may fail when it is entered; raises `SourceError`."""

    async def __aenter__(self) -> Self:
        """Open it."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""


# Apart from Source: watching never deletes, and a source that is only read has nothing to delete.
class Deleting(Protocol):
    """What a source may offer besides: to end registrations. Raises `SourceError`, and it alone."""

    async def registration(self, extension_id: ExtensionId) -> Answer:
        """What it says of one extension: whoever deletes looks before and after."""

    async def unregister_all(self, extension_id: ExtensionId) -> None:
        """Delete all registrations of an extension; never sent twice."""

    async def unregister(self, extension_id: ExtensionId, registration_id: RegistrationId) -> None:
        """Delete one registration; one that is gone already is deleted as well."""
