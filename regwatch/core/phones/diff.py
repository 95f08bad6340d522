"""What happened to the registrations between two answers. Knows nothing of alerts.

The rules, for a registration that was there and is gone:

* *deleted*: we deleted it ourselves;
* *replaced*: the same device (`identity`) stands there under another entry. A reboot or a new
  address adds a second entry and leaves the old one to run out (Kamailio usrloc): its end is no
  loss;
* *unregistered*: gone while its lease still ran, give or take `LEASE_SLACK`, by when it was seen or
  by when the PBX says that it ended: it un-REGISTERed;
* *expired*: its lease has ended, and nobody said good-bye: the answer before came after its usual
  refresh and showed none, or the PBX says that it ended when its lease did;
* *ended_unseen*: its lease has ended since the answer before, which was too early to tell.

Only what was answered is compared: an id absent from an answer never reaches this module.
"""

from collections.abc import Container, Iterator, Mapping

from msgspec import Struct

from regwatch.core.addresses import same_uri
from regwatch.core.model import (
    Answer,
    ChangeKind,
    ExtensionId,
    Registration,
    RegistrationId,
    Timestamp,
)
from regwatch.core.phones.habits import LATEST_SHARE, Habit, last_usual_refresh_at
from regwatch.core.phones.identity import Tracks, heir_of

LEASE_SLACK = 2.0
"""Seconds. `expires` counts whole seconds and an answer is up to a second old when it is read:
lease ends nearer than this are the same lease."""


SEEN_LATE = 10.0
"""Seconds. So much earlier than was thought a lease may end, and be the same: the answer that
showed it first was slow. No refresh makes a lease a little shorter."""


BEGINNINGS = (ChangeKind.REGISTERED, ChangeKind.RESTORED)
"""Changes after which there is a registration that was not there before."""
ENDS = frozenset(
    {
        ChangeKind.EXPIRED,
        ChangeKind.UNREGISTERED,
        ChangeKind.ENDED_UNSEEN,
        ChangeKind.REPLACED,
        ChangeKind.DELETED,
    }
)
"""The changes after which a registration is gone."""


class Change(Struct, frozen=True, gc=False):
    """One fact about one registration, or about an extension if neither side is given."""

    kind: ChangeKind
    extension_id: ExtensionId
    at: Timestamp
    """When it was seen; it happened since the answer before."""
    before: Registration | None = None
    after: Registration | None = None
    because: str = ""
    """The evidence, in words, where it is a conclusion."""


class Past(Struct, frozen=True, gc=False):
    """What was known of an extension before an answer."""

    registrations: tuple[Registration, ...]
    was_lost: bool = False
    tracks: Tracks = {}
    answered_at: Timestamp | None = None
    """When that was answered."""
    habits: Mapping[RegistrationId, Habit] = {}
    """When they usually refresh."""
    has_several: bool = False
    """Whether the extension was seen with two devices side by side."""
    missed_at: Timestamp | None = None
    """When an answer showed it gone that was not believed then."""


def diff_extension(
    before: Past, after: Answer, *, deleted: Container[RegistrationId] = ()
) -> Iterator[Change]:
    """The changes that lead from what was known to what is answered now, ends first."""
    now = after.answered_at
    new = {r.id: r for r in after.registrations}
    for old in before.registrations:
        if old.id not in new:
            yield _ended(old, before, after, deleted)
    known = {r.id: r for r in before.registrations}
    arrival = ChangeKind.RESTORED if before.was_lost else ChangeKind.REGISTERED
    for registration in new.values():
        old_one = known.get(registration.id)
        if old_one is None:
            yield Change(arrival, after.extension_id, now, None, registration)
        elif old_one != registration:
            yield from _altered(after.extension_id, now, old_one, registration)


def _ended(
    old: Registration, before: Past, after: Answer, deleted: Container[RegistrationId]
) -> Change:
    heir = heir_of(
        old,
        after.registrations,
        before.tracks,
        has_several=before.has_several,
        outlived=_outlived(old, before, before.missed_at or after.answered_at),
    )
    if old.id in deleted:
        kind = ChangeKind.DELETED
    elif heir is not None:
        return Change(
            ChangeKind.REPLACED,
            after.extension_id,
            after.answered_at,
            old,
            heir.registration,
            heir.evidence.words,
        )
    else:
        kind = _way_of_ending(old, before, after)
    return Change(kind, after.extension_id, after.answered_at, old, None)


def _outlived(old: Registration, before: Past, now: Timestamp) -> Container[RegistrationId]:
    """Who stood beside it already, if it ended before its lease did: what is left to run out does
    not do so.
    """
    if lease_has_ended(old, now):
        return ()
    return {registration.id for registration in before.registrations}


def _way_of_ending(old: Registration, before: Past, after: Answer) -> ChangeKind:
    """Neither replaced nor deleted: see the rules above."""
    ends_at, now = old.lease_ends_at, before.missed_at or after.answered_at
    said_at = said_to_have_ended(old, after)
    last = ends_at if said_at is None or ends_at is None else max(ends_at, said_at)
    if ends_at is None or last is None or last > now + LEASE_SLACK:
        return ChangeKind.UNREGISTERED
    if said_at is not None and abs(said_at - ends_at) > LEASE_SLACK:
        return ChangeKind.UNREGISTERED if said_at < ends_at else ChangeKind.ENDED_UNSEEN
    if said_at is not None or _was_overdue(old, before):
        return ChangeKind.EXPIRED
    return ChangeKind.ENDED_UNSEEN


def _was_overdue(old: Registration, before: Past) -> bool:
    """Whether the answer before came after its usual refresh, and showed none."""
    due_at = last_usual_refresh_at(before.habits.get(old.id), old) or _latest_refresh_at(
        old, before
    )
    return due_at is not None and before.answered_at is not None and before.answered_at >= due_at


def _latest_refresh_at(old: Registration, before: Past) -> Timestamp | None:
    """The same where nothing is known of its habit: its lease is at least as long as was seen."""
    track, ends_at = before.tracks.get(old.id), old.lease_ends_at
    if track is None or ends_at is None:
        return None
    return Timestamp(ends_at - (1 - LATEST_SHARE) * (ends_at - track.refreshed_at))


def said_to_have_ended(old: Registration, after: Answer) -> Timestamp | None:
    """When the PBX itself says that it ended, in the last entries that it lists. Later than its
    lease: it was refreshed unseen.
    """
    return next((former.lease_ends_at for former in after.former if former.id == old.id), None)


def lease_has_ended(registration: Registration, now: Timestamp) -> bool:
    """Whether its lease ran out by `now`; never, for a permanent or unknown one."""
    ends_at = registration.lease_ends_at
    return ends_at is not None and ends_at <= now + LEASE_SLACK


def _altered(
    extension_id: ExtensionId, now: Timestamp, old: Registration, new: Registration
) -> Iterator[Change]:
    if old.device != new.device:
        yield Change(ChangeKind.DEVICE_CHANGED, extension_id, now, old, new)
    stays = same_uri(old.real_address, new.real_address)
    if not (stays and same_uri(old.contact_address, new.contact_address)):
        yield Change(ChangeKind.MOVED, extension_id, now, old, new)
    if not same_lease(old, new):
        yield Change(ChangeKind.REFRESHED, extension_id, now, old, new)


def same_lease(old: Registration, new: Registration) -> bool:
    """Whether both speak of the same lease, rounding apart."""
    if old.lease_ends_at is None or new.lease_ends_at is None:
        return old.lease_ends_at is new.lease_ends_at
    return -SEEN_LATE <= new.lease_ends_at - old.lease_ends_at <= LEASE_SLACK
