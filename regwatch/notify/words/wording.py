"""What a message says, for every kind of chat; pure. Markup and limits are the receivers' own.

The first line alone tells how many, since when, what and where; it is cut from the end, so the
least needed goes first. Then new, still and resolved apart, one line per incident.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from regwatch.core.addresses import host_of
from regwatch.core.durations import humanise
from regwatch.core.model import (
    AlertName,
    FailureReason,
    Incident,
    ItemStatus,
    Mention,
    Notification,
    NotifyReason,
    Timestamp,
    Word,
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
NAMED_SITES = 2
"""Of more sites than this the first line gives the number only."""


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
    """`3 new · 2 still · 1 resolved`; what there is none of is left out."""
    numbers = Counter(word.status for word in notification.words)
    return " · ".join(f"{numbers[status]} {status}" for status in ItemStatus if numbers[status])


def headline(notification: Notification) -> str:
    """The first line: how many, since when, what, where."""
    about = notification.matter
    if not about:
        return "Nothing to report"
    if notification.reason is NotifyReason.TEST:
        return notification.items[0].incident.summary
    when = _period(about, is_over=notification.is_resolved, now=notification.created_at)
    said = f"{counts(notification)}, {when}: {_what(about)}"
    is_over = notification.is_resolved
    return said if is_over else said + unacknowledged(notification.unacknowledged_for)


def unacknowledged(seconds: float) -> str:
    """Why somebody is told, too: ` (not acknowledged for 15 min)`; empty for 0, of who is told in
    any case.
    """
    return f" (not acknowledged for {humanise(seconds)})" if seconds else ""


def sections(notification: Notification, *, max_lines: int) -> tuple[Section, ...]:
    """New, still and resolved, with at most so many lines in all.

    Each kind gets a third if it needs it, and what one leaves is the next one's, so that the
    resolved ones are not crowded out by many new ones.
    """
    numbers = Counter(word.status for word in notification.words)
    shares = _shares([numbers[status] for status in ItemStatus], max_lines)
    return tuple(
        Section(
            status=status,
            count=numbers[status],
            lines=tuple(
                line(incident, now=notification.created_at)
                for incident in notification.with_status(status)[:share]
            ),
        )
        for status, share in zip(ItemStatus, shares, strict=True)
        if numbers[status]
    )


def line(incident: Incident, *, now: Timestamp) -> Line:
    """One incident in words."""
    return Line(
        incident=incident,
        who=who(incident),
        where=incident.facts.site or incident.facts.place,
        when=_when(incident, now=now),
        title=_title(incident),
        details=tuple(detail for detail in _details(incident) if detail),
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
    number = facts.extension.split("@", 1)[0].rsplit("*", 1)[-1] or f"id {facts.extension_id}"
    return f"{number} ({facts.label})" if facts.label else number


def link(incident: Incident, external_url: str) -> str:
    """Where the status page shows it; empty without an external URL."""
    return f"{external_url.rstrip('/')}/#incident-{incident.id}" if external_url else ""


def left_out_note(section: Section) -> str:
    """`… and 480 more new ones`; empty if none is left out."""
    if not section.left_out:
        return ""
    return f"… and {section.left_out} more {section.status}, not listed here"


def truncate(text: str, limit: int) -> str:
    """At most so many characters, an ellipsis showing the cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _period(about: Sequence[Word], *, is_over: bool, now: Timestamp) -> str:
    if is_over:
        longest = max(word.seconds for word in about)
        return f"after {'up to ' if len(about) > 1 else ''}{humanise(longest)}"
    return f"since {clock_time(Timestamp(min(word.seconds for word in about)), now=now)}"


def _what(about: Sequence[Word]) -> str:
    if len(about) > 1:
        return f"{_kinds(about)} {_places(about)}"
    (only,) = about
    if isinstance(only, Mention):
        return f"{TITLES[only.alert][0]} at {only.where}"
    incident = only.incident
    if only.status is ItemStatus.RESOLVED:
        where = incident.facts.site or incident.facts.place
        at = f" at {where}" if where else ""
        return f"{TITLES[only.alert][0]}, {who(incident)}{at}"
    return incident.summary or f"{TITLES[only.alert][0]}, {who(incident)}"


def _kinds(about: Iterable[Word]) -> str:
    numbers = Counter(word.alert for word in about)
    return ", ".join(
        f"{number} {TITLES[alert][number != 1]}" for alert, number in numbers.most_common()
    )


def _places(about: Iterable[Word]) -> str:
    """Where most of it is comes first; an incident without a site counts for its account."""
    names = [name for name, _ in Counter(word.where for word in about).most_common()]
    if len(names) > NAMED_SITES:
        return f"at {len(names)} places, most at {names[0]}"
    return "at " + " and ".join(names)


def _shares(needs: Sequence[int], available: int) -> list[int]:
    shares = [0] * len(needs)
    order = sorted(range(len(needs)), key=lambda index: needs[index])
    for position, index in enumerate(order):
        shares[index] = min(needs[index], available // (len(needs) - position))
        available -= shares[index]
    return shares


def _when(incident: Incident, *, now: Timestamp) -> str:
    if incident.resolved_at is not None:
        lasted = humanise(incident.resolved_at - incident.started_at)
        return f"over after {lasted}, at {clock_time(incident.resolved_at, now=now)}"
    lasting = humanise(now - incident.started_at)
    return f"since {clock_time(incident.started_at, now=now)} ({lasting})"


def _title(incident: Incident) -> str:
    return TRIAL if incident.subject == TRIAL else TITLES[incident.alert][0]


def _details(incident: Incident) -> Iterable[str]:
    facts = incident.facts
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
