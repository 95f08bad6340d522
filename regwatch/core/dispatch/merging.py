"""Several messages of one group that nobody has seen yet, as the one that would be sent now.

After hours in which a receiver was away nobody wants to read how it got there. What still fires is
told once, as new; what began and ended unseen is not told at all; the end of what was told before
is told.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from regwatch.core.dispatch.groups import in_order
from regwatch.core.model import IncidentId, Item, ItemStatus, Notification, NotifyReason


def merged(messages: Sequence[Notification]) -> Notification | None:
    """One message in place of these, oldest first; None if there is nothing left to say."""
    if len(messages) == 1:
        return messages[0]
    items: dict[IncidentId, Item] = {}
    for message in messages:
        items = _after(items, message)
    if not items:
        return None
    newest, reason = messages[-1], messages[-1].reason
    if messages[0].reason is NotifyReason.FIRST_SEEN:  # it still begins the group's life
        reason = NotifyReason.FIRST_SEEN
    return replace(newest, reason=reason, items=in_order(items.values()))


def _after(unseen: dict[IncidentId, Item], message: Notification) -> dict[IncidentId, Item]:
    """What is to be said after one more message. What it leaves out is said all the same, if it
    was news: it went to another group, or is silenced.
    """
    left = {i: item for i, item in unseen.items() if item.status is not ItemStatus.STILL}
    for item in message.items:
        before = left.pop(item.incident.id, None)
        now = item if before is None else _instead(before, item)
        if now is not None:
            left[item.incident.id] = now
    return left


def _instead(before: Item, item: Item) -> Item | None:
    """What to say of an incident now; None: nothing, since nobody heard of it."""
    if before.status is not ItemStatus.NEW:
        return item
    if item.status is ItemStatus.RESOLVED:
        return item if before.told_before else None
    return Item(ItemStatus.NEW, item.incident, before.told_before)
