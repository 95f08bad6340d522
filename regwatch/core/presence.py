"""One extension, one answer: what became of its registrations, and what is wrong with it now.

Decides on values: what the monitor remembers of the extension goes in, what it shall remember and
the conditions that hold come out.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.conditions import (
    Condition,
    Lateness,
    Loss,
    extension_lost,
    extension_subject,
    never_registered,
    refresh_overdue,
    registration_lost,
    registration_subject,
)
from regwatch.core.diff import (
    ENDS,
    Change,
    Past,
    Track,
    Tracks,
    diff_extension,
    lease_has_ended,
    same_host,
    successor,
)
from regwatch.core.durations import humanise
from regwatch.core.habits import (
    Habit,
    about_to_expire_at,
    learn,
    overdue_after,
    usual_refresh_at,
)
from regwatch.core.model import (
    AccountName,
    Answer,
    ChangeKind,
    ExtensionState,
    Incident,
    Registration,
    RegistrationId,
    Timestamp,
    Watched,
)

DEVICE_FORGOTTEN_SECONDS = 86_400.0
"""One of several devices that stays away this long counts as no longer used."""

LOSSES = {
    ChangeKind.EXPIRED: "expired",
    ChangeKind.UNREGISTERED: "unregistered",
    ChangeKind.DELETED: "deleted",
}


class LatenessPolicy(Struct, frozen=True, gc=False):
    """When a refresh counts as overdue."""

    learn_after: int = 3
    """Refreshes a habit must be learned from."""
    before_expiry: float = 0.0
    """Seconds before a lease's end from which on it is about to expire in any case; 0: off."""


class Memory(Struct, frozen=True, gc=False):
    """What is remembered of an extension besides its last answer."""

    tracks: Tracks = {}
    habits: Mapping[RegistrationId, Habit] = {}
    loss: Loss | None = None
    """How its last registration ended; None while it is registered."""


NOTHING_REMEMBERED = Memory()


def understood(answer: Answer, watched: Watched) -> Answer:
    """The answer, read in the light of the one before.

    The PBX's flag is trusted over its entries: registered without any entry means that nothing new
    is known of them. And an entry without a known lease, whose lease was about to end, has not
    become permanent: `expires` is 0 in its last second, and stays so until the registrar cleans up.
    """
    if answer.registered and not answer.registrations:
        return replace(answer, registrations=watched.registrations)
    if all(r.lease_ends_at is not None for r in answer.registrations):
        return answer
    ending = {r.id: r for r in watched.registrations if lease_has_ended(r, answer.answered_at)}
    kept = tuple(_with_old_lease(r, ending.get(r.id)) for r in answer.registrations)
    return replace(answer, registrations=kept)


def _with_old_lease(registration: Registration, old: Registration | None) -> Registration:
    if registration.lease_ends_at is not None or old is None:
        return registration
    return replace(registration, lease_ends_at=old.lease_ends_at)


def is_lost(watched: Watched) -> bool:
    """Whether it was seen registered and is not, by the last answer."""
    return not watched.registrations and watched.last_registered_at is not None


def changes_in(
    watched: Watched, memory: Memory, answer: Answer, deleted: Container[RegistrationId]
) -> Sequence[Change]:
    """What happened since the answer before; nothing, if this is the first one."""
    if watched.answered_at is None or answer.registrations == watched.registrations:
        return ()
    past = Past(watched.registrations, is_lost(watched), memory.tracks)
    return tuple(diff_extension(past, answer, deleted=deleted))


def remember(memory: Memory, watched: Watched, answer: Answer, changes: Iterable[Change]) -> Memory:
    """What is to be remembered after an answer; `watched` as it was before it."""
    if watched.answered_at is None:
        first = Track(answer.answered_at, answer.answered_at)
        return Memory({r.id: first for r in answer.registrations})
    tracks, habits = dict(memory.tracks), dict(memory.habits)
    loss: Loss | None = memory.loss
    for change in changes:
        _remember_change(change, watched.answered_at, tracks, habits)
        if change.before is not None and change.kind in LOSSES:
            loss = _later(loss, _loss(change, watched.answered_at))
    if answer.registered:
        loss = None
    return Memory(tracks, habits, loss)


