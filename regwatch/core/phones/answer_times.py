"""What a phone that is well changes with every answer: when it was answered, and its leases' ends.
All of an account's phones do so all the time; so these are stored for themselves, many in one
value, every few minutes. The rest of an extension is stored where something is beyond them.

After a crash, an extension is what it was at *one* answer: the one of its last row, or the one of
the times stored after it. Never half of each: a lease of one answer beside the time of another
would look like a refresh that did not come.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.model import ExtensionId, Registration, RegistrationId, Timestamp, Watched
from regwatch.core.phones.diff import LEASE_SLACK
from regwatch.core.phones.habits import FADING, ROUNDING, UNKNOWN, Habit
from regwatch.core.phones.identity import Track, Tracks
from regwatch.core.phones.memory import Memory


class AnswerTime(Struct, frozen=True, gc=False):
    """When an extension was last answered, and how long its leases ran by that answer."""

    extension_id: ExtensionId
    answered_at: Timestamp
    lease_ends: tuple[Timestamp | None, ...]
    """Of its registrations, in their order."""


def time_of(watched: Watched) -> AnswerTime | None:
    """That of its last answer; None if it was never answered."""
    if watched.answered_at is None:
        return None
    ends = tuple(each.lease_ends_at for each in watched.registrations)
    return AnswerTime(watched.extension.id, watched.answered_at, ends)


# --- what they do not tell ------------------------------------------------------------------------


def is_beyond(before: Watched, after: Watched) -> bool:
    """Whether more of an extension changed than the times of its answer."""
    return (
        before.state is not after.state
        or before.reason != after.reason
        or before.since != after.since
        or before.site != after.site
        or before.first_answered_at != after.first_answered_at
        or len(before.registrations) != len(after.registrations)
        or any(map(_differs, before.registrations, after.registrations))
    )


def _differs(one: Registration, other: Registration) -> bool:
    return (
        one.id != other.id
        or one.device != other.device
        or one.real_address != other.real_address
        or one.contact_address != other.contact_address
        or (one.lease_ends_at is None) != (other.lease_ends_at is None)
    )


def is_remembered_otherwise(before: Memory, after: Memory) -> bool:
    """Whether more is remembered of an extension than one refresh more. While a habit is young,
    all that is learned counts: a crash would put off the first warning by what it forgets.
    """
    return (
        before.loss != after.loss
        or before.doubt != after.doubt
        or before.several_at != after.several_at
        or before.left != after.left
        or before.former != after.former
        or before.earlier != after.earlier
        or before.warned != after.warned
        or _beginnings(before.tracks) != _beginnings(after.tracks)
        or any(_is_young(before.habits.get(i, UNKNOWN), h) for i, h in after.habits.items())
    )


def _beginnings(tracks: Tracks) -> Mapping[RegistrationId, Timestamp]:
    return {each: track.first_seen_at for each, track in tracks.items()}


def is_learned(before: Memory, after: Memory) -> bool:
    """Whether a habit became another one, not only smoother: one whose latest refresh point were
    forgotten would call a healthy phone late.
    """
    return any(
        _is_another(before.habits.get(each, UNKNOWN), habit) for each, habit in after.habits.items()
    )


def _is_young(old: Habit, new: Habit) -> bool:
    if new.refreshes > FADING:
        return False
    return (new.refreshes, new.lease_low, new.lease_high) != (
        old.refreshes,
        old.lease_low,
        old.lease_high,
    )


def _is_another(old: Habit, new: Habit) -> bool:
    return (
        new.refreshes < old.refreshes
        or abs(new.lease_low - old.lease_low) > ROUNDING
        or abs(new.lease_high - old.lease_high) > ROUNDING
        or new.latest - old.latest > ROUNDING
        or old.earliest - new.earliest > ROUNDING
        or new.wobble - old.wobble > ROUNDING
    )


# --- after a restart ------------------------------------------------------------------------------


def brought_up(watched: Watched, memory: Memory, time: AnswerTime | None) -> tuple[Watched, Memory]:
    """A stored extension as it was at the answer whose times were stored later than it; as it is,
    if there are none, or they do not fit it.
    """
    if time is None or len(time.lease_ends) != len(watched.registrations):
        return watched, memory
    pairs = list(zip(watched.registrations, time.lease_ends, strict=True))
    if any((held.lease_ends_at is None) != (ends is None) for held, ends in pairs):
        return watched, memory
    known = replace(
        watched,
        answered_at=time.answered_at,
        registrations=tuple(replace(held, lease_ends_at=ends) for held, ends in pairs),
        last_registered_at=time.answered_at if pairs else watched.last_registered_at,
    )
    return known, replace(memory, tracks=_moved_on(memory.tracks, watched, time))


def _moved_on(tracks: Tracks, watched: Watched, time: AnswerTime) -> Tracks:
    """Who goes on as before refreshed by as much later as its lease ends later."""
    moved = dict(tracks)
    for held, ends in zip(watched.registrations, time.lease_ends, strict=True):
        track, before = tracks.get(held.id), held.lease_ends_at
        if track is None or before is None or ends is None or ends - before <= LEASE_SLACK:
            continue
        moved[held.id] = _refreshed(track, ends - before, watched, time)
    return moved


def _refreshed(track: Track, later: float, watched: Watched, time: AnswerTime) -> Track:
    """No earlier than the answer that did not show it yet, no later than the one that did."""
    supposed = max(track.refreshed_at + later, watched.answered_at or time.answered_at)
    return replace(track, refreshed_at=Timestamp(min(supposed, time.answered_at)))
