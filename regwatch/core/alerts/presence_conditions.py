"""What is wrong with an extension or one of its devices, from what is remembered of it."""

from collections.abc import Iterable, Iterator

from regwatch.core.alerts.conditions import (
    Condition,
    extension_lost,
    never_registered,
    refresh_overdue,
    registration_lost,
    signed_off,
)
from regwatch.core.model import (
    AccountName,
    Incident,
    Registration,
    RegistrationId,
    Timestamp,
    Watched,
)
from regwatch.core.phones.identity import Tracks, same_device
from regwatch.core.phones.lateness import Lateness
from regwatch.core.phones.memory import Loss, Memory

DEVICE_FORGOTTEN_SECONDS = 86_400.0
"""One of several devices that stays away this long counts as no longer used."""


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
    tell = signed_off if memory.loss.is_good_bye else extension_lost
    return tell(account, watched, memory.loss)


def _may_yet_return(loss: Loss, now: Timestamp) -> bool:
    """We deleted it ourselves, and its device has had no occasion to come back yet."""
    return loss.reason == "deleted" and now < (loss.registration.lease_ends_at or now)


def device_conditions(
    account: AccountName,
    watched: Watched,
    losses: Iterable[Loss],
    lateness: Iterable[tuple[str, Lateness]],
    record: str = "",
) -> Iterator[Condition]:
    """What is wrong with single devices of an extension that is registered. `record`: how many
    warnings of a refresh came true.
    """
    for loss in losses:
        if loss.reason not in ("deleted", "forgotten"):
            yield registration_lost(account, watched, loss)
    for subject, late in lateness:
        yield refresh_overdue(account, watched, late, subject, record)


def is_device_back(incident: Incident, watched: Watched, memory: Memory, now: Timestamp) -> bool:
    """Whether the device of a `registration_lost` is there again, or is no longer expected."""
    facts = incident.facts
    if now - incident.started_at > DEVICE_FORGOTTEN_SECONDS:
        return True
    lost = Registration(
        RegistrationId(facts.registration_id),
        facts.device,
        facts.real_address,
        facts.contact_address,
        facts.lease_ended,
    )
    return any(
        registration.id == lost.id
        or (
            _is_new_since(registration, facts.detected, memory.tracks)
            and same_device(lost, registration, memory.tracks, has_several=True) is not None
        )
        for registration in watched.registrations
    )


def _is_new_since(
    registration: Registration, detected_at: Timestamp | None, tracks: Tracks
) -> bool:
    track = tracks.get(registration.id)
    return track is None or detected_at is None or track.first_seen_at > detected_at
