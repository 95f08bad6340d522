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
from regwatch.core.phones.habits import UNKNOWN, Habit, begin, inherit, learn, renewed
from regwatch.core.phones.identity import RANKS, Evidence, Track, Tracks, same_device, two_live
from regwatch.core.phones.past_devices import NOTHING_LEFT, Left, left
from regwatch.core.phones.warned import Warned


class Loss(Struct, frozen=True, gc=False):
    """A registration that ended, as its extension remembers it."""

    registration: Registration
    reason: str
    """As its change is called, or `forgotten` by a restarted registrar."""
    last_seen_at: Timestamp
    """The last answer that still showed it."""
    detected_at: Timestamp
    awaited_until: Timestamp | None = None
    """Until when a forgotten one may come back by itself."""
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
        """Whether it un-REGISTERed: it worked until then."""
        return self.reason == "unregistered"

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


Former = tuple[str, Habit]
"""A device that was here, by its User-Agent, and its habit."""
MOST_FORMER = 3
"""Besides the last: all devices of an extension may be without power at once."""
OF_ONE_MODEL = (Evidence.SAME_CONTACT, Evidence.SAME_HOST, Evidence.TAKES_OVER)


class Memory(Struct, frozen=True, gc=False):
    """What is remembered of an extension besides its last answer."""

    tracks: Tracks = {}
    habits: Mapping[RegistrationId, Habit] = {}
    loss: Loss | None = None
    """How its last registration ended; None while it is registered."""
    former: Former | None = None
    """The device that was here last: it may come back."""
    earlier: tuple[Former, ...] = ()
    """Those before it, the latest first."""
    lately: Lately | None = None
    """What it did lately. Only as it is stored: while we run, `flapping` knows it."""
    several_at: Timestamp | None = None
    """When it was last seen with two devices side by side, to the day."""
    left: Left = NOTHING_LEFT
    """What it registered with and from before."""
    doubt: Doubt | None = None
    """An answer that showed it gone, and is not believed yet."""
    warned: tuple[Warned, ...] = ()
    """What became of the last warnings of its refresh, the latest last."""

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
    loss, formers = memory.loss, _Formers(memory, answer)
    for change in changes:
        old = change.before
        if old is not None and change.kind in ENDS:
            formers.left(old, change.after)
        _remember_track(change, tracks)
        _remember_habit(change, watched, habits, formers)
        if old is not None and change.kind in LOSSES:
            loss = _later(loss, _loss(change, watched.answered_at))
    return Memory(
        tracks,
        habits,
        None if answer.registered else loss,
        formers.last,
        formers.earlier,
        several_at=_several_at(memory, answer, tracks),
        left=left(memory.left, changes),
        warned=memory.warned,
    )


def _several_at(memory: Memory, answer: Answer, tracks: Tracks) -> Timestamp | None:
    now, before = answer.answered_at, memory.several_at
    if before is not None and now - before < DAY:
        return before
    is_seen = len(answer.registrations) > 1 and two_live(answer.registrations, tracks)
    return now if is_seen else before


class _Formers:
    """The devices that were here, while one answer is taken in."""

    def __init__(self, memory: Memory, answer: Answer) -> None:
        self._memory = memory
        self._has_several = memory.has_several(now=answer.answered_at)
        self._all = [*((memory.former,) if memory.former is not None else ()), *memory.earlier]

    @property
    def last(self) -> Former | None:
        """The last of them."""
        return self._all[0] if self._all else None

    @property
    def earlier(self) -> tuple[Former, ...]:
        """Those before it."""
        return tuple(self._all[1 : 1 + MOST_FORMER])

    def left(self, ended: Registration, heir: Registration | None) -> None:
        """An entry is gone, with what was known of its device, unless that goes on."""
        habit = self._memory.habits.get(ended.id)
        goes_on = heir is not None and heir.device == ended.device
        if habit is not None and habit.refreshes and not goes_on:
            self._all.insert(0, (ended.device, habit))

    def habit_of(self, came: Registration, held: Iterable[Registration], fresh: Habit) -> Habit:
        """That of the device that came with this lease: as it was under the entry whose heir it is
        or, if it was away meanwhile, as it was then. Nobody's twin lends it his.
        """
        old = self._origin_of(came, held)
        if old is not None:
            known = self._memory.habits[old.id]
            return inherit(known if old.device == came.device else renewed(known), fresh)
        for number, (device, habit) in enumerate(self._all):
            if device == came.device and (known := inherit(habit, fresh)) is not fresh:
                del self._all[number]  # its twin, if it comes back too, takes the other one
                return known
        return fresh

    def _origin_of(self, came: Registration, held: Iterable[Registration]) -> Registration | None:
        memory, found = self._memory, []
        for old in held:
            evidence = same_device(old, came, memory.tracks, has_several=self._has_several)
            if evidence in OF_ONE_MODEL and old.id in memory.habits:
                found.append((RANKS[evidence], old.id, old))
        return min(found, default=(0, "", None))[2]


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
    formers: _Formers,
) -> None:
    before, after = change.before, change.after
    asked_before_at = watched.answered_at or change.at
    if before is not None and change.kind in ENDS:
        habits.pop(before.id, None)
    elif after is None:
        return
    elif change.kind in BEGINNINGS:
        fresh = begin(after, asked_at_before=asked_before_at, now=change.at)
        habits[after.id] = formers.habit_of(after, watched.registrations, fresh)
    elif before is not None and _is_other_build(before, after):
        habits[after.id] = renewed(habits.get(after.id, UNKNOWN))
    elif before is not None and change.kind is ChangeKind.REFRESHED:
        habits[after.id] = learn(
            habits.get(after.id),
            before,
            after,
            asked_at_before=asked_before_at,
            asked_at_after=change.at,
        )


def _is_other_build(before: Registration, after: Registration) -> bool:
    """Whether one entry was taken over by another device, or by other firmware."""
    return bool(before.device and after.device) and before.device != after.device


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
