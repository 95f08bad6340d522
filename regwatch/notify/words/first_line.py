"""The first line of a message, which a lock screen shows 40 characters of; pure.

How bad, then who or where and what, then numbers and times: what is cut off is needed least.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from regwatch.core.addresses import is_address
from regwatch.core.durations import humanise
from regwatch.core.model import (
    AccountName,
    AlertName,
    Incident,
    IncidentState,
    Item,
    ItemStatus,
    Notification,
    NotifyReason,
    Timestamp,
    Toll,
    Word,
)
from regwatch.notify.words.times import short_time
from regwatch.notify.words.wording import (
    TITLES,
    counts,
    how_many,
    number_of,
    truncate,
    unacknowledged,
)

RESOLVED = "RESOLVED"
PLACE_LIMIT, LABEL_LIMIT = 16, 60
"""Of names: what is wrong there is to be seen behind them. Addresses are never cut."""
UNNAMED = AccountName("default")
"""Of the only account, where the file gives it no name: it tells nobody anything."""


@dataclass(frozen=True, slots=True)
class Short:
    """What is wrong with one, and that it is so no more, in as few words as can be."""

    is_so: str
    is_over: str
    many: str = ""
    """After a number of phones, where one incident is about many."""


SHORT = {
    AlertName.EXTENSION_LOST: Short("lost", "back"),
    AlertName.SIGNED_OFF: Short("signed off", "back"),
    AlertName.REGISTRATION_LOST: Short("lost a device", "all devices back"),
    AlertName.REFRESH_OVERDUE: Short("overdue", "heard again"),
    AlertName.NEVER_REGISTERED: Short("never registered", "registered"),
    AlertName.API_UNAVAILABLE: Short("PBX API does not answer", "PBX API answers again"),
    AlertName.CREDENTIALS_REFUSED: Short("PBX refuses our access", "PBX grants access again"),
    AlertName.QUOTA_EXHAUSTED: Short("request quota used up", "request quota whole again"),
    AlertName.SITE_LOST: Short("place out", "place back", "phones silent"),
    AlertName.FLAPPING: Short("comes and goes", "steady again"),
    AlertName.ADDRESS_CHANGED: Short(
        "has a new address", "address steady", "phones have a new address"
    ),
    AlertName.FOREIGN_NETWORK: Short("in foreign network", "out of foreign network"),
    AlertName.DEVICE_CHANGED: Short("is another model", "model steady"),
    AlertName.RECEIVER_BROKEN: Short("refuses our messages", "takes messages again"),
    AlertName.MEMORY_LOST: Short("database lost, memory gone", "runs on a new database"),
    AlertName.STORE_DAMAGED: Short("database damaged", "runs on a sound database"),
    AlertName.ACCOUNT_LOST: Short("many phones gone", "phones back", "phones gone at once"),
    AlertName.LIST_SHRANK: Short(
        "list shrank", "PBX list whole again", "phones gone from PBX list"
    ),
    AlertName.UNANSWERED: Short(
        "phones unanswered", "PBX answers for all", "phones not answered by PBX"
    ),
    AlertName.REGISTRAR_RESTARTED: Short(
        "PBX restarted", "back after PBX restart", "phones forgotten by PBX"
    ),
}

OF_PHONES = frozenset(
    {
        AlertName.EXTENSION_LOST,
        AlertName.SIGNED_OFF,
        AlertName.REGISTRATION_LOST,
        AlertName.REFRESH_OVERDUE,
        AlertName.NEVER_REGISTERED,
        AlertName.FLAPPING,
        AlertName.ADDRESS_CHANGED,
        AlertName.FOREIGN_NETWORK,
        AlertName.DEVICE_CHANGED,
    }
)
"""Alerts of which each is about one phone, as a rule."""


def headline(notification: Notification, *, zone: tzinfo = UTC) -> str:
    """The first line of a message."""
    about, now = notification.matter, notification.created_at
    if not about:
        return "Nothing to report"
    first = about[0]
    if notification.reason is NotifyReason.TEST and isinstance(first, Item):
        return first.incident.summary
    is_over = notification.is_resolved
    word = RESOLVED if is_over else notification.severity.value.upper()
    if len(about) == 1 and isinstance(first, Item):
        told = _of_one(first.incident, first.grown_from, now, zone)
    else:
        told = f"{_many(about)} {_period(about, is_over=is_over, now=now, zone=zone)}"
    late = "" if is_over else unacknowledged(notification.unacknowledged_for)
    return f"{word} {told}{_besides(notification)}{late}"


def first_line(incident: Incident, *, now: Timestamp, zone: tzinfo = UTC) -> str:
    """The same for one incident alone: where each has a message of its own."""
    is_over = incident.state is IncidentState.RESOLVED
    word = RESOLVED if is_over else incident.severity.value.upper()
    if incident.site_labels.get("regwatch_test"):
        return incident.summary
    return f"{word} {_of_one(incident, 0, now, zone)}"


def _of_one(incident: Incident, was: int, now: Timestamp, zone: tzinfo) -> str:
    is_over = incident.resolved_at is not None
    what = _over(incident) if is_over else _firing(incident, was)
    lasted = (incident.resolved_at or now) - incident.started_at
    if is_over:
        return f"{what} after {humanise(lasted)}{_still_out(incident.toll)}"
    back = f", {incident.toll.back} back" if incident.toll and incident.toll.back else ""
    return f"{what} since {short_time(incident.started_at, now=now, zone=zone)}{back}"


def _firing(incident: Incident, was: int) -> str:
    short, toll = SHORT[incident.alert], incident.toll
    if toll is None:
        return _about(incident, short.is_so)
    more = f" (grown, was {was})" if was else ""
    return f"{whose(incident)}: {how_many(toll)} {short.many}{more}"


def _over(incident: Incident) -> str:
    short, toll = SHORT[incident.alert], incident.toll
    if toll is None or not (toll.back or toll.out):
        return _about(incident, short.is_over)
    if toll.back:
        return f"{whose(incident)}: {toll.back} of {toll.back + toll.out} back"
    if toll.names:
        return f"{whose(incident)}: not the whole place"
    return f"{whose(incident)}: {short.is_over}"


def _still_out(toll: Toll | None) -> str:
    if toll is None or not toll.names:
        return f"; still out: {toll.out}" if toll and toll.back and toll.out else ""
    more = toll.out - len(toll.names)
    return f"; still out: {', '.join(toll.names)}" + (f" and {more} more" if more > 0 else "")


def _about(incident: Incident, what: str) -> str:
    """`101 lost at riga (Reception)`: what it is comes before names that may be long."""
    facts = incident.facts
    if facts.extension_id is None or incident.toll is not None:
        return f"{whose(incident)}: {what}"
    at = f" at {truncate(facts.site, PLACE_LIMIT)}" if facts.site else ""
    if not at and incident.account not in ("", UNNAMED):
        at = f" in {truncate(incident.account, PLACE_LIMIT)}"
    label = f" ({truncate(facts.label, LABEL_LIMIT)})" if facts.label else ""
    return f"{number_of(incident)} {what}{at}{label}"


def whose(incident: Incident) -> str:
    """The place, the receiver or the account: what it is about as a whole."""
    facts = incident.facts
    if facts.receiver:
        return f"receiver {truncate(facts.receiver, PLACE_LIMIT)}"
    return facts.place or truncate(facts.site or facts.account or "regwatch", PLACE_LIMIT)


def _many(about: Sequence[Word]) -> str:
    return f"{_places(about)}: {_kinds(about)}"


def _kinds(about: Iterable[Word]) -> str:
    over = all(word.status is ItemStatus.RESOLVED for word in about)
    numbers = Counter(word.alert for word in about).most_common()
    return ", ".join((_ended if over else _counted)(alert, number) for alert, number in numbers)


def _counted(alert: AlertName, number: int) -> str:
    return f"{number} {TITLES[alert][number != 1]}"


def _ended(alert: AlertName, number: int) -> str:
    of_phones = ("phone" if number == 1 else "phones") if alert in OF_PHONES else "×"
    return f"{number} {of_phones} {SHORT[alert].is_over}"


def _places(about: Iterable[Word]) -> str:
    """Where most of it is comes first; an incident without a site counts for its account."""
    first, *others = (name for name, _ in Counter(word.where for word in about).most_common())
    if len(others) == 1 and len(f"{first}{others[0]}") <= PLACE_LIMIT:
        return f"{first} and {others[0]}"
    place = first if is_address(first) else truncate(first, PLACE_LIMIT)
    return f"{place} and {len(others)} more" if others else place


def _period(about: Sequence[Word], *, is_over: bool, now: Timestamp, zone: tzinfo) -> str:
    if is_over:
        longest = max(word.seconds for word in about)
        return f"after {'up to ' if len(about) > 1 else ''}{humanise(longest)}"
    earliest = Timestamp(min(word.seconds for word in about))
    return f"since {short_time(earliest, now=now, zone=zone)}"


def _besides(notification: Notification) -> str:
    """How many are new, and that it is told again."""
    words, about = notification.words, notification.matter
    is_mixed = len({word.status for word in words}) > 1
    numbers = f" ({counts(notification)})" if is_mixed else ""
    if notification.reason is not NotifyReason.REPEAT_DUE:
        return numbers
    began = min(word.seconds for word in about)
    return f", still after {humanise(notification.created_at - began)}{numbers}"
