"""When the next answer about an extension will tell something new.

* A refresh is late by the device's own habit: an answer from then on tells whether it came.
* A lease ends: from then on its device is gone from the PBX, unless it refreshed meanwhile.
* A lost extension may be back.

A device whose refresh was found late will most likely be gone when its lease ends: that appointment
is firm. Nobody is told of what is supposed here, so less certainty is asked for than for a warning.
"""

from regwatch.core.model import ExtensionState, Now, Registration, Timestamp, Watched
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.habits import overdue_after
from regwatch.core.phones.lateness import SUPPOSED_AFTER, habit_of
from regwatch.core.phones.memory import Memory
from regwatch.core.polling.agenda import Appointment, Purpose

ROUNDING_SECONDS = 1.0
"""`expires` comes in whole seconds, rounded down: so much later a lease has surely ended."""
CLEANUP_SECONDS = 2.0
"""Registrars remove an ended lease a little later; asked again then, then at doubling distances."""
RETURN_SECONDS, RETURN_SHARE = (10.0, 120.0), 0.25
"""How soon, by how long it has been away already, a lost extension is asked again."""


def next_appointment(
    watched: Watched, memory: Memory, models: DeviceModels, *, now: Now
) -> Appointment | None:
    """The soonest of them; None if none is to be foreseen. Leases are told by the wall clock, and
    kept by the steady one.
    """
    if watched.state in (ExtensionState.LOST, ExtensionState.SIGNED_OFF):
        at = now.instant_of(_return_of(watched, now.wall))
        return Appointment(at, purpose=Purpose.CONFIRMATION)
    found = [_appointment(r, memory, models, now) for r in watched.registrations if r.lease_ends_at]
    return min(found, key=lambda appointment: appointment.at, default=None)


def _return_of(watched: Watched, now: Timestamp) -> Timestamp:
    """Most come back soon; after a while one looks less often."""
    away = now - (watched.last_registered_at or now)
    shortest, longest = RETURN_SECONDS
    return Timestamp(now + min(max(shortest, RETURN_SHARE * away), longest))


def _appointment(
    registration: Registration, memory: Memory, models: DeviceModels, now: Now
) -> Appointment:
    wall = now.wall
    ends_at = registration.lease_ends_at or wall
    habit = habit_of(registration, memory, models, learn_after=SUPPOSED_AFTER, now=wall)
    late_at = overdue_after(habit, registration, learn_after=SUPPOSED_AFTER, least_room=0.0)
    if late_at is not None and late_at > wall:
        return Appointment(now.instant_of(late_at), purpose=Purpose.REFRESH)
    gone_at = ends_at + ROUNDING_SECONDS
    if gone_at <= wall:
        gone_at = wall + max(CLEANUP_SECONDS, wall - ends_at)
    return Appointment(now.instant_of(Timestamp(gone_at)), is_firm=late_at is not None)
