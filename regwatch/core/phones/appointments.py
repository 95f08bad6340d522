"""When the next answer about an extension will tell something new.

* A refresh is late by the device's own habit: an answer from then on tells whether it came.
* A lease ends: from then on its device is gone from the PBX, unless it refreshed meanwhile.
* A lost extension may be back.

A device whose refresh was found late will most likely be gone when its lease ends: that occasion is
firm. Nobody is told of what is supposed here, so less certainty is asked for than for a warning.
"""

from msgspec import Struct

from regwatch.core.model import ExtensionState, Registration, Timestamp, Watched
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.habits import overdue_after
from regwatch.core.phones.lateness import SUPPOSED_AFTER, habit_of
from regwatch.core.phones.memory import Memory

ROUNDING_SECONDS = 1.0
"""`expires` comes in whole seconds, rounded down: so much later a lease has surely ended."""
CLEANUP_SECONDS = 2.0
"""Registrars remove an ended lease a little later; asked again then, then at doubling distances."""
RETURN_SECONDS, RETURN_SHARE = (10.0, 120.0), 0.25
"""How soon, by how long it has been away already, a lost extension is asked again."""


class Occasion(Struct, frozen=True, gc=False):
    """When the next answer about an extension will tell something, by the wall clock."""

    at: Timestamp
    is_firm: bool = False
    """Whether it is kept before all else, out of turn."""


def next_occasion(
    watched: Watched, memory: Memory, models: DeviceModels, *, now: Timestamp
) -> Occasion | None:
    """The soonest of them; None if none is to be foreseen."""
    if watched.state is ExtensionState.LOST:
        return Occasion(_return_of(watched, now))
    found = [_occasion(r, memory, models, now) for r in watched.registrations if r.lease_ends_at]
    return min(found, key=lambda occasion: occasion.at, default=None)


def _return_of(watched: Watched, now: Timestamp) -> Timestamp:
    """Most come back soon; after a while one looks less often."""
    away = now - (watched.last_registered_at or now)
    shortest, longest = RETURN_SECONDS
    return Timestamp(now + min(max(shortest, RETURN_SHARE * away), longest))


def _occasion(
    registration: Registration, memory: Memory, models: DeviceModels, now: Timestamp
) -> Occasion:
    ends_at = registration.lease_ends_at or now
    habit = habit_of(registration, memory, models, learn_after=SUPPOSED_AFTER, now=now)
    late_at = overdue_after(habit, registration, learn_after=SUPPOSED_AFTER, least_room=0.0)
    if late_at is not None and late_at > now:
        return Occasion(late_at)
    gone_at = ends_at + ROUNDING_SECONDS
    if gone_at <= now:
        gone_at = now + max(CLEANUP_SECONDS, now - ends_at)
    return Occasion(Timestamp(gone_at), is_firm=late_at is not None)
