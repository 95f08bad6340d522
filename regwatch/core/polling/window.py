"""Over how long the PBX counts requests: learned from how `Reset` goes, an hour until then.

* A **fixed** window's reset jumps forward once, when it is over, and the quota is whole again. The
  longest time to a reset that was seen is its length, once such a jump was seen.
* A **sliding** window gives back each request when it is as old as the window is long. Its reset
  jumps forward again and again, and nothing is whole after that.

Gateways count by the minute, by ten minutes, by the hour; the vendor by the clock hour.
"""

from collections import deque

from msgspec import Struct

from regwatch.core.model import Instant, Now, Quota

HOUR = 3600.0
"""The vendor counts requests by the clock hour."""
ROUNDING_SECONDS = 1.0
"""`Reset` comes in whole seconds, rounded down: so much later it has surely passed."""
JUMP_SECONDS = 2.0
"""Resets come in whole seconds, and answers overtake each other: less is none."""
TELLING_SHARE = 0.05
"""Of the quota is to be used before a jump, so that it shows whether that is given back."""


class Allowance(Struct, frozen=True, gc=False):
    """The quota as an answer's headers told it, by the steady clock."""

    limit: int
    remaining: int
    resets_at: Instant
    seen_at: Instant
    window: float | None = None
    """Seconds over which is counted, where the headers say that."""

    @classmethod
    def of(cls, quota: Quota, *, now: Now) -> "Allowance":
        """By how long it is until the reset: that holds, however the clock is set meanwhile."""
        seen_at = now.instant_of(quota.seen_at)
        resets_at = Instant(seen_at + (quota.resets_at - quota.seen_at))
        return cls(quota.limit, quota.remaining, resets_at, seen_at, quota.window)


class Window:
    """The window of one account's quota."""

    def __init__(self) -> None:
        self.seconds = HOUR
        """How long it is."""
        self.is_sliding = False
        self._told: Allowance | None = None
        """The last answer of which this is known."""
        self._ends_at: Instant | None = None
        """When the present one does, told or supposed; None while nothing is known of any."""
        self.is_supposed = False
        """Whether the present one is known by the end of the one before alone."""
        self._longest = 0.0
        self._is_learned = False

    def seen(self, quota: Allowance) -> bool:
        """Take in an answer's headers. Returns whether a window has begun that was not known of."""
        told, self._told = self._told, quota
        self._ends_at = Instant(quota.resets_at + ROUNDING_SECONDS)
        if told is not None and quota.limit != told.limit:  # somebody set it anew
            self._longest, self._is_learned = 0.0, False
        self._longest = max(self._longest, quota.resets_at - quota.seen_at)
        is_jump = False
        if told is not None and quota.resets_at > told.resets_at + JUMP_SECONDS:
            is_jump = self._is_learned = True
            self._tell_kind(told, quota)
        if quota.window is not None:
            self.seconds = quota.window
        elif self._is_learned:
            self.seconds = self._longest
        is_known, self.is_supposed = self.is_supposed, False
        return is_jump and not is_known and not self.is_sliding

    def is_over(self, quota: Allowance) -> bool:
        """Whether an answer is of a window before: the next ones overtook it."""
        if self._told is None or self.is_sliding:
            return False
        if self.is_supposed:
            return quota.resets_at <= self._told.resets_at + JUMP_SECONDS
        is_earlier = quota.resets_at < self._told.resets_at - JUMP_SECONDS
        return is_earlier and quota.resets_at <= quota.seen_at + JUMP_SECONDS

    def _tell_kind(self, told: Allowance, quota: Allowance) -> None:
        used_before, used = told.limit - told.remaining, quota.limit - quota.remaining
        if used_before > max(2, TELLING_SHARE * told.limit):
            self.is_sliding = used > used_before / 2

    def ends_at(self, *, now: Instant) -> Instant:
        """When the present one does: as told, else as supposed, one after the other."""
        if self._ends_at is None:
            return Instant((now // HOUR + 1) * HOUR)
        gone = max(0.0, (now - self._ends_at) // self.seconds + 1)
        return Instant(self._ends_at + gone * self.seconds)

    def has_ended(self, *, now: Instant) -> bool:
        """Whether one has, since this was asked, as far as is known: another is supposed to have
        begun.
        """
        before, self._ends_at = self._ends_at, self.ends_at(now=now)
        is_over = before is not None and before < self._ends_at and not self.is_sliding
        self.is_supposed |= is_over
        return is_over


class Made:
    """The requests of ours that a sliding window still counts."""

    def __init__(self) -> None:
        self._at: deque[Instant] = deque()
        self.given_back = 0
        """How many it has ceased to count since the last answer's headers."""

    def add(self, now: Instant) -> None:
        """One was made."""
        self._at.append(now)

    def count(self, seconds: float, *, now: Instant) -> int:
        """How many were made in the last so many seconds; the others are forgotten."""
        while self._at and self._at[0] <= now - seconds:
            self._at.popleft()
            self.given_back += 1
        return len(self._at)
