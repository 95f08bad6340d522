"""The wall clock: the only place that reads it. Everything else is handed a `Clock` or `now`."""

import time
from collections.abc import Callable

from regwatch.core.model import Timestamp

Clock = Callable[[], Timestamp]


def wall_clock() -> Timestamp:
    """The time now, in seconds since the epoch, UTC."""
    return Timestamp(time.time())
