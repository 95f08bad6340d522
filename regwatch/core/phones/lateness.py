"""Which registrations are late: their device usually refreshes earlier, and did not."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.durations import humanise
from regwatch.core.model import (
    Registration,
    Timestamp,
    Watched,
)
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.habits import (
    LEAST_ROOM_SECONDS,
    Habit,
    about_to_expire_at,
    overdue_after,
    usual_refresh_at,
)
from regwatch.core.phones.identity import heir_of
from regwatch.core.phones.memory import Memory
from regwatch.core.subjects import extension_subject, registration_subject


class Lateness(Struct, frozen=True, gc=False):
    """A refresh that did not come when it was due."""

    registration: Registration
    due_at: Timestamp
    """The refresh point plus its margin, or the fixed threshold before the lease's end."""
    seen_at: Timestamp
    story: str
    """In words: `usually refreshes at 50-53 % of 3600 s, 1 min 35 s late`."""
    basis: str = ""
    """What that is concluded from; empty where it is no conclusion from a habit."""


CLEAN_UP_SECONDS = 60.0
"""Registrars remove an ended lease within so long (Kamailio usrloc, timer_interval)."""
SUPPOSED_AFTER = 1
"""Refreshes after which a habit is good enough to plan by; before a person is told, more are asked
for.
"""


class LatenessPolicy(Struct, frozen=True, gc=False):
    """When a refresh counts as overdue."""

    learn_after: int = 6
    """Refreshes a habit must be learned from."""
    before_expiry: float = 0.0
    """Seconds before a lease's end from which on it is about to expire in any case; 0: off."""


def lateness_in(
    watched: Watched,
    memory: Memory,
    models: DeviceModels,
    policy: LatenessPolicy,
    *,
    gap: float,
    now: Timestamp,
) -> Iterator[tuple[str, Lateness]]:
    """The registrations whose usual refresh did not come, by subject; `gap`: seconds between the
    last two answers, so that nothing is told of devices that leave polling too little room.

    An entry whose device goes on under another one is not late: it is left to run out.
    """
    held = watched.registrations
    for registration in held:
        habit = habit_of(registration, memory, models, learn_after=policy.learn_after, now=now)
        own = memory.habits.get(registration.id)
        by_habit = _by_habit(habit, registration, policy, own=own, gap=gap, now=now)
        late = _earlier(by_habit, _by_threshold(habit, registration, policy, now=now))
        late = _outlived(registration, memory, now=now) or late
        if late is None:
            continue
        if len(held) == 1 or not _goes_on(registration, held, memory, now):
            yield _subject_of(watched, registration), late


def _goes_on(
    registration: Registration, held: Iterable[Registration], memory: Memory, now: Timestamp
) -> bool:
    """Whether its device goes on under another entry, and left this one to run out."""
    has_several = memory.has_several(now=now)
    return heir_of(registration, held, memory.tracks, has_several=has_several) is not None


def habit_of(
    registration: Registration,
    memory: Memory,
    models: DeviceModels,
    *,
    learn_after: int,
    now: Timestamp,
) -> Habit | None:
    """The habit to judge it by: its own, or that of its kin while its own is too young."""
    habit = memory.habits.get(registration.id)
    return habit and models.judged(registration.device, habit, learn_after=learn_after, now=now)


def _by_habit(
    habit: Habit | None,
    registration: Registration,
    policy: LatenessPolicy,
    *,
    own: Habit | None,
    gap: float,
    now: Timestamp,
) -> Lateness | None:
    room = max(LEAST_ROOM_SECONDS, gap)
    due_at = overdue_after(habit, registration, learn_after=policy.learn_after, least_room=room)
    usual_at = usual_refresh_at(habit, registration)
    if habit is None or due_at is None or usual_at is None or now < due_at:
        return None
    usual = f"usually refreshes at {_range_of(habit)} % of {habit.lease:.0f} s"
    late = f"{usual}, {humanise(now - usual_at)} late"
    return Lateness(registration, due_at, now, late, _basis(habit, registration, own, due_at))


def _range_of(habit: Habit) -> str:
    """Where in its lease it was seen to refresh: `50`, `50-53`."""
    low, high = (round(100 * each / habit.lease) for each in (habit.earliest, habit.latest))
    return f"{low}" if low == high else f"{low}-{high}"


def _basis(habit: Habit, registration: Registration, own: Habit | None, due_at: Timestamp) -> str:
    granted_at = (registration.lease_ends_at or due_at) - habit.lease_low
    share = round(100 * (due_at - granted_at) / habit.lease)
    own_words = f"{habit.refreshes} of its refreshes"
    whose = own_words if habit is own else "others of its model and firmware"
    return f"learned from {whose}, warned from {share} % on"


def _by_threshold(
    habit: Habit | None, registration: Registration, policy: LatenessPolicy, *, now: Timestamp
) -> Lateness | None:
    due_at = about_to_expire_at(habit, registration, before_expiry=policy.before_expiry)
    if due_at is None or now < due_at:
        return None
    return Lateness(registration, due_at, now, "not refreshed yet")


def _outlived(registration: Registration, memory: Memory, *, now: Timestamp) -> Lateness | None:
    """Its lease has ended, and the PBX lists it still though it has had time to clean up. Only of
    one whose lease was seen to run: else the PBX's clock is not ours.
    """
    ends_at, track = registration.lease_ends_at, memory.tracks.get(registration.id)
    if ends_at is None or track is None or track.refreshed_at >= ends_at:
        return None
    due_at = Timestamp(ends_at + CLEAN_UP_SECONDS)
    if now < due_at:
        return None
    ago = humanise(now - ends_at)
    return Lateness(registration, due_at, now, f"lease ended {ago} ago, the PBX lists it still")


def _earlier(by_habit: Lateness | None, by_threshold: Lateness | None) -> Lateness | None:
    """Late since the earlier of the two, in the words of the habit: they say more."""
    if by_habit is None or by_threshold is None:
        return by_habit or by_threshold
    return replace(by_habit, due_at=min(by_habit.due_at, by_threshold.due_at))


def _subject_of(watched: Watched, registration: Registration) -> str:
    """That of the loss it may become, so that the same incident goes on."""
    if len(watched.registrations) == 1:
        return extension_subject(watched.extension.id)
    return registration_subject(watched.extension.id, registration)
