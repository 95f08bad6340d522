"""The present, on two clocks. What waits, paces or backs off is measured by the steady one, which
nobody sets; what is told, stored or stamped is the wall clock's. Here one becomes the other.
"""

from typing import NewType

from msgspec import Struct

from regwatch.core.model import Timestamp

Instant = NewType("Instant", float)
"""A point in time on the steady clock, in seconds; good for differences only."""


class Now(Struct, frozen=True, gc=False):
    """Both clocks, read at once."""

    steady: Instant
    wall: Timestamp

    def instant_of(self, at: Timestamp) -> Instant:
        """When that is, or was, on the steady clock, as the wall clock is set now."""
        return Instant(at + (self.steady - self.wall))

    def time_of(self, instant: Instant) -> Timestamp:
        """What the wall clock shows then, unless it is set."""
        return Timestamp(instant + (self.wall - self.steady))
