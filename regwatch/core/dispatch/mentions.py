"""What a message holds of thousands of incidents: the first of each part as they are, of the others
only what must be known to count, merge and end them, in few bytes.

Made in full, a message is shortened where it is stored. Who wants more of it than it then shows,
as Alertmanager does, looks the others up when it is sent.
"""

import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.dispatch.groups import PLACES
from regwatch.core.model import (
    AlertName,
    Incident,
    IncidentId,
    IncidentState,
    Item,
    ItemStatus,
    Mention,
    Notification,
    NotifyReason,
    Severity,
    Timestamp,
    Word,
)

MOST_SHOWN = 30
"""Of each part. No chat takes more lines; whoever wants more looks it up."""
HEXADECIMAL = re.compile("[0-9a-f]{16}")
"""What incidents' ids are; another one is kept as it is."""
PAIR = struct.Struct(">QI")
"""An id, and seconds."""
LATEST = 2**32 - 1
"""The greatest number of seconds that fits; in the year 2106."""

W = TypeVar("W", Item, Mention)

Form = tuple[ItemStatus, bool, AlertName, Severity, str]
"""What many mentions have in common: status, whether told before, alert, severity, where."""


class Bunch(Struct, frozen=True, gc=False, array_like=True):
    """Mentions that have all but incident and time in common."""

    status: ItemStatus
    told_before: bool
    alert: AlertName
    severity: Severity
    where: str
    packed: bytes
    """Id and whole seconds of each."""
    others: tuple[tuple[str, float], ...] = ()
    """The same, of those whose ids are of another kind."""

    def __post_init__(self) -> None:
        if len(self.packed) % PAIR.size:
            raise ValueError("half an incident")


class Stored(Struct, frozen=True, gc=False, kw_only=True):
    """A message as it is stored. One of an earlier version shows all, and has no bunches."""

    id: str
    receiver: str
    group_key: str
    group_labels: Mapping[str, str]
    reason: NotifyReason
    created_at: Timestamp
    items: tuple[Item, ...]
    in_place_of: str = ""
    unacknowledged_for: float = 0.0
    bunches: tuple[Bunch, ...] = ()


def stored_form(notification: Notification, *, most: int = MOST_SHOWN) -> Stored:
    """The message, shortened so that it shows so many of each part, and packed."""
    items, rest = _split(notification.items, {}, most=most)
    return Stored(
        id=notification.id,
        receiver=notification.receiver,
        group_key=notification.group_key,
        group_labels=notification.group_labels,
        reason=notification.reason,
        created_at=notification.created_at,
        items=tuple(items),
        in_place_of=notification.in_place_of,
        unacknowledged_for=notification.unacknowledged_for,
        bunches=tuple(_bunches((*rest, *notification.mentions))),
    )


def from_stored(stored: Stored) -> Notification:
    """The message, as much of it as was kept."""
    return Notification(
        id=stored.id,
        receiver=stored.receiver,
        group_key=stored.group_key,
        group_labels=stored.group_labels,
        reason=stored.reason,
        created_at=stored.created_at,
        items=stored.items,
        in_place_of=stored.in_place_of,
        unacknowledged_for=stored.unacknowledged_for,
        mentions=tuple(each for bunch in stored.bunches for each in _mentions(bunch)),
    )


def shortened(notification: Notification) -> Notification:
    """The message, as much of it as is kept."""
    return from_stored(stored_form(notification))


def not_shown(notification: Notification, *, most: int) -> tuple[IncidentId, ...]:
    """Which incidents are to be looked up, so that so many of each part are shown; 0: all."""
    shown = Counter(item.status for item in notification.items)
    wanted, _ = _split(notification.mentions, shown, most=most)
    return tuple(each.id for each in wanted)


def with_shown(notification: Notification, found: Mapping[IncidentId, Incident]) -> Notification:
    """The message with these incidents in full; those it shows already stay as they were then."""
    if not found:
        return notification
    items, mentions = list(notification.items), []
    for each in notification.mentions:
        incident = found.get(each.id)
        if incident is None:
            mentions.append(each)
        else:
            items.append(Item(each.status, _as_told(each, incident), each.told_before))
    items.sort(key=lambda item: PLACES[item.status])
    return replace(notification, items=tuple(items), mentions=tuple(mentions))


def _as_told(mention: Mention, incident: Incident) -> Incident:
    """The incident may have ended since a message told of it: its end is the next one's to tell."""
    is_over = incident.state is IncidentState.RESOLVED
    if is_over == (mention.status is ItemStatus.RESOLVED):
        return incident
    if is_over:
        return replace(
            incident,
            state=IncidentState.FIRING,
            cleared_at=None,
            resolved_at=None,
            resolution="",
        )
    ended_at = Timestamp(incident.started_at + mention.seconds)
    return replace(incident, state=IncidentState.RESOLVED, resolved_at=ended_at)


def _split(
    words: Iterable[W], shown: Mapping[ItemStatus, int], *, most: int
) -> tuple[list[W], list[W]]:
    """The first of each part, and the rest; `shown`: how many there are before them; 0: all."""
    counts = Counter(shown)
    first: list[W] = []
    rest: list[W] = []
    for word in words:
        counts[word.status] += 1
        (rest if 0 < most < counts[word.status] else first).append(word)
    return first, rest


def _bunches(words: Iterable[Word]) -> Iterator[Bunch]:
    alike: dict[Form, list[tuple[str, float]]] = {}
    for word in words:
        form = (word.status, word.told_before, word.alert, word.severity, word.where)
        alike.setdefault(form, []).append((word.id, word.seconds))
    for form, pairs in alike.items():
        packed = (_packed(*pair) for pair in pairs if HEXADECIMAL.fullmatch(pair[0]))
        others = tuple(pair for pair in pairs if not HEXADECIMAL.fullmatch(pair[0]))
        yield Bunch(*form, b"".join(packed), others)


def _packed(incident_id: str, seconds: float) -> bytes:
    return PAIR.pack(int(incident_id, 16), min(LATEST, max(0, int(seconds))))


def _mentions(bunch: Bunch) -> Iterator[Mention]:
    pairs = [(f"{number:016x}", seconds) for number, seconds in PAIR.iter_unpack(bunch.packed)]
    for incident_id, seconds in (*pairs, *bunch.others):
        yield Mention(
            bunch.status,
            IncidentId(incident_id),
            bunch.alert,
            bunch.severity,
            bunch.where,
            seconds,
            bunch.told_before,
        )
