"""One group of one receiver: what was told in it, what is yet to be told, and why and when.

The rules stand at the head of `core/dispatch/grouping.py`, which alone changes a group.
"""

from collections.abc import Container, Iterable, Iterator, Mapping

from msgspec.structs import replace

from regwatch.core.clock_steps import move_all
from regwatch.core.dispatch.routing import Route
from regwatch.core.model import (
    FAR_OFF,
    Incident,
    IncidentId,
    Item,
    ItemStatus,
    Notification,
    Notified,
    NotifyReason,
    Severity,
    Timestamp,
    Word,
)

STILL = ItemStatus.STILL
RANKS = {severity: severity.rank for severity in Severity}


def is_news(row: Notified | None, incident: Incident) -> bool:
    """Whether a receiver that was told this, or nothing, has not heard of the incident as it is."""
    if row is None or row.resolved_at is not None or row.alert is not incident.alert:
        return True
    return RANKS[incident.severity] < RANKS[row.severity]


GROWN_FOLD = 2
"""Who was told of so many phones hears of it again once they are twice as many,"""
GROWN_SHARE = 0.5
"""or so much of the place more: at most a handful of times in the longest outage."""
GROWN_BY = 3
"""A few more are no news."""


def has_grown(row: Notified | None, incident: Incident) -> bool:
    """Whether many more phones are affected than a receiver was told; not for each single one."""
    toll, told = incident.toll, 0 if row is None or row.resolved_at is not None else row.out
    if toll is None or not told or toll.out < told + GROWN_BY:
        return False
    is_share = toll.of > 0 and toll.out - told >= GROWN_SHARE * toll.of
    return is_share or toll.out >= GROWN_FOLD * told


