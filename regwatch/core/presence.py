"""One extension, one answer: what became of its registrations, and what is wrong with it now.

Decides on values: what the monitor remembers of the extension goes in, what it shall remember and
the conditions that hold come out.
"""

from collections.abc import Container, Iterable, Iterator, Sequence

from msgspec.structs import replace

from regwatch.core.conditions import (
    Condition,
    Lateness,
    Loss,
    extension_lost,
    never_registered,
    refresh_overdue,
    registration_lost,
)
from regwatch.core.diff import (
    Change,
    Past,
    Tracks,
    diff_extension,
    lease_has_ended,
    same_host,
)
from regwatch.core.memory import Memory
from regwatch.core.model import (
    AccountName,
    Answer,
    ExtensionState,
    Incident,
    Registration,
    RegistrationId,
    Timestamp,
    Watched,
)

DEVICE_FORGOTTEN_SECONDS = 86_400.0
"""One of several devices that stays away this long counts as no longer used."""


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


def held_last(watched: Watched, memory: Memory) -> tuple[Registration, ...]:
    """Its registrations or, if it has none, the one it lost last."""
    if watched.registrations or memory.loss is None:
        return watched.registrations
    return (memory.loss.registration,)


def changes_in(
    watched: Watched, memory: Memory, answer: Answer, deleted: Container[RegistrationId]
) -> Sequence[Change]:
    """What happened since the answer before; nothing, if this is the first one."""
    if watched.answered_at is None or answer.registrations == watched.registrations:
        return ()
    past = Past(watched.registrations, is_lost(watched), memory.tracks)
    return tuple(diff_extension(past, answer, deleted=deleted))


def state_of(watched: Watched, *, overdue: bool, is_expected: bool = True) -> ExtensionState:
    """The state by what was last answered. What is not expected to be registered is not lost."""
    if watched.registrations:
        return ExtensionState.OVERDUE if overdue and is_expected else ExtensionState.REGISTERED
    if watched.last_registered_at is not None and is_expected:
        return ExtensionState.LOST
    return ExtensionState.UNREGISTERED


def presence_condition(
    account: AccountName, watched: Watched, memory: Memory, *, is_awaited: bool, now: Timestamp
) -> Condition | None:
    """What is wrong with an extension that has no registration; None if that is as it should be.
    `is_awaited`: it will come back by itself.
    """
    if watched.registrations:
        return None
    if watched.last_registered_at is None:
        since = watched.first_answered_at
        return None if since is None else never_registered(account, watched, since)
    if memory.loss is None or is_awaited or _may_yet_return(memory.loss, now):
        return None
    return extension_lost(account, watched, memory.loss)


def _may_yet_return(loss: Loss, now: Timestamp) -> bool:
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
        if loss.reason not in ("deleted", "forgotten"):
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
