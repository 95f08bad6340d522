"""What is logged and counted of each step: the same facts for both."""

import structlog

from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.bugs import CANNOT_BE_STORED, Where
from regwatch.core.model import AccountName, AlertName, ChangeKind, Incident
from regwatch.core.outcome import Outcome
from regwatch.guard import Bugs
from regwatch.notify.delivery.deliveries import DeliveryAttempt
from regwatch.sources.source import RequestMade
from regwatch.web.metrics.instruments import Instruments

log = structlog.get_logger(__name__)

A_PERSON_IS_NEEDED = frozenset({AlertName.CREDENTIALS_REFUSED})
"""Logged as errors: no retry will mend them."""
ABOUT_THE_SOURCE = frozenset({AlertName.API_UNAVAILABLE, AlertName.QUOTA_EXHAUSTED})
"""Logged as warnings: the source became unavailable."""


class Reporting:
    """Counts and logs what the watchers and the outbox tell."""

    def __init__(self, instruments: Instruments, bugs: Bugs) -> None:
        self._instruments = instruments
        self._bugs = bugs

    def request_made(self, account: AccountName, request: RequestMade) -> None:
        """A request to the PBX came to its end."""
        self._instruments.request_made(
            account, request.endpoint, request.outcome, request.duration_seconds
        )

    def outcome(self, account: AccountName, outcome: Outcome) -> None:
        """A step of a monitor."""
        for change in outcome.changes:
            self._instruments.change_seen(account, change.kind)
            if change.kind is not ChangeKind.REFRESHED:
                log.debug(
                    "registration_changed",
                    account=account,
                    extension_id=change.extension_id,
                    change=change.kind.value,
                )
        for loss in outcome.losses:
            if loss.lease_ended_at is not None:
                lag = loss.detected_at - loss.lease_ended_at
                self._instruments.loss_detected(account, lag)
        for step in outcome.steps:
            if step.incident is not None:
                self._report(step, step.incident)

    def _report(self, step: Step, incident: Incident) -> None:
        if step.decision in (Decision.FIRED, Decision.ESCALATED, Decision.ALTERED):
            self._instruments.incident_fired(incident.alert)
            _log_at(incident, "incident_fired", _fields(incident, step.decision))
        elif step.decision is Decision.RESOLVED:
            log.info("incident_resolved", **_fields(incident, step.decision))
        else:
            log.debug("incident_changed", **_fields(incident, step.decision))

    def delivery(self, attempt: DeliveryAttempt) -> None:
        """An attempt to deliver came to its end; the outbox logs it itself."""
        self._instruments.delivery_attempted(
            attempt.receiver, attempt.outcome.value, attempt.latency_seconds
        )
        if attempt.is_unstorable:
            what = f"message {attempt.notification_id} to {attempt.receiver}"
            self._bugs.lost(Where.OUTBOX, what, attempt.error or CANNOT_BE_STORED)


def _log_at(incident: Incident, event: str, fields: dict[str, object]) -> None:
    if incident.alert in A_PERSON_IS_NEEDED:
        log.error(event, explanation=incident.explanation, **fields)
    elif incident.alert in ABOUT_THE_SOURCE:
        log.warning(event, **fields)
    else:
        log.info(event, **fields)


def _fields(incident: Incident, decision: Decision) -> dict[str, object]:
    return {
        "account": incident.account,
        "alert": incident.alert.value,
        "severity": incident.severity.value,
        "incident": incident.id,
        "decision": decision.value,
        "summary": incident.summary,
    }