class Group:
    """What one receiver knows, and does not know yet, of one group."""

    __slots__ = (
        "due_at", "entry", "fresh", "gone", "grown", "key", "receiver", "repeats", "route",
        "spoken_at", "told",
    )  # fmt: skip

    def __init__(self, receiver: str, key: str, route: Route) -> None:
        self.receiver = receiver
        self.key = key
        self.route = route
        self.fresh: dict[IncidentId, Timestamp] = {}
        """Firing, and news to the receiver, since when."""
        self.told: dict[IncidentId, Notified] = {}
        """Told as firing and not yet as resolved."""
        self.gone: dict[IncidentId, Timestamp] = {}
        """Told, and resolved since when."""
        self.grown: dict[IncidentId, Timestamp] = {}
        """Told, and much larger than it was told, since when."""
        self.spoken_at: Timestamp | None = None
        self.repeats = 0
        self.due_at = Timestamp(FAR_OFF)
        self.entry = 0
        """The one entry of the agenda that counts; older ones are stale."""

    def add_told(self, row: Notified) -> None:
        """Take in what was told here and is not yet resolved."""
        self.told[row.incident_id] = row
        if self.spoken_at is None or row.firing_at >= self.spoken_at:
            self.spoken_at = row.firing_at
            self.repeats = row.repeats

    def withdraw(self, incident_id: IncidentId) -> Timestamp | None:
        """Take an incident out; since when it waited to be told, None if it did not."""
        self.told.pop(incident_id, None)
        gone_since = self.gone.pop(incident_id, self.grown.pop(incident_id, None))
        return self.fresh.pop(incident_id, gone_since)

    def forget_if_untold(self) -> None:
        """With no told incident left, the next message is the first again."""
        if not self.told:
            self.spoken_at = None
            self.repeats = 0

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        yield from move_all(self.fresh, Timestamp, by)
        yield from move_all(self.told, Notified, by)
        yield from move_all(self.gone, Timestamp, by)
        yield from move_all(self.grown, Timestamp, by)
        if self.spoken_at is not None:
            self.spoken_at = Timestamp(self.spoken_at + by)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say, now or later."""
        return not self.fresh and not self.told

    def triggers(
        self, incidents: Mapping[IncidentId, Incident]
    ) -> Iterator[tuple[NotifyReason, Timestamp]]:
        """Each reason to speak, the most telling first, and from when on it holds."""
        if self.fresh:
            yield self._news(incidents)
        if self.grown:
            waited = Timestamp(min(self.grown.values()) + self.route.wait)
            yield NotifyReason.GROWN, self._paced(waited, self._worst(incidents))
        if self.gone:
            everything = len(self.gone) == len(self.told) and not self.fresh
            reason = NotifyReason.ALL_RESOLVED if everything else NotifyReason.SOME_RESOLVED
            waited = Timestamp(min(self.gone.values()) + self.route.wait)
            worst = self._worst(incidents)
            is_awaited = everything and worst is not Severity.INFO
            yield reason, waited if is_awaited else self._paced(waited, _unhurried(worst))
        repeat = self.route.reminders(self._worst(incidents)) if self.told else ()
        if repeat and self.spoken_at is not None and self._is_on(incidents):
            pause = repeat[min(self.repeats, len(repeat) - 1)]
            yield NotifyReason.REPEAT_DUE, Timestamp(self.spoken_at + pause)

    def _is_on(self, incidents: Mapping[IncidentId, Incident]) -> bool:
        """Whether anything told fires still of which somebody is to be reminded."""
        if len(self.told) <= len(self.gone):
            return False
        firing = (incidents[i] for i in self.told if i not in self.gone)
        return any(not each.is_quiet and not each.acknowledged_by for each in firing)

    def _news(self, incidents: Mapping[IncidentId, Incident]) -> tuple[NotifyReason, Timestamp]:
        route, first = self.route, min(self.fresh.values())
        waited = Timestamp(first + route.wait)
        if self.spoken_at is None:
            return NotifyReason.FIRST_SEEN, waited
        known = [RANKS[row.severity] for i, row in self.told.items() if i not in self.gone]
        if not known:
            return NotifyReason.NEW_INCIDENTS, waited
        if min(RANKS[incidents[i].severity] for i in self.fresh) < min(known):
            return NotifyReason.WORSE, Timestamp(first + route.group_wait)
        return NotifyReason.NEW_INCIDENTS, self._paced(waited, self._worst(incidents))

    def _worst(self, incidents: Mapping[IncidentId, Incident]) -> Severity:
        """Of all that is to be told, and was told, as it was told."""
        found = {row.severity for row in self.told.values()}
        found.update(incidents[i].severity for i in self.fresh)
        return min(found, key=RANKS.__getitem__, default=Severity.INFO)

    def _paced(self, waited: Timestamp, worst: Severity) -> Timestamp:
        if self.spoken_at is None:
            return waited
        return max(waited, Timestamp(self.spoken_at + self.route.pace(worst)))

    def items(
        self, incidents: Mapping[IncidentId, Incident], known: Container[IncidentId]
    ) -> tuple[Item, ...]:
        """All there is to say, in the order of a notification. `known`: what the receiver was told
        of before, under whatever name.
        """
        others = (i for i in self.told if i not in self.fresh and i not in self.gone)
        parts = (
            (ItemStatus.NEW, (incidents[i] for i in self.fresh)),
            (ItemStatus.STILL, (each for i in others if not (each := incidents[i]).is_quiet)),
            (ItemStatus.RESOLVED, (incidents[i] for i in self.gone)),
        )
        return tuple(
            Item(
                status,
                each,
                status is ItemStatus.NEW and each.id in known,
                self.told[each.id].out if each.id in self.grown and status is STILL else 0,
            )
            for status, part in parts
            for each in sorted(part, key=_order)
        )


def saying(notification: Notification, words: Iterable[Word]) -> Notification:
    """The same notification, with these words, in its order."""
    items, mentions = [], []
    for word in words:
        if isinstance(word, Item):
            items.append(word)
        else:
            mentions.append(word)
    return replace(notification, items=in_order(items), mentions=tuple(mentions))


PLACES = {status: place for place, status in enumerate(ItemStatus)}


def in_order(items: Iterable[Item]) -> tuple[Item, ...]:
    """As a notification lists them."""
    return tuple(sorted(items, key=lambda item: (PLACES[item.status], _order(item.incident))))


def _unhurried(worst: Severity) -> Severity:
    """As what the end of one of several is to be told: nobody is to be sent for it."""
    return Severity.WARNING if worst is Severity.CRITICAL else worst


def _order(incident: Incident) -> tuple[int, str, str, str, str]:
    facts = incident.facts
    return (
        RANKS[incident.severity],
        incident.account,
        facts.extension,
        incident.subject,
        incident.id,
    )
