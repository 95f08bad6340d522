"""Both clocks in virtual time. The wall clock can be set; nothing else tells them apart."""

import asyncio

from fakes.values import START

from regwatch.core.model import Instant, Now, Timestamp

NAMED_STEPS = {
    "-45 s": -45.0,
    "+45 s": 45.0,
    "-1 h": -3_600.0,
    "+1 h": 3_600.0,
    "-1 day": -86_400.0,
    "+1 day": 86_400.0,
}
"""By how much a wall clock is set: by hand, by the hour of a wrong time zone, by a day."""
STEPS = sorted(NAMED_STEPS.values())


def both(at: float) -> Now:
    """A moment at which the clocks agree."""
    return Now(Instant(at), Timestamp(at))


class Clocks:
    """Of one machine."""

    def __init__(self, begins_at: Timestamp = START) -> None:
        self._begins_at = begins_at
        self.set_by = 0.0

    def steady(self) -> Instant:
        return Instant(self._begins_at + asyncio.get_running_loop().time())

    def wall(self) -> Timestamp:
        return Timestamp(self.steady() + self.set_by)
