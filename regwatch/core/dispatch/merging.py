"""Several messages of one group that nobody has seen yet, as the one that would be sent now.

After hours in which a receiver was away nobody wants to read how it got there. What still fires is
told once, as new; what began and ended unseen is not told at all; the end of what was told before
is told.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from regwatch.core.dispatch.groups import saying
from regwatch.core.model import IncidentId, Item, ItemStatus, Notification, NotifyReason, Word


def merged(messages: Sequence[Notification]) -> Notification | None:
    """One message in place of these, oldest first; None if there is nothing left to say."""
    if len(messages) == 1:
        return messages[0]
    words: dict[IncidentId, Word] = {}
    for message in messages:
        words = _after(words, message)
    if not words:
        return None
    newest, reason = messages[-1], messages[-1].reason
    if messages[0].reason is NotifyReason.FIRST_SEEN:  # it still begins the group's life
        reason = NotifyReason.FIRST_SEEN
    waited = max(message.unacknowledged_for for message in messages)
    return saying(replace(newest, reason=reason, unacknowledged_for=waited), words.values())


def _after(unseen: dict[IncidentId, Word], message: Notification) -> dict[IncidentId, Word]:
    """What is to be said after one more message. What it leaves out is said all the same, if it
    was news: it went to another group, or is silenced.
    """
    left = {i: word for i, word in unseen.items() if word.status is not ItemStatus.STILL}
    for word in message.words:
        before = left.pop(word.id, None)
        now = word if before is None else _instead(before, word)
        if now is not None:
            left[word.id] = now
    return left


def _instead(before: Word, word: Word) -> Word | None:
    """What to say of an incident now; None: nothing, since nobody heard of it."""
    if before.status is not ItemStatus.NEW:
        return _grown_since(before, word)
    if word.status is ItemStatus.RESOLVED:
        return word if before.told_before else None
    return replace(word, status=ItemStatus.NEW, told_before=before.told_before)


def _grown_since(before: Word, word: Word) -> Word:
    """Who saw neither message saw it as small as it was before both."""
    if isinstance(before, Item) and isinstance(word, Item) and word.status is ItemStatus.STILL:
        return replace(word, grown_from=before.grown_from or word.grown_from)
    return word
