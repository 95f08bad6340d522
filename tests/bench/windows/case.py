"""What is simulated: how the PBX counts, how many it allows, and who else asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from regwatch.simulator.quota import HOUR, FixedWindow, SharedQuota, SlidingWindow, Window

BEGIN = 1_800_000_000.0 + 1000.0
"""In the midst of a clock hour."""
EXTENSIONS, BATCH, INTERVAL = 3000, 50, 60.0
"""60 requests a minute are needed, where so many are allowed."""
RESERVE = 0.1
LIMITS = (60, 1000, 10_000)
WINDOWS = ("60 s", "600 s", "3600 s", "clock hour", "sliding hour")
RIVALS = ("none", "50 %", "90 %", "bursts")
BURST_SHARE, BURST_MINUTE = 0.85, 6


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    window: str
    limit: int
    rival: str

    @property
    def seconds(self) -> float:
        """Of a window."""
        return HOUR if "hour" in self.window else float(self.window.split()[0])

    @property
    def lasts(self) -> float:
        """How long is watched: several windows, and at least an hour."""
        return max(HOUR, 3 * self.seconds)

    @property
    def slides(self) -> bool:
        """Whether it gives back each request by itself."""
        return self.window == "sliding hour"

    def quota(self) -> SharedQuota:
        """As the PBX counts."""
        window: Window
        if self.slides:
            window = SlidingWindow(HOUR)
        else:
            is_of_clock = self.window == "clock hour"
            window = FixedWindow(self.seconds, begins_at=0.0 if is_of_clock else BEGIN - 7)
        return SharedQuota(self.limit, window)

    def taken_by_rivals(self, since: float) -> float:
        """How many they have asked for, so long after the begin."""
        if self.rival == "none":
            return 0.0
        if self.rival == "bursts":
            hours = (since - BURST_MINUTE * 60) // HOUR + 1
            return hours * BURST_SHARE * self.limit
        return float(self.rival.split()[0]) / 100 * self.limit * since / self.seconds


def cases() -> Iterator[Case]:
    """All of them."""
    for window, limit, rival in product(WINDOWS, LIMITS, RIVALS):
        yield Case(window, limit, rival)
