"""The message of `regwatch test-alert`: marked as a test wherever one looks."""

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
from regwatch.notify.words.wording import TRIAL

MARK = "TEST: "
LABELS = {"regwatch_test": "true"}


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
