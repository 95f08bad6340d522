"""Incidents and notifications to send, from short descriptions."""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec.structs import replace

from regwatch.core.model import (
    AccountName,
    AlertName,
    ExtensionId,
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

NOW = Timestamp(datetime(2026, 11, 23, 3, 14, 5, tzinfo=UTC).timestamp())
ACME = AccountName("acme")
NEW, STILL, RESOLVED = ItemStatus.NEW, ItemStatus.STILL, ItemStatus.RESOLVED


def lost(number: int = 101, *, label: str = "Reception", site: str = "riga", ago: float = 125.0):
    """An extension whose lease ran out so many seconds ago, seen 12 s later."""
    started_at = Timestamp(NOW - ago)
    who = f"{number} ({label})" if label else f"{number}"
    at = f" at {site}" if site else ""
    return Incident(
        id=IncidentId(f"{number:016x}"),
        account=ACME,
        alert=AlertName.EXTENSION_LOST,
        severity=Severity.CRITICAL,
        subject=f"extension:{number}",
        state=IncidentState.FIRING,
        started_at=started_at,
        fired_at=Timestamp(started_at + 12),
        summary=f"{who} lost its registration{at}: its lease ran out without a refresh",
        explanation="Last seen registered 55 s before detection. Calls to it do not ring.",
        facts=Facts(
            account=ACME,
            extension_id=ExtensionId(number),
            extension=f"000*{number}",
            label=label,
            site=site,
            previous_state="registered",
            reason="expired",
            device="Yealink SIP-T46G 28.72.14.5",
            real_address="sip:203.0.113.7:62338",
            contact_address=f"sip:000*{number}@192.168.5.52:5062",
            registration_id=f"uloc-5731d93c-{number}",
            last_seen=Timestamp(started_at - 43),
            lease_ended=started_at,
            detected=Timestamp(started_at + 12),
        ),
    )


def overdue(number: int = 101, **where):
    """The same phone before its lease ended."""
    after = lost(number, **where)
    return replace(
        after,
        alert=AlertName.REFRESH_OVERDUE,
        severity=Severity.WARNING,
        summary=f"{number} is about to expire at riga: usually refreshes at 50 % of 3600 s",
        facts=replace(after.facts, reason="refresh_overdue", lease_ended=None),
    )


def escalated(number: int = 101):
    """An overdue refresh that became a loss."""
    return replace(lost(number), escalated_from=AlertName.REFRESH_OVERDUE)


def resolved(incident: Incident, *, after: float = 7500.0) -> Incident:
    """The incident, begun so long before now, over since a second ago."""
    ended_at = Timestamp(NOW - 1)
    return replace(
        incident,
        state=IncidentState.RESOLVED,
        started_at=Timestamp(ended_at - after),
        cleared_at=ended_at,
        resolved_at=ended_at,
    )


def api_unavailable() -> Incident:
    """What concerns an account, not an extension."""
    return Incident(
        id=IncidentId("a" * 16),
        account=ACME,
        alert=AlertName.API_UNAVAILABLE,
        severity=Severity.CRITICAL,
        subject="api",
        state=IncidentState.FIRING,
        started_at=Timestamp(NOW - 180),
        summary="The PBX's API does not answer for acme: no answer in time",
        explanation="While this lasts no loss can be seen, and none is concluded.",
        facts=Facts(account=ACME, reason="timeout", detected=Timestamp(NOW - 180)),
    )


def notification(
    *items: tuple[ItemStatus, Incident],
    number: int = 1,
    receiver: str = "chat",
    reason: NotifyReason = NotifyReason.NEW_INCIDENTS,
    created_at: Timestamp = NOW,
) -> Notification:
    """A message about these."""
    return Notification(
        id=f"n-{number}",
        receiver=receiver,
        group_key='{}/{severity="critical"}:{account="acme"}',
        group_labels={"account": "acme", "site": "riga"},
        reason=reason,
        created_at=created_at,
        items=tuple(Item(status, incident) for status, incident in items),
    )


def all_new(incidents: Iterable[Incident], **how) -> Notification:
    """A message in which all is new."""
    return notification(*((NEW, incident) for incident in incidents), **how)


def phones_lost(count: int, **how) -> Notification:
    """An outage of so many phones, each with everything known of it."""
    return all_new((lost(1000 + n, label=f"Desk {n}") for n in range(count)), **how)


def mixed() -> Notification:
    """Something of everything, over two sites."""
    return notification(
        (NEW, lost(101)),
        (NEW, lost(102, label="", ago=40)),
        (NEW, overdue(305, label="Lab", site="vilnius", ago=95)),
        (STILL, lost(110, label="Petrov & <Sons>", ago=4000)),
        (STILL, lost(111, label="Night *desk*", ago=90_000)),
        (RESOLVED, resolved(lost(120, label="Canteen"))),
    )


HOSTILE = (
    "<!channel> @everyone @all @here *_~|`[](http://x) <b>& #1 שלום مرحبا 👩‍👩‍👧🔥\u202e\ud800 "
)
"""Pings, markup, text from right to left, emoji, half a character: whatever a label may hold."""


def hostile(number: int, *, times: int = 60) -> Incident:
    """A phone whose every text is as bad as can be, and long."""
    text = HOSTILE * times
    incident = lost(number, label=text, site=text)
    address = "sip:1@" + "ß&<*@" * 300
    return replace(
        incident, facts=replace(incident.facts, device=text, real_address=address, reason=text)
    )


MESSAGES = {
    "one_lost": all_new([lost()]),
    "one_resolved": notification((RESOLVED, resolved(lost()))),
    "mixed": mixed(),
    "api_unavailable": all_new([api_unavailable()]),
    "500_lost": phones_lost(500),
    "many_of_each": notification(
        *((NEW, lost(n, label="", site=f"site {n % 5}")) for n in range(100, 150)),
        *((STILL, lost(n, label="", ago=9000)) for n in range(200, 204)),
        *((RESOLVED, resolved(lost(n, label=""))) for n in range(300, 350)),
    ),
    "hostile": all_new(hostile(n, times=1) for n in (101, 102)),
}
"""What golden files are kept of, for each kind that people read."""
