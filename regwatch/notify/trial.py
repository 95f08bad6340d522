"""The message of `regwatch test-alert`: marked as a test wherever one looks."""

from dataclasses import dataclass

from regwatch.core.model import (
    AccountName,
    AlertName,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    Item,
    ItemStatus,
    Notification,
    NotifyReason,
    Severity,
    Timestamp,
)
from regwatch.notify.errors import DeliveryError
from regwatch.notify.receiver import Receiver
from regwatch.notify.words.wording import TRIAL

MARK = "TEST: "
LABELS = {"regwatch_test": "true"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a test."""

    receiver: str
    kind: str
    problem: str = ""
    """Why it was not taken; empty: it was taken, and taken back."""
    is_retryable: bool = False
    """Whether a real message would be sent again after that."""


async def tried(receiver: Receiver, *, now: Timestamp) -> Trial:
    """Send a receiver a test, and take it back."""
    try:
        await receiver.deliver(trial_notification(receiver.name, now))
        await receiver.deliver(trial_notification(receiver.name, now, resolves=True))
    except DeliveryError as error:
        return Trial(receiver.name, receiver.kind, error.message, error.retryable)
    return Trial(receiver.name, receiver.kind)


def trial_notification(
    receiver: str,
    now: Timestamp,
    *,
    account: str = "default",
    resolves: bool = False,
) -> Notification:
    """A test that fires or, with the same `now`, the one that takes it back: a pager opens an
    incident for a test as well.
    """
    incident = _incident(AccountName(account), now, resolves=resolves)
    status = ItemStatus.RESOLVED if resolves else ItemStatus.NEW
    return Notification(
        id=f"{incident.id}-{receiver}-{status}",
        receiver=receiver,
        group_key=f"test/{receiver}",
        group_labels=LABELS,
        reason=NotifyReason.TEST,
        created_at=now,
        items=(Item(status, incident),),
    )


def _incident(account: AccountName, now: Timestamp, *, resolves: bool) -> Incident:
    ended_at = now if resolves else None
    text = "this test is over" if resolves else "regwatch can reach you"
    return Incident(
        id=IncidentId(f"test-{now:.0f}"),
        account=account,
        alert=AlertName.EXTENSION_LOST,
        severity=Severity.INFO,
        subject=TRIAL,
        state=IncidentState.RESOLVED if resolves else IncidentState.FIRING,
        started_at=now,
        fired_at=now,
        cleared_at=ended_at,
        resolved_at=ended_at,
        summary=f"{MARK}{text}",
        explanation="Sent by `regwatch test-alert`. No phone is affected; nothing is to be done.",
        site_labels=LABELS,
        facts=Facts(
            account=account,
            detected=now,
        ),
    )
