"""Whether the beginning of what a receiver is told ever arrived there; pure.

* The grouping supposes that what it queued arrives. Where the beginning of an incident was given
  up, or still waits because it was refused, the next message that speaks of it is the first: what
  fires in it is new, and an end alone is not told.
* What was told meanwhile, or came to nothing, is taken out of the refused messages that wait in
  front of it: they would tell the past.
* In doubt whether something arrived, it did: an end too many is better than none.
"""

from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from regwatch.core.dispatch.groups import saying
from regwatch.core.model import IncidentId, ItemStatus, Notification, Word
from regwatch.notify.delivery.deliveries import Entry

Beginning = tuple[str, IncidentId]
"""Of which incident, and in whose place it is told; empty: in the receiver's own right."""


def as_it_arrives(entry: Entry, missing: set[Beginning]) -> Notification:
    """The message for one to whom these beginnings are missing; what is missing after it is noted
    there.
    """
    notification = entry.notification
    line, before = notification.in_place_of, notification.words
    words = [_as_first(word) if _is_first(word, line, missing) else word for word in before]
    fires = (word for word in words if word.status is not ItemStatus.RESOLVED)
    if entry.may_have_arrived:
        missing.difference_update((line, word.id) for word in fires)
    else:
        missing.update((line, word.id) for word in fires if is_beginning(word))
    return notification if words == list(before) else saying(notification, words)


def _is_first(word: Word, line: str, missing: Collection[Beginning]) -> bool:
    return bool(missing) and word.status is not ItemStatus.RESOLVED and (line, word.id) in missing


def _as_first(word: Word) -> Word:
    return replace(word, status=ItemStatus.NEW, told_before=False)


def is_beginning(word: Word) -> bool:
    """Whether it is the first that its receiver hears of the incident."""
    return word.status is ItemStatus.NEW and not word.told_before


def without_bare_ends(
    notification: Notification | None, missing: Collection[Beginning]
) -> Notification | None:
    """What is left to say to whom these beginnings are missing; None: nothing."""
    if notification is None:
        return None
    line = notification.in_place_of
    bare = {
        word.id
        for word in notification.words
        if word.status is ItemStatus.RESOLVED and (line, word.id) in missing
    }
    return without(notification, bare)


def without(
    notification: Notification | None, incidents: Collection[IncidentId]
) -> Notification | None:
    """What is left to say but for these; None: nothing."""
    left = None if notification is None else _but_for(notification, incidents)
    return left if left is not None and left.words else None


def _but_for(notification: Notification, incidents: Collection[IncidentId]) -> Notification:
    items = tuple(item for item in notification.items if item.id not in incidents)
    mentions = tuple(each for each in notification.mentions if each.id not in incidents)
    return replace(notification, items=items, mentions=mentions)


def left_of(
    entries: Iterable[Entry], incidents: Collection[IncidentId], *, in_place_of: str
) -> Mapping[int, Notification]:
    """What these waiting messages have still to say once newer ones of the incidents are settled;
    those that do not speak of them are left alone.
    """
    left = {}
    for entry in entries:
        said = entry.notification
        rest = _but_for(said, incidents)
        if said.in_place_of == in_place_of and len(rest.words) < len(said.words):
            left[entry.id] = rest
    return left
