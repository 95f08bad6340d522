"""What the log says of deliveries: changes of state, not states."""

import structlog

from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt

log = structlog.get_logger(__name__)


class DeliveryLog:
    """A listener: a receiver in trouble is a warning once, and again only if the trouble changes;
    one that refuses what it is sent is an error, and so is each message that is lost to it.
    """

    def __init__(self) -> None:
        self._troubles: dict[str, str] = {}

    def __call__(self, attempt: DeliveryAttempt) -> None:
        """Log what is worth a line."""
        if attempt.outcome is Delivery.DELIVERED:
            self._delivered(attempt)
        elif attempt.outcome is Delivery.RETRIED:
            if self._is_other_trouble(attempt):
                log.warning("notification_not_delivered", **_fields(attempt))
        elif attempt.outcome is Delivery.REFUSED:
            if self._is_other_trouble(attempt):
                log.error("notification_not_delivered", outcome="refused", **_fields(attempt))
        elif attempt.outcome is Delivery.KEPT:
            log.error("notification_kept", **_fields(attempt))
        elif attempt.outcome is Delivery.COLLAPSED:
            log.debug("notification_collapsed", **_fields(attempt))
        else:
            self._lost(attempt)

    def _delivered(self, attempt: DeliveryAttempt) -> None:
        if self._troubles.pop(attempt.receiver, None) is not None:
            log.info("receiver_back", **_fields(attempt))
        if attempt.is_unsaved:
            log.warning("notification_sent_unsaved", **_fields(attempt))
        else:
            log.debug("notification_delivered", **_fields(attempt))

    def _is_other_trouble(self, attempt: DeliveryAttempt) -> bool:
        """Than the one that was logged last."""
        error, known = attempt.error or "", self._troubles.get(attempt.receiver)
        self._troubles[attempt.receiver] = error
        return error != known

    def _lost(self, attempt: DeliveryAttempt) -> None:
        log.error("notification_lost", outcome=attempt.outcome.value, **_fields(attempt))


def _fields(attempt: DeliveryAttempt) -> dict[str, object]:
    fields: dict[str, object] = {
        "receiver": attempt.receiver,
        "notification": attempt.notification_id,
        "attempts": attempt.attempts,
    }
    return fields | ({"error": attempt.error} if attempt.error else {})
