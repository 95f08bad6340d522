"""What is remembered of an extension besides its last answer, so that the next one can be judged:
since when its entries are known, when they refresh, how the last one ended.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.model import (
    Answer,
    ChangeKind,
    Registration,
    RegistrationId,
    Timestamp,
    Watched,
)
from regwatch.core.phones.diff import BEGINNINGS, ENDS, Change
from regwatch.core.phones.doubt import Doubt
from regwatch.core.phones.habits import UNKNOWN, Habit, begin, inherit, learn
from regwatch.core.phones.identity import Track, Tracks, model_of, two_live
from regwatch.core.phones.past_devices import NOTHING_LEFT, Left, left


class Loss(Struct, frozen=True, gc=False):
    """A registration that ended, as its extension remembers it."""

    registration: Registration
    reason: str
    """As its change is called, or `forgotten` by a restarted registrar."""
    last_seen_at: Timestamp
    """The last answer that still showed it."""
    detected_at: Timestamp
    awaited_until: Timestamp | None = None
    """Until when one of many that vanished at once may come back by itself; None also once it is
    told of by itself.
    """
    is_seen_once: bool = False
    """Whether no second answer could confirm it."""

    @property
    def began_at(self) -> Timestamp:
        """By then it was gone at the latest: at the lease's end if that had come, else when it was
        detected.
        """
        ends_at = self.registration.lease_ends_at
        if self.reason not in ("expired", "ended_unseen") or ends_at is None:
            return self.detected_at
        return Timestamp(min(ends_at, self.detected_at))

    @property
    def is_good_bye(self) -> bool:
        """Whether it un-REGISTERed: it worked until then. Not, as far as is known, as one of many
        that vanished at once.
        """
        return self.reason == "unregistered" and self.awaited_until is None

    @property
    def lease_ended_at(self) -> Timestamp | None:
        """When its lease ran out, if that is how it ended."""
        return self.began_at if self.reason == "expired" else None


LOSSES = {
    ChangeKind.EXPIRED: "expired",
    ChangeKind.UNREGISTERED: "unregistered",
    ChangeKind.ENDED_UNSEEN: "ended_unseen",
    ChangeKind.DELETED: "deleted",
}


class Lately(Struct, frozen=True, gc=False):
    """Its changes that count for flapping."""

    times: tuple[Timestamp, ...]
    """The latest last."""
    is_away: bool
    """Whether the last one was a loss."""


class Memory(Struct, frozen=True, gc=False):
    """What is remembered of an extension besides its last answer."""

    tracks: Tracks = {}
    habits: Mapping[RegistrationId, Habit] = {}
    loss: Loss | None = None
    """How its last registration ended; None while it is registered."""
    former: tuple[str, Habit] | None = None
    """The device that was here last, and its habit: it may come back."""
    lately: Lately | None = None
    """What it did lately. Only as it is stored: while we run, `flapping` knows it."""
    several_at: Timestamp | None = None
    """When it was last seen with two devices side by side, to the day."""
    left: Left = NOTHING_LEFT
    """What it registered with and from before."""
    doubt: Doubt | None = None
    """An answer that showed it gone, and is not believed yet."""

    def has_several(self, *, now: Timestamp) -> bool:
        """Whether it had two devices side by side, and not too long ago."""
        return self.several_at is not None and now - self.several_at < REMEMBERED_SECONDS


NOTHING_REMEMBERED = Memory()
REMEMBERED_SECONDS = 30 * 86_400.0
"""Whoever was not seen with two devices for so long has one."""
DAY = 86_400.0


def remember(memory: Memory, watched: Watched, answer: Answer, changes: Iterable[Change]) -> Memory:
    """What is to be remembered after an answer; `watched` as it was before it."""
    if watched.answered_at is None:
        first = Track(answer.answered_at, answer.answered_at)
        return Memory({r.id: first for r in answer.registrations})
    tracks, habits = dict(memory.tracks), dict(memory.habits)
    loss, former = memory.loss, memory.former
    for change in changes:
        old = change.before
        if old is not None and change.kind in ENDS:
            former = _former(old, habits) or former
        _remember_track(change, tracks)
        if (entry := _left_out(change, memory.loss)) is not None:  # nothing is learned of it
            habits[entry.id] = UNKNOWN if former is None else former[1]
        else:
            _remember_habit(change, watched, habits, former)
        if old is not None and change.kind in LOSSES:
            loss = _later(loss, _loss(change, watched.answered_at))
    if answer.registered:
        loss = None
    several_at = _several_at(memory, answer, tracks)
    return Memory(tracks, habits, loss, former, None, several_at, left(memory.left, changes))


def _several_at(memory: Memory, answer: Answer, tracks: Tracks) -> Timestamp | None:
    now, before = answer.answered_at, memory.several_at
    if before is not None and now - before < DAY:
        return before
    is_seen = len(answer.registrations) > 1 and two_live(answer.registrations, tracks)
    return now if is_seen else before


def _left_out(change: Change, loss: Loss | None) -> Registration | None:
    """The entry that was lost, if it is what seems to begin: it was there all the time."""
    entry = change.after
    if change.kind not in BEGINNINGS or entry is None or loss is None:
        return None
    return entry if entry.id == loss.registration.id else None


def _former(
    ended: Registration, habits: Mapping[RegistrationId, Habit]
) -> tuple[str, Habit] | None:
    habit = habits.get(ended.id)
    return None if habit is None or not habit.refreshes else (ended.device, habit)


def _remember_track(change: Change, tracks: dict[RegistrationId, Track]) -> None:
    before, after = change.before, change.after
    if change.kind is ChangeKind.REFRESHED and after is not None:
        track = tracks.get(after.id) or Track(change.at, change.at)
        tracks[after.id] = replace(track, refreshed_at=change.at)
    elif change.kind in BEGINNINGS and after is not None:
        tracks[after.id] = Track(change.at, change.at)
    elif before is not None and change.kind in ENDS:
        tracks.pop(before.id, None)


def _remember_habit(
    change: Change,
    watched: Watched,
    habits: dict[RegistrationId, Habit],
    former: tuple[str, Habit] | None,
) -> None:
    before, after = change.before, change.after
    asked_before_at = watched.answered_at or change.at
    if change.kind is ChangeKind.REFRESHED and before is not None and after is not None:
        habits[after.id] = learn(
            habits.get(after.id),
            before,
            after,
            asked_at_before=asked_before_at,
            asked_at_after=change.at,
        )
    elif change.kind in BEGINNINGS and after is not None:
        fresh = begin(after, asked_at_before=asked_before_at, now=change.at)
        known = _known_habit(after.device, watched, habits, former)
        habits[after.id] = inherit(known, fresh)
    elif before is not None and change.kind in ENDS:
        habits.pop(before.id, None)


def _known_habit(
    device: str,
    watched: Watched,
    habits: Mapping[RegistrationId, Habit],
    former: tuple[str, Habit] | None,
) -> Habit:
    """That of this device under another entry: one it left to run out, or one that ended."""
    for registration in watched.registrations:
        if model_of(registration.device) == model_of(device) and registration.id in habits:
            return habits[registration.id]
    is_same = former is not None and model_of(former[0]) == model_of(device)
    return former[1] if former is not None and is_same else UNKNOWN


def _loss(change: Change, last_seen_at: Timestamp) -> Loss:
    assert change.before is not None  # noqa: S101 - a loss is of something
    return Loss(change.before, LOSSES[change.kind], last_seen_at, change.at)


def _later(one: Loss | None, other: Loss) -> Loss:
    """Of two losses the one that left the extension without registration."""
    if one is None or other.began_at >= one.began_at:
        return other
    return one


def losses_in(changes: Iterable[Change], last_seen_at: Timestamp) -> Iterator[Loss]:
    """The registrations that ended without an heir."""
    for change in changes:
        if change.kind in LOSSES:
            yield _loss(change, last_seen_at)
