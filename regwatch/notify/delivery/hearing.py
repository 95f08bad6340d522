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

from regwatch.core.dispatch.groups import in_order
from regwatch.core.model import IncidentId, Item, ItemStatus, Notification
from regwatch.notify.delivery.deliveries import Entry

Beginning = tuple[str, IncidentId]
"""Of which incident, and in whose place it is told; empty: in the receiver's own right."""


def as_it_arrives(entry: Entry, missing: set[Beginning]) -> Notification:
    """The message for one to whom these beginnings are missing; what is missing after it is noted
    there.
    """
    notification = entry.notification
    line = notification.in_place_of
    items = tuple(
        Item(ItemStatus.NEW, item.incident) if _is_first(item, line, missing) else item
        for item in notification.items
    )
    fires = (item for item in items if item.status is not ItemStatus.RESOLVED)
    if entry.may_have_arrived:
        missing.difference_update((line, item.incident.id) for item in fires)
    else:
        missing.update((line, item.incident.id) for item in fires if is_beginning(item))
    if items == notification.items:
        return notification
    return replace(notification, items=in_order(items))


def _is_first(item: Item, line: str, missing: Collection[Beginning]) -> bool:
    return item.status is not ItemStatus.RESOLVED and (line, item.incident.id) in missing


def is_beginning(item: Item) -> bool:
    """Whether it is the first that its receiver hears of the incident."""
    return item.status is ItemStatus.NEW and not item.told_before


def without_bare_ends(
    notification: Notification | None, missing: Collection[Beginning]
) -> Notification | None:
    """What is left to say to whom these beginnings are missing; None: nothing."""
    if notification is None:
        return None
    line = notification.in_place_of
    bare = [
        item.incident.id
        for item in notification.items
        if item.status is ItemStatus.RESOLVED and (line, item.incident.id) in missing
    ]
    return without(notification, bare)


def without(
    notification: Notification | None, incidents: Collection[IncidentId]
) -> Notification | None:
    """What is left to say but for these; None: nothing."""
    said = () if notification is None else notification.items
    items = tuple(item for item in said if item.incident.id not in incidents)
    return replace(notification, items=items) if notification is not None and items else None


def left_of(
    entries: Iterable[Entry], incidents: Collection[IncidentId], *, in_place_of: str
) -> Mapping[int, Notification]:
    """What these waiting messages have still to say once newer ones of the incidents are settled;
    those that do not speak of them are left alone.
    """
    left = {}
    for entry in entries:
        said = entry.notification
        items = tuple(item for item in said.items if item.incident.id not in incidents)
        if said.in_place_of == in_place_of and len(items) < len(said.items):
            left[entry.id] = replace(said, items=items)
    return left
