"""What of a receiver's waiting messages is to be sent together, and which of them next; pure.

* Messages of one group that have certainly not arrived are one parcel (`core/dispatch/merging.py`),
  unless what stands between them speaks of the same incidents. One that may have arrived, since its
  answer was lost, is sent again as it was, before those after it.
* Parcels go out in the order of their oldest messages. One that waits for another attempt holds up
  those behind it, since order is promised.
* One that was refused holds up nobody: it may be at fault itself. It is tried again every hour,
  and before anything fresh behind it, though not more often than once a minute.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from regwatch.core.dispatch.merging import merged
from regwatch.core.model import (
    FAR_OFF,
    Consequences,
    IncidentId,
    ItemStatus,
    Notification,
    Timestamp,
    Word,
)
from regwatch.notify.delivery.deliveries import Entry
from regwatch.notify.delivery.hearing import (
    Beginning,
    as_it_arrives,
    is_beginning,
    left_of,
    without,
    without_bare_ends,
)

NEVER = Timestamp(FAR_OFF)
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
    def in_place_of(self) -> str:
        """In whose place they are told; empty: in the receiver's own right."""
        return self.entries[0].notification.in_place_of

    @property
    def incidents(self) -> Sequence[IncidentId]:
        """All that its messages speak of."""
        words = (word for entry in self.entries for word in entry.notification.words)
        return tuple(dict.fromkeys(word.id for word in words))

    def after(self, taken: "Parcel") -> "Parcel":
        """What is left of it once the other, which is newer, was taken."""
        told = taken.incidents if taken.in_place_of == self.in_place_of else ()
        return replace(self, notification=without(self.notification, told))

    @property
    def resolved(self) -> Sequence[IncidentId]:
        """All whose end is told in its messages, also where they come to nothing."""
        return tuple(dict.fromkeys(word.id for word in self.ends))

    @property
    def ends(self) -> Iterator[Word]:
        """What its messages say of those."""
        for entry in self.entries:
            yield from (w for w in entry.notification.words if w.status is ItemStatus.RESOLVED)


def parcels(entries: Iterable[Entry], unheard: Collection[Beginning] = ()) -> list[Parcel]:
    """Entries of one receiver, oldest first, as parcels in the order in which they go out.
    `unheard`: whose beginning was given up before it arrived.
    """
    parts: list[list[tuple[Entry, Notification]]] = []
    part_of: dict[tuple[str, bool, Timestamp | None], int] = {}
    spoken_of: dict[IncidentId, int] = {}
    missing = set(unheard)
    for entry in entries:
        # What waits unrefused holds up what is behind it: those of a group that were tried and wait
        # were tried as one, and go again as that one, with its id.
        apart = entry.refused_at if entry.may_have_arrived else None
        key = (entry.notification.group_key, entry.may_have_arrived, apart)
        incidents = [word.id for word in entry.notification.words]
        part = part_of.get(key)
        if part is None or _stands_apart(entry, part, spoken_of):
            part = part_of[key] = len(parts)
            parts.append([])
        parts[part].append((entry, as_it_arrives(entry, missing)))
        spoken_of.update(dict.fromkeys(incidents, part))
    return [_parcel(part, missing) for part in parts]


def _stands_apart(entry: Entry, part: int, spoken_of: Mapping[IncidentId, int]) -> bool:
    """Whether a message goes after all parcels before it, though one of its group is among them."""
    said = entry.notification
    # An incident that left for another group is told there after what is told of it here.
    if any(spoken_of.get(word.id, part) > part for word in said.words):
        return True
    # What was refused, and may have arrived all the same, is not taken back: an end that would come
    # to nothing with it is told.
    was_alone = entry.may_have_arrived and entry.refused_at is not None
    ends = (word for word in said.words if word.status is ItemStatus.RESOLVED)
    return was_alone and any(spoken_of.get(word.id) == part for word in ends)


def _parcel(part: Sequence[tuple[Entry, Notification]], missing: Collection[Beginning]) -> Parcel:
    message = without_bare_ends(merged([notification for _, notification in part]), missing)
    return Parcel(tuple(entry for entry, _ in part), message)


def when_settled(parcel: Parcel, behind: Iterable[Parcel]) -> Consequences:
    """Once it was taken, or came to nothing. `behind`: those in front of it that wait."""
    entries = (entry for each in behind for entry in each.entries)
    return Consequences(
        receiver=parcel.entries[0].receiver,
        in_place_of=parcel.in_place_of,
        settled=parcel.incidents,
        left=left_of(entries, frozenset(parcel.incidents), in_place_of=parcel.in_place_of),
    )


def when_given_up(parcel: Parcel, *, may_have_arrived: bool) -> Consequences:
    """Once it is tried no more."""
    # What is new only because an older message still waits is that one's to answer for.
    words = (word for entry in parcel.entries for word in entry.notification.words)
    left = {word.id for word in parcel.notification.words} if parcel.notification else ()
    begun = [word.id for word in words if is_beginning(word) and word.id in left]
    return Consequences(
        receiver=parcel.entries[0].receiver,
        in_place_of=parcel.in_place_of,
        settled=parcel.incidents if may_have_arrived else (),
        unheard=() if may_have_arrived else begun,
    )


def chances(refused: Iterable[Parcel]) -> Iterator[Parcel]:
    """Those that may be tried one after the other, as they are. That the end of what one of them
    begins was left out of the next was right only while the one waited.
    """
    begun: set[IncidentId] = set()
    for parcel in refused:
        if begun.isdisjoint(parcel.resolved):
            yield parcel
        begun.update(parcel.incidents)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, or when to ask again."""

    parcel: Parcel | None
    at: Timestamp
    behind: tuple[Parcel, ...] = ()
    """Refused parcels in front of it: if it is taken, they are at fault, and not the receiver."""


def next_turn(
    waiting: Sequence[Parcel],
    *,
    longest_pause: float = FAR_OFF,
    woken_at: Timestamp = NEVER,
    at_fault: Collection[int] = (),
    now: Timestamp,
) -> Turn:
    """What is to be sent now. What waits for longer than any pause lasts was put off by a clock
    that was wrong, or is now: it is due. `woken_at`: when the pause after a failure ends at the
    latest. `at_fault`: messages that are refused though others are taken.
    """
    last_fresh = _last_fresh(waiting, now)
    passed: list[Parcel] = []
    soonest = Timestamp(FAR_OFF)
    for index, parcel in enumerate(waiting):
        if parcel.notification is None:
            return Turn(parcel, now, tuple(passed))
        refused_at = parcel.refused_at
        due_at = parcel.due_at
        if refused_at is None:
            due_at = min(due_at, woken_at)
        elif index <= last_fresh and not any(each in at_fault for each in parcel.ids):
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
