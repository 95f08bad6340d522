"""The clocks: the only place that reads them. Everything else is handed a `Clock`, a `SteadyClock`
or `now`.
"""

import time
from collections.abc import Callable

from regwatch.core.model import Instant, Timestamp

Clock = Callable[[], Timestamp]
SteadyClock = Callable[[], Instant]

STEP_SECONDS = 1.0
"""By how much at least the wall clock must be set for that to be noticed."""
# Goes on while the machine is suspended. Where there is none (not on Linux), the next best.
_BOOT_TIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def wall_clock() -> Timestamp:
    """The time now, in seconds since the epoch, UTC; it may be set at any moment."""
    return Timestamp(time.time())


_BEGAN_AT = wall_clock() - time.clock_gettime(_BOOT_TIME)


def steady_clock() -> Instant:
    """Seconds that nobody sets. Counted from where the wall clock stood when the process began:
    so a clock hour is one by this clock too.
    """
    return Instant(_BEGAN_AT + time.clock_gettime(_BOOT_TIME))


class EvenClock:
    """The wall clock of a daemon: it goes as evenly as the steady one, and is set at `look` only.
    So whoever holds points in time is told of a step before he reads a time beyond it.
    """

    def __init__(self, clock: Clock, steady: SteadyClock) -> None:
        self._clock = clock
        self._steady = steady
        self._ahead = clock() - steady()

    def __call__(self) -> Timestamp:
        """The time now."""
        return Timestamp(self._steady() + self._ahead)

    def look(self) -> float:
        """By how many seconds the machine's clock was set, or drifted, since the last look that
        found so; this one follows. What is hardly anything adds up until it is worth it.
        """
        step = self._clock() - self()
        if abs(step) <= STEP_SECONDS:
            return 0.0
        self._ahead += step
        return step
