"""What goes to another receiver in place of one that will not take it; pure."""

import hashlib
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from regwatch.core.dispatch.groups import saying
from regwatch.core.model import IncidentId, ItemStatus, Notification, Word
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
        words = _as_heard(entry.notification, heard)
        if words:
            copies.append(copy_for(fallback, saying(entry.notification, words)))
    return copies


def _as_heard(notification: Notification, heard: set[IncidentId]) -> Sequence[Word]:
    """What it says to one who heard of these, and of what it tells from now on. The end of what
    that one never heard of is not told.
    """
    words: list[Word] = []
    for word in notification.words:
        is_known = word.id in heard
        if word.status is ItemStatus.RESOLVED:
            heard.discard(word.id)
            words += [word] if is_known else []
        elif is_known and word.status is ItemStatus.STILL:
            words.append(word)
        else:
            heard.add(word.id)
            words.append(replace(word, status=ItemStatus.NEW, told_before=is_known))
    return words


def end_for(fallback: str, parcel: Parcel, told: Collection[IncidentId]) -> Notification:
    """The end of those incidents whose firing the other one was told of."""
    ends = {word.id: word for word in parcel.ends if word.id in told}
    newest = parcel.entries[-1].notification
    end = replace(newest, id=_derived(newest.id, "end"))
    return copy_for(fallback, saying(end, (replace(w, told_before=False) for w in ends.values())))


def _derived(notification_id: str, word: str) -> str:
    """The same again for the same: storing it twice does nothing."""
    return hashlib.sha256(f"{notification_id}\0{word}".encode()).hexdigest()[:32]
