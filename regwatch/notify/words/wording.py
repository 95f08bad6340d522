"""What a message says below its first line, for every kind of chat: new, still and resolved apart,
one line per incident; pure. Markup and limits are the receivers' own.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from regwatch.core.addresses import host_of
from regwatch.core.durations import humanise
from regwatch.core.model import (
    AlertName,
    FailureReason,
    Incident,
    ItemStatus,
    Notification,
    Timestamp,
    Toll,
)
from regwatch.notify.words.times import clock_time

TITLES = {
    AlertName.EXTENSION_LOST: ("extension lost", "extensions lost"),
    AlertName.SIGNED_OFF: ("extension signed off", "extensions signed off"),
    AlertName.REGISTRATION_LOST: ("device lost", "devices lost"),
    AlertName.REFRESH_OVERDUE: ("refresh overdue", "refreshes overdue"),
    AlertName.NEVER_REGISTERED: ("extension never registered", "extensions never registered"),
    AlertName.API_UNAVAILABLE: ("PBX API unavailable", "PBX APIs unavailable"),
    AlertName.CREDENTIALS_REFUSED: ("credentials refused", "credentials refused"),
    AlertName.QUOTA_EXHAUSTED: ("request quota exhausted", "request quotas exhausted"),
    AlertName.SITE_LOST: ("site lost", "sites lost"),
    AlertName.FLAPPING: ("extension flapping", "extensions flapping"),
    AlertName.ADDRESS_CHANGED: ("address changed", "addresses changed"),
    AlertName.FOREIGN_NETWORK: (
        "extension in a foreign network",
        "extensions in foreign networks",
    ),
    AlertName.DEVICE_CHANGED: ("device exchanged", "devices exchanged"),
    AlertName.RECEIVER_BROKEN: ("alert receiver broken", "alert receivers broken"),
    AlertName.MEMORY_LOST: ("memory lost", "memories lost"),
    AlertName.STORE_DAMAGED: ("database damaged", "databases damaged"),
    AlertName.ACCOUNT_LOST: ("account lost", "accounts lost"),
    AlertName.LIST_SHRANK: ("list shrank", "lists shrank"),
    AlertName.UNANSWERED: ("extensions unanswered", "extensions unanswered"),
    AlertName.REGISTRAR_RESTARTED: ("registrar restarted", "registrars restarted"),
}
REASONS = {
    "expired": "lease ran out without a refresh",
    "unregistered": "signed off",
    "ended_unseen": "lease ran out, or signed off",
    "deleted": "deleted through regwatch, not back",
    "account_lost": "a large part of the account vanished at once",
    "list_shrank": "many are gone from the PBX's list at once",
    "unanswered": "the PBX leaves them out of its answers",
    "site_lost": "many of its phones are silent",
    "flapping": "comes and goes",
    "address_changed": "registers from another address",
    "foreign_network": "registers from outside its site's networks",
    "device_changed": "another model of device registers",
    "forgotten": "forgotten by the registrar, not back",
    "refresh_overdue": "usual refresh did not come",
    "receiver_broken": "the receiver refuses what it is sent",
    "memory_lost": "regwatch's database was damaged",
    "store_damaged": "regwatch's database was damaged",
    "never_registered": "no device since it is watched",
    FailureReason.NETWORK: "no connection to the PBX",
    FailureReason.TIMEOUT: "the PBX does not answer in time",
    FailureReason.SERVER_ERROR: "the PBX reports an error of its own",
    FailureReason.BAD_ANSWER: "the PBX does not answer as its API promises",
    FailureReason.QUOTA_EXHAUSTED: "the request quota is used up",
    FailureReason.THROTTLED: "the PBX refuses concurrent requests",
    FailureReason.CREDENTIALS_REFUSED: "the PBX refuses the credentials",
    FailureReason.TOKEN_REFUSED: "the PBX refuses a token that it has just granted",
    FailureReason.ACCESS_DENIED: "the registration resource is closed to this application",
    FailureReason.REJECTED: "the PBX refuses the request",
    FailureReason.NOT_FOUND: "the PBX knows no such resource",
    FailureReason.REDIRECTED: "the PBX redirects to another host",
    FailureReason.FROZEN_ANSWERS: "the PBX gives the same answer again and again",
}
TRIAL = "test"
"""The subject of an incident that is none."""


@dataclass(frozen=True, slots=True)
class Line:
    """One incident, in words."""

    incident: Incident
    who: str
    """`101 (Reception)`, or the account."""
    where: str
    """The site, or the address of a place that no site names; empty if there is neither."""
    when: str
    """`since 22:14:05 UTC (2 h 5 min)` or `over after 2 h 5 min, at 22:14:05 UTC`."""
    title: str
    """`extension lost`"""
    details: tuple[str, ...]
    """Device, last address, reason, lag: what is known of them."""


@dataclass(frozen=True, slots=True)
class Section:
    """The incidents of one status, as many as fit."""

    status: ItemStatus
    count: int
    lines: tuple[Line, ...]

    @property
    def left_out(self) -> int:
        """How many are not among the lines."""
        return self.count - len(self.lines)


def counts(notification: Notification) -> str:
    """`3 new, 2 still, 1 resolved`; what there is none of is left out."""
    numbers = Counter(word.status for word in notification.words)
    return ", ".join(f"{numbers[status]} {status}" for status in ItemStatus if numbers[status])


def unacknowledged(seconds: float) -> str:
    """Why somebody is told, too: ` (not acknowledged for 15 min)`; empty for 0, of who is told in
    any case.
    """
    return f" (not acknowledged for {humanise(seconds)})" if seconds else ""


def sections(
    notification: Notification, *, max_lines: int, zone: tzinfo = UTC
) -> tuple[Section, ...]:
    """New, still and resolved, with at most so many lines in all.

    Each kind gets a third if it needs it, and what one leaves is the next one's, so that the
    resolved ones are not crowded out by many new ones.
    """
    numbers = Counter(word.status for word in notification.words)
    of_status = {s: [i for i in notification.items if i.status is s] for s in ItemStatus}
    shares = _shares([numbers[status] for status in ItemStatus], max_lines)
    return tuple(
        Section(
            status=status,
            count=numbers[status],
            lines=tuple(
                line(item.incident, item.grown_from, now=notification.created_at, zone=zone)
                for item in of_status[status][:share]
            ),
        )
        for status, share in zip(ItemStatus, shares, strict=True)
        if numbers[status]
    )


def line(incident: Incident, grown_from: int = 0, *, now: Timestamp, zone: tzinfo = UTC) -> Line:
    """One incident in words. `grown_from`: how many phones it was when it was told last."""
    return Line(
        incident=incident,
        who=who(incident),
        where=incident.facts.site or incident.facts.place,
        when=_when(incident, now=now, zone=zone),
        title=_title(incident),
        details=tuple(detail for detail in _details(incident, grown_from) if detail),
    )


def who(incident: Incident) -> str:
    """The extension's number and label, or the receiver, or the account if it concerns that as a
    whole.
    """
    facts = incident.facts
    if facts.receiver:
        return f"receiver {facts.receiver}"
    if facts.extension_id is None:
        return facts.account or "regwatch itself"
    return f"{number_of(incident)} ({facts.label})" if facts.label else number_of(incident)


def number_of(incident: Incident) -> str:
    """The number that people dial; the id where none is known."""
    facts = incident.facts
    return facts.extension.split("@", 1)[0].rsplit("*", 1)[-1] or f"id {facts.extension_id}"


def left_out_note(section: Section) -> str:
    """`… and 480 more new ones`; empty if none is left out."""
    if not section.left_out:
        return ""
    return f"… and {section.left_out} more {section.status}, not listed here"


def how_many(toll: Toll) -> str:
    """`18 of 20`, or `9` where nobody knows of how many."""
    return f"{toll.out} of {toll.of}" if toll.of else f"{toll.out}"


def truncate(text: str, limit: int) -> str:
    """At most so many characters, an ellipsis showing the cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _shares(needs: Sequence[int], available: int) -> list[int]:
    shares = [0] * len(needs)
    order = sorted(range(len(needs)), key=lambda index: needs[index])
    for position, index in enumerate(order):
        shares[index] = min(needs[index], available // (len(needs) - position))
        available -= shares[index]
    return shares


def _when(incident: Incident, *, now: Timestamp, zone: tzinfo) -> str:
    if incident.resolved_at is not None:
        lasted = humanise(incident.resolved_at - incident.started_at)
        return f"over after {lasted}, at {clock_time(incident.resolved_at, now=now, zone=zone)}"
    lasting = humanise(now - incident.started_at)
    return f"since {clock_time(incident.started_at, now=now, zone=zone)} ({lasting})"


def _title(incident: Incident) -> str:
    return TRIAL if incident.subject == TRIAL else TITLES[incident.alert][0]


def _details(incident: Incident, grown_from: int) -> Iterable[str]:
    facts = incident.facts
    if incident.toll is not None and grown_from:
        yield f"grown: {how_many(incident.toll)}, was {grown_from}"
    if facts.extension_id is None:
        yield incident.explanation
    yield facts.device
    address = host_of(facts.real_address)
    yield f"last at {address}" if address else ""
    yield REASONS.get(facts.reason, facts.reason.replace("_", " "))
    lag = facts.detection_lag_seconds
    yield f"seen {humanise(lag)} after the lease ended" if lag is not None else ""
    if incident.resolved_at is not None:
        yield incident.resolution
    elif incident.acknowledged_by:
        yield f"acknowledged by {incident.acknowledged_by}"
