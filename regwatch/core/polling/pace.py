"""Whether the quota makes answers older than the interval asks for; said when it turns."""

from msgspec import Struct

SLOW = 1.5
"""Times the interval that a sweep may take before that is worth a line."""


class PaceTurn(Struct, frozen=True):
    """Polling has become slow, or has ceased to be."""

    is_slow: bool
    sweep_seconds: float
    """How long a sweep takes now."""
    interval: float
    """How long it is to take."""


class Pace:
    """How long a sweep takes at present."""

    def __init__(self, interval: float) -> None:
        self.sweep_seconds = interval
        """So old answers get."""
        self._interval = interval
        self._is_slow = False

    def look(self, sweep_seconds: float) -> PaceTurn | None:
        """So long it takes now. What is slow stays so until it is wholly at the interval's pace, so
        that a sweep that takes now a little more, now a little less, is told once.
        """
        self.sweep_seconds = sweep_seconds
        was_slow, bound = self._is_slow, 1.0 if self._is_slow else SLOW
        self._is_slow = sweep_seconds > bound * self._interval
        if self._is_slow is was_slow:
            return None
        return PaceTurn(self._is_slow, sweep_seconds, self._interval)
