"""Values as they are stored."""

from pathlib import Path

from fakes.values import ACME, at, extension, registration

from regwatch.core.history import Happening, Kind
from regwatch.core.model import (
    AccountName,
    AlertName,
    ExtensionId,
    ExtensionState,
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
    Watched,
)
from regwatch.store import Store

TAKES_NOTHING = """
CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END
"""
"""A table that is there, and into which nothing can be written."""


def url(file: Path) -> str:
    return f"sqlite:///{file}"


async def reopened(store: Store, file: Path) -> Store:
    await store.close()
    return await Store.open(url(file))


def watched(number: int) -> Watched:
    return Watched(
        extension(number, "Petrov"),
        site="riga",
        state=ExtensionState.REGISTERED,
        since=at(1),
        answered_at=at(2),
        registrations=(registration(),),
        last_registered_at=at(2),
        first_answered_at=at(0),
    )


def incident(
    name: str = "i1", state: IncidentState = IncidentState.FIRING, **more: object
) -> Incident:
    return Incident(
        id=IncidentId(name),
        account=ACME,
        alert=AlertName.EXTENSION_LOST,
        severity=Severity.CRITICAL,
        subject=f"extension:{name}",
        state=state,
        started_at=at(0),
        fired_at=at(1),
        facts=Facts(account=ACME, extension_id=ExtensionId(3), device="Yealink", last_seen=at(0)),
        **more,  # type: ignore[arg-type]
    )


def notification(name: str = "n1", receiver: str = "chat", when: float = 5) -> Notification:
    return Notification(
        id=name,
        receiver=receiver,
        group_key="all:{}",
        group_labels={"account": "acme"},
        reason=NotifyReason.FIRST_SEEN,
        created_at=at(when),
        items=(Item(ItemStatus.NEW, incident()),),
    )


def told(name: str = "i1", receiver: str = "chat", **more: object) -> Notified:
    return Notified(
        receiver,
        IncidentId(name),
        AlertName.EXTENSION_LOST,
        Severity.CRITICAL,
        "all:{}",
        firing_at=at(5),
        **more,  # type: ignore[arg-type]
    )


def happening(when: float, *, extension: int = 3, account: str = "acme") -> Happening:
    return Happening(
        at=at(when), kind=Kind.REGISTRATION, event="expired", account=AccountName(account),
        extension_id=ExtensionId(extension), incident_id=IncidentId(f"i{extension}"),
    )  # fmt: skip
