"""What goes wrong when a message is sent; the only exceptions that leave a receiver.

    DeliveryError
    ├── ReceiverUnavailableError   network, timeout, 408, 429, 5xx: the same message may pass later
    └── ReceiverRefusedError       any other status or answer: only a person can mend it

Messages carry no secret: no path or query of a URL, no token, no key, and of a foreign body at most
200 characters (see `redaction`).
"""

from http import HTTPStatus

from regwatch.core.outside import made_safe

WORTH_RETRYING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
ABOUT_THE_MESSAGE = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""With these a service says what it thinks of the message; with others, of us."""


class DeliveryError(Exception):
    """A message was not taken by its receiver."""

    retryable = False

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        may_have_arrived: bool | None = None,
        is_about_message: bool = False,
    ) -> None:
        """`retry_after`: seconds the receiver asked to wait; None if it did not say.
        `may_have_arrived`: whether somebody may have seen it all the same; None: yes, unless it was
        refused. `is_about_message`: whether another message might pass, a shorter one above all.
        """
        message = made_safe(message)
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.is_about_message = is_about_message
        self.answer = ""
        """The beginning of the service's answer as it came, for its own receiver; never shown."""
        self.may_have_arrived = self.retryable if may_have_arrived is None else may_have_arrived


class ReceiverUnavailableError(DeliveryError):
    """It may work later, with the same message."""

    retryable = True


class ReceiverRefusedError(DeliveryError):
    """It will not work later either."""


def is_retryable(status: int) -> bool:
    """Whether an HTTP status means "later", rather than "no"."""
    return status in WORTH_RETRYING or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def error_for(status: int, message: str, *, retry_after: float | None = None) -> DeliveryError:
    """The error that an HTTP status other than success stands for."""
    if is_retryable(status):
        # A gateway that gives up says nothing of what is behind it.
        arrived = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return ReceiverUnavailableError(message, retry_after=retry_after, may_have_arrived=arrived)
    return ReceiverRefusedError(message, is_about_message=status in ABOUT_THE_MESSAGE)
