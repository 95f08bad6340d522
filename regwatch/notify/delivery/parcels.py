"""What of a receiver's waiting messages is to be sent together, and which of them next; pure.

* Messages of one group that have certainly not arrived are one parcel (`core/dispatch/merging.py`),
  unless what stands between them speaks of the same incidents. One that may have arrived, since its
  answer was lost, is sent again as it was, before those after it.
* Parcels go out in the order of their oldest messages. One that waits for another attempt holds up
  those behind it, since order is promised.
* One that was refused holds up nobody: it may be at fault itself. It is tried again every hour,
  and before anything fresh behind it, though not more often than once a minute.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from regwatch.core.dispatch.merging import merged
from regwatch.core.model import FAR_OFF, Incident, IncidentId, ItemStatus, Notification, Timestamp
from regwatch.notify.delivery.deliveries import Entry

REFUSED_PAUSE = 60.0
"""Seconds between two attempts with what was refused, whatever comes meanwhile."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Messages that are sent as one."""

    entries: tuple[Entry, ...]
    notification: Notification | None
    """What they come to; None: nothing is left to say."""

    @property
    def ids(self) -> tuple[int, ...]:
        """Of its messages."""
        return tuple(entry.id for entry in self.entries)

    @property
    def due_at(self) -> Timestamp:
        """Not to be tried before."""
        return max(entry.next_attempt_at for entry in self.entries)

    @property
    def attempts(self) -> int:
        """How often the most tried of them was."""
        return max(entry.attempts for entry in self.entries)

    @property
    def created_at(self) -> Timestamp:
        """When the oldest was stored."""
        return min(entry.created_at for entry in self.entries)

    @property
    def refused_at(self) -> Timestamp | None:
        """When one of them was refused last; None: never."""
        return max((e.refused_at for e in self.entries if e.refused_at is not None), default=None)

    @property
    def incidents(self) -> Sequence[IncidentId]:
        """All that its messages speak of."""
        items = (item for entry in self.entries for item in entry.notification.items)
        return tuple(dict.fromkeys(item.incident.id for item in items))

    @property
    def resolved(self) -> Sequence[Incident]:
        """All whose end is told in its messages, also where they come to nothing."""
        found: dict[str, Incident] = {}
        for entry in self.entries:
            for incident in entry.notification.with_status(ItemStatus.RESOLVED):
                found[incident.id] = incident
        return tuple(found.values())


def parcels(entries: Iterable[Entry]) -> list[Parcel]:
    """Entries of one receiver, oldest first, as parcels in the order in which they go out."""
    parts: list[list[Entry]] = []
    part_of: dict[tuple[str, bool], int] = {}
    spoken_of: dict[IncidentId, int] = {}
    for entry in entries:
        key = (entry.notification.group_key, entry.may_have_arrived)
        incidents = [item.incident.id for item in entry.notification.items]
        part = part_of.get(key)
        # An incident that left for another group is told there after what is told of it here.
        if part is None or any(spoken_of.get(i, part) > part for i in incidents):
            part = part_of[key] = len(parts)
            parts.append([])
        parts[part].append(entry)
        spoken_of.update(dict.fromkeys(incidents, part))
    return [Parcel(tuple(part), _message(part)) for part in parts]


def _message(entries: Sequence[Entry]) -> Notification | None:
    return merged([entry.notification for entry in entries])


def without(notification: Notification | None, newer: Notification) -> Notification | None:
    """What is left to say once the newer one was taken; None: nothing."""
    if notification is None:
        return None
    told = {item.incident.id for item in newer.items}
    items = tuple(item for item in notification.items if item.incident.id not in told)
    return replace(notification, items=items) if items else None


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, or when to ask again."""

    parcel: Parcel | None
    at: Timestamp
    behind: tuple[Parcel, ...] = ()
    """Refused parcels in front of it: if it is taken, they are at fault, and not the receiver."""


def next_turn(waiting: Sequence[Parcel], *, longest_pause: float = FAR_OFF, now: Timestamp) -> Turn:
    """What is to be sent now. What waits for longer than any pause lasts was put off by a clock
    that was wrong, or is now: it is due.
    """
    last_fresh = _last_fresh(waiting, now)
    passed: list[Parcel] = []
    soonest = Timestamp(FAR_OFF)
    for index, parcel in enumerate(waiting):
        if parcel.notification is None:
            return Turn(parcel, now)
        refused_at = parcel.refused_at
        due_at = parcel.due_at
        if refused_at is not None and index <= last_fresh:
            due_at = Timestamp(refused_at + REFUSED_PAUSE)
        if due_at <= now or due_at > now + longest_pause:
            return Turn(parcel, now, tuple(passed))
        soonest = min(soonest, due_at)
        if refused_at is None:
            break
        passed.append(parcel)
    return Turn(None, soonest)


def _last_fresh(waiting: Sequence[Parcel], now: Timestamp) -> int:
    """Up to where something waits that is worth an attempt of all before it; -1: nowhere."""
    return max(_fresh_indices(waiting, now), default=-1)


def _fresh_indices(waiting: Sequence[Parcel], now: Timestamp) -> Iterator[int]:
    for index, parcel in enumerate(waiting):
        fresh = [entry for entry in parcel.entries if entry.refused_at is None]
        if fresh and max(entry.next_attempt_at for entry in fresh) <= now:
            yield index
        if fresh and parcel.refused_at is None and parcel.due_at > now:
            return  # it holds up the rest
