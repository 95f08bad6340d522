"""What can go wrong with the PBX. Nothing of aiohttp or msgspec leaves this package.

SourceError                   .reason, .retry_after: all that is known outside this package
└── PbxError                  .status, .code
    ├── PbxUnavailableError   network, time-out, 5xx: try again
    ├── PbxRateLimitedError   429; the only one that may have a .retry_after
    ├── PbxAuthError          401 in spite of a new token, 403: a person must act
    ├── PbxAnswerError        not what the API promises: HTML, truncated or broken answers
    └── PbxRejectedError      any other 4xx, and redirects
"""

from regwatch.core.model import FailureReason
from regwatch.sources.source import SourceError

HOPELESS = frozenset(
    {
        FailureReason.CREDENTIALS_REFUSED,
        FailureReason.ACCESS_DENIED,
        FailureReason.REJECTED,
        FailureReason.NOT_FOUND,
        FailureReason.REDIRECTED,
    }
)
"""The same request would fail the same way until a person changes something."""


class PbxError(SourceError):
    """A request to the PBX failed."""

    def __init__(
        self,
        message: str,
        *,
        reason: FailureReason,
        retry_after: float | None = None,
        status: int | None = None,
        code: str = "",
    ) -> None:
        super().__init__(message, reason=reason, retry_after=retry_after)
        self.status = status
        """The HTTP status; None if no answer came, or one that is none."""
        self.code = code
        """The body's string `status` (or OAuth `error`); empty if it had none."""


class PbxUnavailableError(PbxError):
    """No answer, or one that says that the PBX cannot answer now."""


class PbxRateLimitedError(PbxError):
    """The hour's quota is used up, or too many requests are made at once."""

    def __init__(
        self,
        message: str,
        *,
        reason: FailureReason,
        retry_after: float | None = None,
        status: int | None = 429,
        code: str = "",
    ) -> None:
        super().__init__(message, reason=reason, retry_after=retry_after, status=status, code=code)


class PbxAuthError(PbxError):
    """The credentials are refused, or do not allow this."""


class PbxAnswerError(PbxError):
    """An answer that is not what the API promises."""


class PbxRejectedError(PbxError):
    """The PBX understood and refused."""


def is_retryable(error: PbxError) -> bool:
    """Whether the same request may succeed later without anybody doing anything."""
    return error.reason not in HOPELESS
