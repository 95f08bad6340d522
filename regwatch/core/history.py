"""What happened, a line at a time, for people who look back: what registrations did, what was
decided of incidents and why, who was told of them when.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.durations import humanise
from regwatch.core.model import (
    AccountName,
    ChangeKind,
    ExtensionId,
    Incident,
    IncidentId,
    ItemStatus,
    Notification,
    NotifyReason,
    Registration,
    Timestamp,
    Watched,
)
from regwatch.core.outcome import Outcome
from regwatch.core.phones.diff import Change
from regwatch.core.remarks import Remark

UNTOLD_CHANGES = frozenset({ChangeKind.REFRESHED, ChangeKind.ADDED})
"""Too many to keep, and of no interest later."""
UNTOLD_DECISIONS = frozenset({Decision.RETOLD})
CONCLUSIONS = frozenset({Decision.FIRST_SEEN, Decision.FIRED, Decision.ESCALATED, Decision.ALTERED})
"""Decisions whose evidence stands in the incident's own words, as they are then."""


class Kind(StrEnum):
    """What a line is about."""

    REGISTRATION = "registration"
    INCIDENT = "incident"
    NOTIFICATION = "notification"
    SILENCE = "silence"
    UNTOLD = "untold"


class Happening(Struct, frozen=True, gc=False, kw_only=True):
    """One line of the history."""

    at: Timestamp
    kind: Kind
    event: str
    """A closed word: a `ChangeKind`, a `Decision`, an `ItemStatus`, an `Untold`, `added` or
    `expired`.
    """
    text: str = ""
    """What else there is to say."""
    because: str = ""
    """Of a decision: its evidence, in words."""
    account: AccountName = AccountName("")
    extension_id: ExtensionId | None = None
    extension: str = ""
    incident_id: IncidentId | None = None
    alert: str = ""
    receiver: str = ""
    notification_id: str = ""

    @property
    def words(self) -> str:
        """What there is to say of it, in one line: without the evidence of what an incident says
        itself.
        """
        because = "" if self.event in CONCLUSIONS else self.because
        return "; ".join(part for part in (self.text, because) if part)


class Sought(Struct, frozen=True, kw_only=True):
    """What of the history is asked for; what is None does not matter."""

    account: AccountName | None = None
    extension_id: ExtensionId | None = None
    incident_id: IncidentId | None = None
    since: Timestamp | None = None
    until: Timestamp | None = None
    limit: int = 200


def of_outcome(
    account: AccountName,
    outcome: Outcome,
    *,
    watched: Mapping[ExtensionId, Watched],
    now: Timestamp,
) -> Iterator[Happening]:
    """What a step of the monitor brought; `watched`: whom it watches, for their names."""
    for change in outcome.changes:
        if change.kind not in UNTOLD_CHANGES:
            known = watched.get(change.extension_id)
            yield _of_change(account, change, known.extension.name if known else "")
    for step in outcome.steps:
        if step.incident is not None and step.decision not in UNTOLD_DECISIONS:
            yield _of_step(step.incident, step, now)
    for remark in outcome.remarks:
        known = watched.get(remark.extension_id) if remark.extension_id is not None else None
        yield _of_remark(account, remark, known.extension.name if known else "")


def _of_remark(account: AccountName, remark: Remark, name: str) -> Happening:
    return Happening(
        at=remark.at,
        kind=Kind.UNTOLD,
        event=remark.untold.value,
        because=remark.because,
        account=account,
        extension_id=remark.extension_id,
        extension=name,
    )


def _of_change(account: AccountName, change: Change, name: str) -> Happening:
    return Happening(
        at=change.at,
        kind=Kind.REGISTRATION,
        event=change.kind.value,
        text=_registration(change.after or change.before),
        account=account,
        extension_id=change.extension_id,
        extension=name,
    )


def _registration(registration: Registration | None) -> str:
    if registration is None:
        return ""
    parts = (registration.device, registration.real_address.removeprefix("sip:"))
    return " at ".join(part for part in parts if part)


def _of_step(incident: Incident, step: Step, now: Timestamp) -> Happening:
    is_conclusion = step.decision in CONCLUSIONS
    evidence = incident.explanation if is_conclusion else ""
    # Then the reason is that of the silence.
    is_muted = bool(is_conclusion and incident.silenced_by and step.because)
    return Happening(
        at=now,
        kind=Kind.INCIDENT,
        event=step.decision.value,
        text=f"{incident.summary}; {step.because}" if is_muted else incident.summary,
        because=incident.explanation if is_muted else step.because or evidence,
        account=incident.account,
        extension_id=incident.facts.extension_id,
        extension=incident.facts.extension,
        incident_id=incident.id,
        alert=incident.alert.value,
    )


def of_notification(notification: Notification) -> Iterator[Happening]:
    """Whom a message tells what; of what is told still, only reminders and growth."""
    is_reminder = notification.reason is NotifyReason.REPEAT_DUE
    escalated = f"not acknowledged for {humanise(notification.unacknowledged_for)}"
    for item in notification.items:
        if item.status is ItemStatus.STILL and not (is_reminder or item.grown_from):
            continue
        incident = item.incident
        is_escalated = notification.unacknowledged_for and item.status is ItemStatus.NEW
        reason = notification.reason.value.replace("_", " ")
        yield Happening(
            at=notification.created_at,
            kind=Kind.NOTIFICATION,
            event=item.status.value,
            text=escalated if is_escalated else reason,
            account=incident.account,
            extension_id=incident.facts.extension_id,
            extension=incident.facts.extension,
            incident_id=incident.id,
            alert=incident.alert.value,
            receiver=notification.receiver,
            notification_id=notification.id,
        )
