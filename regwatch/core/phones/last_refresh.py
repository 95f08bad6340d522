"""When an extension was last heard, and from when on its silence is known: told by its leases and
their habit, never by when it was asked.
"""

from collections.abc import Iterable

from msgspec import Struct

from regwatch.core.model import FAR_OFF, Registration, Timestamp
from regwatch.core.phones.habits import MARGIN_SECONDS, ROUNDING, Habit

SLACK_SHARE = 0.01
"""Of the lease, and ten seconds at least: how much later a refresh may come than ever before. Less
than before a person is told of one phone: that its place is out takes the silence of many, and so
it is known before they are told of one by one.
"""


class LastRefresh(Struct, frozen=True, gc=False):
    """The last sign of life of an extension, and the next one that is due."""

    heard_at: Timestamp
    """Its last refresh. No later than that, where its lease is not known."""
    due_at: Timestamp
    """When it would surely have refreshed again: the latest usual point or, where no habit is
    known, the end of the lease; infinitely far off for a permanent registration.
    """
    silent_from: Timestamp
    """An answer from then on that shows this lease still means that it is silent."""


def last_refresh(
    registration: Registration,
    habit: Habit | None,
    *,
    known_since: Timestamp,
    learn_after: int,
    now: Timestamp,
) -> LastRefresh:
    """Of one registration. `known_since`: when its present lease was first seen; `learn_after`:
    refreshes from which on a habit is one.
    """
    ends_at = registration.lease_ends_at
    if ends_at is None:
        return LastRefresh(known_since, Timestamp(FAR_OFF), Timestamp(FAR_OFF))
    if habit is None or not habit.lease_high:
        return LastRefresh(min(known_since, now), ends_at, Timestamp(ends_at + ROUNDING))
    heard_at = Timestamp(min(ends_at - habit.lease, now))
    ended_at = Timestamp(ends_at + ROUNDING + habit.wobble)
    if habit.refreshes < learn_after or not habit.is_steady:
        return LastRefresh(heard_at, ends_at, ended_at)
    # The shorter the lease is taken to be, the later it was granted: the cautious side.
    due_at = Timestamp(min(ends_at - habit.lease_low + habit.latest, ends_at))
    slack = max(MARGIN_SECONDS, SLACK_SHARE * habit.lease) + habit.wobble
    return LastRefresh(heard_at, due_at, Timestamp(min(due_at + slack, ended_at)))


def latest(found: Iterable[LastRefresh]) -> LastRefresh | None:
    """Of all devices of an extension: it is silent when the last of them is; None: it has none."""
    known = list(found)
    if not known:
        return None
    return LastRefresh(
        max(each.heard_at for each in known),
        max(each.due_at for each in known),
        max(each.silent_from for each in known),
    )
