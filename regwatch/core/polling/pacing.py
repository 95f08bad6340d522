"""How many requests the hourly quota leaves us, and how far apart that makes them.

The quota is shared: with other applications, whose requests show in `Remaining` only after the
fact, and with what we ask beside our polls, such as the list of extensions. What all of these were
seen to use lately they are taken to go on using, so that the pace of our polls holds to the end of
the hour. The reserve is never touched.
"""

from math import exp

from msgspec import Struct

from regwatch.core.model import Instant, Now, Quota

HOUR = 3600.0
"""The vendor counts requests by the clock hour."""
ASSUMED_LIMIT = 1000
"""Requests per hour where the PBX sends no quota headers: the larger of the vendor's examples."""
FORESIGHT_SECONDS = 1800.0
"""Over how long that use is averaged."""
CAUTION = 2.0
"""Times what was seen to be used otherwise is left for that: better slower now than blind at the
end.
"""
LEAST_SHARE = 0.4
"""Of what is left counts as ours, however much others were seen to use: they may stop."""
LARGEST_HASTE = 4.0
"""Times the even pace of an hour: what is left at its end is not thrown at the PBX."""
LOAN_SHARE = 0.1
"""Of an hour's requests may be made ahead of the pace, for answers that somebody waits for."""
LOAN_HASTE = 8.0
"""How much closer together those may be than the pace."""


class Allowance(Struct, frozen=True, gc=False):
    """The quota as an answer's headers told it, by the steady clock."""

    limit: int
    remaining: int
    resets_at: Instant
    seen_at: Instant

    @classmethod
    def of(cls, quota: Quota, *, now: Now) -> "Allowance":
        """By how long it is until the reset: that holds, however the clock is set meanwhile."""
        seen_at = now.instant_of(quota.seen_at)
        resets_at = Instant(seen_at + (quota.resets_at - quota.seen_at))
        return cls(quota.limit, quota.remaining, resets_at, seen_at)


class OtherUse:
    """How fast the quota was seen to be used other than by our polls, in requests per second."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._seen_at = Instant(0.0)
        self._resets_at = Instant(0.0)
        self._highest = 0

    def allowed(self, quota: Allowance, polls: int) -> None:
        """Take in an answer's headers; `polls`: how many of ours this hour had by then."""
        theirs = quota.limit - quota.remaining - polls
        if quota.resets_at > self._resets_at + 1:
            is_known = self._resets_at > 0
            self._resets_at, self._highest = quota.resets_at, 0 if is_known else theirs
        # Only what exceeds the most seen: answers overtake each other.
        more = max(0, theirs - self._highest)
        self._highest += more
        self._rate = self.rate(now=quota.seen_at) + more / FORESIGHT_SECONDS
        self._seen_at = max(self._seen_at, quota.seen_at)

    def rate(self, *, now: Instant) -> float:
        """Fading, while nothing is seen of them."""
        return self._rate * exp(-max(0.0, now - self._seen_at) / FORESIGHT_SECONDS)


class Pacer:
    """The quota of one account, as its answers tell it."""

    def __init__(self, *, own_limit: int | None, reserve: float) -> None:
        self._own_limit = own_limit
        self._reserve = reserve
        self._quota: Allowance | None = None
        self._other = OtherUse()
        self._hour = 0
        self._own = 0  # requests of ours in that hour
        self._polls = 0  # polls among them
        self._borrowed = 0
        self.in_flight = 0
        """Requests whose answer, with its headers, is still to come."""

    def request_made(self, *, now: Instant) -> None:
        """Count a request of ours, whatever it was for: the quota counts them all."""
        self._roll(now)
        self._own += 1

    def quota_seen(self, quota: Allowance) -> None:
        """Adapt to what the last answer's headers say."""
        self._roll(quota.seen_at)
        self._quota = quota
        self._other.allowed(quota, self._polls)

    def poll_begun(self, *, ahead_of_pace: bool, now: Instant) -> None:
        """A poll is on its way."""
        self._roll(now)
        self.in_flight += 1
        self._polls += 1
        self._borrowed += ahead_of_pace

    def poll_ended(self) -> None:
        """Its answer has come, or will not."""
        self.in_flight -= 1

    def _roll(self, now: Instant) -> None:
        hour = int(now // HOUR)
        if hour > self._hour:
            self._hour, self._own, self._polls, self._borrowed = hour, 0, 0, 0

    def _in_hour(self, counted: int, now: Instant) -> int:
        """What was counted, if it was in the hour of `now`."""
        return counted if int(now // HOUR) == self._hour else 0

    @property
    def limit(self) -> int:
        """Requests per hour, of all applications together."""
        return self._quota.limit if self._quota else (self._own_limit or ASSUMED_LIMIT)

    def resets_at(self, *, now: Instant) -> Instant:
        """When the quota is whole again: by the headers, else with the clock hour."""
        if self._quota and self._quota.resets_at > now:
            return self._quota.resets_at
        return Instant((now // HOUR + 1) * HOUR)

    def left(self, *, now: Instant) -> float:
        """Requests we may still make before the quota resets, the reserve left untouched."""
        quota = self._current(now)
        left = self._shared_left(now)
        if self._own_limit is None:
            return left
        return min(
            left, self._own_limit - self._in_hour(self._own, now) - (self.in_flight if quota else 0)
        )

    def _current(self, now: Instant) -> Allowance | None:
        return self._quota if self._quota and self._quota.resets_at > now else None

    def _shared_left(self, now: Instant) -> float:
        """What the quota leaves to all, but for the reserve."""
        quota = self._current(now)
        remaining = (
            quota.remaining - self.in_flight
            if quota
            else self.limit - self._in_hour(self._own, now)
        )
        return remaining - self._reserve * self.limit

    def spacing(self, *, now: Instant) -> float | None:
        """Seconds between requests that make what is left last; None if nothing is."""
        left = self.left(now=now)
        if left < 1:
            return None
        seconds = self.resets_at(now=now) - now
        shared = self._shared_left(now)
        foreseen = shared - CAUTION * self._other.rate(now=now) * seconds
        ours = min(left, max(foreseen, LEAST_SHARE * shared))
        return max(seconds / ours, HOUR / self.limit / LARGEST_HASTE)

    def hurried_spacing(self, *, now: Instant) -> float | None:
        """The same for a request that may be made ahead of the pace, while the loan lasts."""
        spacing = self.spacing(now=now)
        borrowed = self._in_hour(self._borrowed, now)
        if spacing is None or borrowed >= LOAN_SHARE * (1 - self._reserve) * self.limit:
            return spacing
        return spacing / LOAN_HASTE
