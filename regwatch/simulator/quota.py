"""The request quota, shared by all of the customer's applications, as gateways count it.

The vendor counts by the clock hour. Others have windows of other lengths, windows that begin with
the first request, and windows that slide.
"""

from collections import deque
from collections.abc import Mapping
from typing import Protocol

HOUR = 3600.0
HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
FORMS = ("seconds", "epoch", "policy", "thousands", "several", "missing", "garbage")
"""How the headers may be written. `several`: of a minute and an hour besides, as some gateways."""


class Window(Protocol):
    """What is counted of late."""

    seconds: float
    """Its length."""

    def used(self, now: float) -> int:
        """How many requests count now."""

    def add(self, count: int, now: float) -> None:
        """So many were made, by whomever."""

    def resets_at(self, now: float) -> float:
        """When it is whole again, or gives the next one back."""


class FixedWindow:
    """Whole again at its end; the first begins with the clock, or with `begins_at`."""

    def __init__(
        self, seconds: float = HOUR, *, begins_at: float = 0.0, used_by_others: int = 0
    ) -> None:
        self.seconds = seconds
        self._begins_at = begins_at
        self._used_by_others = used_by_others
        self._number = -1
        self._used = 0

    def used(self, now: float) -> int:
        """In the present one."""
        number = int((now - self._begins_at) // self.seconds)
        if number != self._number:
            self._number, self._used = number, self._used_by_others
        return self._used

    def add(self, count: int, now: float) -> None:
        """To the present one."""
        self._used = self.used(now) + count

    def resets_at(self, now: float) -> float:
        """The end of the present one."""
        number = (now - self._begins_at) // self.seconds
        return self._begins_at + (number + 1) * self.seconds


class SlidingWindow:
    """Each request counts for so long, and is then given back."""

    def __init__(self, seconds: float = HOUR) -> None:
        self.seconds = seconds
        self._made: deque[float] = deque()

    def used(self, now: float) -> int:
        """In the last so many seconds."""
        while self._made and self._made[0] <= now - self.seconds:
            self._made.popleft()
        return len(self._made)

    def add(self, count: int, now: float) -> None:
        """Now; fewer than none takes the latest ones back."""
        for _ in range(-count):
            self._made.pop()
        self._made.extend([now] * count)

    def resets_at(self, now: float) -> float:
        """When the oldest is given back."""
        return (self._made[0] if self.used(now) else now) + self.seconds


class SharedQuota:
    """Requests counted against a limit."""

    def __init__(self, limit: int, window: Window) -> None:
        self.limit = limit
        self.window = window
        self.refused_cost = False
        """Whether a refused request counts as well."""

    def take(self, now: float) -> bool:
        """Count one request; False if none is left."""
        is_left = self.window.used(now) < self.limit
        if is_left or self.refused_cost:
            self.window.add(1, now)
        return is_left

    def use(self, used: int, now: float) -> None:
        """Set how many are used in this window."""
        self.window.add(used - self.window.used(now), now)

    def used(self, now: float) -> int:
        """How many are used in this window."""
        return self.window.used(now)

    def headers(self, form: str, now: float, lower_limit: int = 0) -> Mapping[str, str]:
        """As they come with every answer, in one of `FORMS`."""
        if form == "missing":
            return {}
        if form == "garbage":
            return dict.fromkeys(HEADERS, "many")
        limit = min(self.limit, lower_limit) if lower_limit else self.limit
        remaining = max(0, limit - self.used(now))
        reset = self.window.resets_at(now)
        resets = int(reset if form == "epoch" else reset - now)
        shown = f"{limit:,}" if form == "thousands" else str(limit)
        if form == "policy":
            shown = f"{limit}, {limit};w={self.window.seconds:.0f}"
        found = dict(zip(HEADERS, (shown, str(remaining), str(resets)), strict=True))
        if form == "several":
            found = {
                "X-RateLimit-Limit-Minute": str(limit),
                "X-RateLimit-Remaining-Minute": str(limit),
                "X-RateLimit-Limit-Hour": shown,
                "X-RateLimit-Remaining-Hour": str(remaining),
                "RateLimit-Reset": str(resets),
            }
        return found
