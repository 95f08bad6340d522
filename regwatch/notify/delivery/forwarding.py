"""What goes to another receiver in place of one that will not take it; pure."""

import hashlib
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from regwatch.core.dispatch.groups import in_order
from regwatch.core.model import IncidentId, Item, ItemStatus, Notification
from regwatch.notify.delivery.parcels import Parcel


def copy_for(fallback: str, notification: Notification) -> Notification:
    """The same for the other one. In a group of its own: it may be told of the same incidents in
    its own right, and the one is no news of the other.
    """
    return replace(
        notification,
        id=_derived(notification.id, fallback),
        receiver=fallback,
        group_key=f"for {notification.receiver}, {notification.group_key}",
        in_place_of=notification.receiver,
    )


def copies_for(
    fallback: str, parcel: Parcel, told: Collection[IncidentId]
) -> Sequence[Notification]:
    """Of those that were not forwarded already, as each is when it is refused first. `told`: what
    the other one heard of before, in place of this one; all else is news to it.
    """
    heard, copies = set(told), []
    for entry in parcel.entries:
        if entry.refused_at is not None:
            continue
        items = _as_heard(entry.notification, heard)
        if items:
            copies.append(copy_for(fallback, replace(entry.notification, items=items)))
    return copies


def _as_heard(notification: Notification, heard: set[IncidentId]) -> tuple[Item, ...]:
    """Its items for one who heard of these, and of what they tell from now on. The end of what it
    never heard of is not told.
    """
    items = []
    for item in notification.items:
        incident, is_known = item.incident, item.incident.id in heard
        if item.status is ItemStatus.RESOLVED:
            heard.discard(incident.id)
            items += [item] if is_known else []
        elif is_known and item.status is ItemStatus.STILL:
            items.append(item)
        else:
            heard.add(incident.id)
            items.append(Item(ItemStatus.NEW, incident, told_before=is_known))
    return in_order(items)


def end_for(fallback: str, parcel: Parcel, told: Collection[IncidentId]) -> Notification:
    """The end of those incidents whose firing the other one was told of."""
    items = tuple(
        Item(ItemStatus.RESOLVED, incident) for incident in parcel.resolved if incident.id in told
    )
    newest = parcel.entries[-1].notification
    end = replace(newest, items=items, id=_derived(newest.id, "end"))
    return copy_for(fallback, end)


def _derived(notification_id: str, word: str) -> str:
    """The same again for the same: storing it twice does nothing."""
    return hashlib.sha256(f"{notification_id}\0{word}".encode()).hexdigest()[:32]
