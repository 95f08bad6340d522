"""When the PBX's own list is read again."""

from msgspec import Struct

from regwatch.core.model import FAR_OFF, LONG_AGO, Instant, Listing
from regwatch.core.polling.selection import Discovery

RETRY_SECONDS = 10.0
"""The shortest pause after a list that could not be read whole."""


class ListRead(Struct, frozen=True):
    """A list that was read whole: who comes next need not ask for it again while it is fresh."""

    of: Discovery
    listing: Listing
    at: Instant

    def serves(self, discovery: Discovery | None, *, now: Instant) -> bool:
        """Whether one who is to watch what that names would still go by it."""
        if discovery is None or (discovery.type, discovery.status) != (
            self.of.type,
            self.of.status,
        ):
            return False
        return now < self.at + discovery.every_seconds


class ListReading:
    """The list of one account: read at once, then again and again."""

    def __init__(self, every_seconds: float | None) -> None:
        """None: no list is read at all."""
        self._every_seconds = every_seconds
        self.due_at = Instant(FAR_OFF if every_seconds is None else LONG_AGO)
        """When it is to be read; infinitely far off while it is being read."""

    def begin(self) -> None:
        """It is being read: not twice at a time."""
        self.due_at = Instant(FAR_OFF)

    def done(self, *, read_at: Instant) -> None:
        """All of it was read and taken over."""
        if self._every_seconds is not None:
            self.due_at = Instant(read_at + self._every_seconds)

    def put_off(self, quiet_until: Instant, *, now: Instant) -> None:
        """It could not be read, or not whole: to be tried again, but not while no poll may be made
        either, since each page costs quota.
        """
        if self._every_seconds is not None:
            self.due_at = Instant(max(now + RETRY_SECONDS, quiet_until))
