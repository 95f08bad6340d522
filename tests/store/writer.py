"""Stores incident after incident, and a message about each, until it is killed."""

import asyncio
import sys

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
    Notified,
    NotifyReason,
    Severity,
    Timestamp,
)
from regwatch.store import Store

ACME = AccountName("acme")


async def main(url: str, prefix: str) -> None:
    store = await Store.open(url)
    for number in range(100_000):
        name = IncidentId(f"{prefix}-{number}")
        incident = Incident(
            id=name,
            account=ACME,
            alert=AlertName.EXTENSION_LOST,
            severity=Severity.CRITICAL,
            subject=name,
            state=IncidentState.FIRING,
            started_at=Timestamp(1.0),
            facts=Facts(account=ACME),
        )
        await store.accounts.save(ACME, watched=[], incidents=[incident])
        message = Notification(
            id=name,
            receiver="chat",
            group_key=name,
            group_labels={},
            reason=NotifyReason.FIRST_SEEN,
            created_at=Timestamp(2.0),
            items=(Item(ItemStatus.NEW, incident),),
        )
        row = Notified("chat", name, incident.alert, incident.severity, name, Timestamp(2.0))
        await store.outbox.enqueue(message, [row])
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