def _remember_change(
    change: Change,
    asked_before_at: Timestamp,
    tracks: dict[RegistrationId, Track],
    habits: dict[RegistrationId, Habit],
) -> None:
    before, after = change.before, change.after
    if change.kind is ChangeKind.REFRESHED and before is not None and after is not None:
        track = tracks.get(after.id) or Track(change.at, change.at)
        tracks[after.id] = replace(track, refreshed_at=change.at)
        habits[after.id] = learn(
            habits.get(after.id),
            before,
            after,
            asked_at_before=asked_before_at,
            asked_at_after=change.at,
        )
    elif change.kind in (ChangeKind.REGISTERED, ChangeKind.RESTORED) and after is not None:
        tracks[after.id] = Track(change.at, change.at)
    elif before is not None and change.kind in ENDS:
        tracks.pop(before.id, None)
        habits.pop(before.id, None)


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


def state_of(watched: Watched, *, overdue: bool) -> ExtensionState:
    """The state by what was last answered."""
    if watched.registrations:
        return ExtensionState.OVERDUE if overdue else ExtensionState.REGISTERED
    if watched.last_registered_at is not None:
        return ExtensionState.LOST
    return ExtensionState.UNREGISTERED


def lateness_in(
    watched: Watched, memory: Memory, policy: LatenessPolicy, *, now: Timestamp
) -> Iterator[tuple[str, Lateness]]:
    """The registrations whose usual refresh did not come, by subject.

    An entry whose device goes on under another one is not late: it is left to run out.
    """
    held = watched.registrations
    for registration in held:
        late = _lateness(memory.habits.get(registration.id), registration, policy, now)
        if late is None:
            continue
        if len(held) == 1 or successor(registration, held, memory.tracks) is None:
            yield _subject_of(watched, registration), late


def _lateness(
    habit: Habit | None, registration: Registration, policy: LatenessPolicy, now: Timestamp
) -> Lateness | None:
    due_at = overdue_after(habit, registration, learn_after=policy.learn_after)
    usual_at = usual_refresh_at(habit, registration)
    if habit is not None and due_at is not None and usual_at is not None and now >= due_at:
        share = round(100 * (habit.usual_share or 0.0))
        usual = f"usually refreshes at {share} % of {habit.lease:.0f} s"
        return Lateness(registration, due_at, now, f"{usual}, {humanise(now - usual_at)} late")
    threshold_at = about_to_expire_at(habit, registration, before_expiry=policy.before_expiry)
    if threshold_at is not None and now >= threshold_at:
        return Lateness(registration, threshold_at, now, "not refreshed yet")
    return None


def _subject_of(watched: Watched, registration: Registration) -> str:
    """That of the loss it may become, so that the same incident goes on."""
    if len(watched.registrations) == 1:
        return extension_subject(watched.extension.id)
    return registration_subject(watched.extension.id, registration)


def presence_condition(
    account: AccountName, watched: Watched, memory: Memory, *, now: Timestamp
) -> Condition | None:
    """What is wrong with an extension that has no registration; None if that is as it should be."""
    if watched.registrations:
        return None
    if watched.last_registered_at is None:
        since = watched.first_answered_at
        return None if since is None else never_registered(account, watched, since)
    if memory.loss is None or _is_excused(memory.loss, now):
        return None
    return extension_lost(account, watched, memory.loss)


def _is_excused(loss: Loss, now: Timestamp) -> bool:
    """We deleted it ourselves, and its device has had no occasion to come back yet."""
    return loss.reason == "deleted" and now < (loss.registration.lease_ends_at or now)


def device_conditions(
    account: AccountName,
    watched: Watched,
    losses: Iterable[Loss],
    lateness: Iterable[tuple[str, Lateness]],
) -> Iterator[Condition]:
    """What is wrong with single devices of an extension that is registered."""
    for loss in losses:
        if loss.reason != "deleted":
            yield registration_lost(account, watched, loss)
    for subject, late in lateness:
        yield refresh_overdue(account, watched, late, subject)


def is_device_back(incident: Incident, watched: Watched, memory: Memory, now: Timestamp) -> bool:
    """Whether the device of a `registration_lost` is there again, or is no longer expected."""
    facts = incident.facts
    if now - incident.started_at > DEVICE_FORGOTTEN_SECONDS:
        return True
    return any(
        registration.device == facts.device
        and _is_new_since(registration, facts.detected, memory.tracks)
        and (
            same_host(registration.contact_address, facts.contact_address)
            or same_host(registration.real_address, facts.real_address)
        )
        for registration in watched.registrations
    )


def _is_new_since(
    registration: Registration, detected_at: Timestamp | None, tracks: Tracks
) -> bool:
    track = tracks.get(registration.id)
    return track is None or detected_at is None or track.first_seen_at > detected_at
