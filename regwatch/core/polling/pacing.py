"""How many requests the quota leaves us, and how far apart that makes them.

The quota is shared: with other applications, whose requests show in `Remaining` only after the
fact, and with what we ask beside our polls, such as the list of extensions. What all of these were
seen to use lately they are taken to go on using, so that the pace of our polls holds to the end of
the window.

The reserve is left to the others. Where nothing but the reserve is left, a trickle goes on, of a
quarter of it at most: somebody else used more than was foreseen, and to be blind until the window
ends would be worse. The other three quarters are never touched.
"""

from math import exp

from msgspec import Struct

from regwatch.core.model import LONG_AGO, Instant
from regwatch.core.polling.window import HOUR, Allowance, Made, Window

ASSUMED_LIMIT = 1000
"""Requests per hour where the PBX sends no quota headers: the larger of the vendor's examples."""
FORESIGHT_SECONDS = 1800.0
"""Over how long that use is averaged, at most half of the window."""
CAUTION = 2.0
"""Times what was seen to be used otherwise is left for that: better slower now than blind at the
end.
"""
LEAST_SHARE = 0.4
"""Of what is left counts as ours, however much others were seen to use: they may stop."""
LARGEST_HASTE = 4.0
"""Times the even pace of a window: what is left at its end is not thrown at the PBX."""
LOAN_SHARE = 0.1
"""Of a window's requests may be made ahead of the pace, for answers that somebody waits for."""
LOAN_HASTE = 8.0
"""How much closer together those may be than the pace."""
LEARN_SECONDS = 1.0
"""After a reset the next request is made so soon."""
TRICKLE_SHARE = 0.25
"""Of the reserve is asked for where nothing else is left."""


class OtherUse:
    """How fast the quota was seen to be used other than by our polls, in requests per second."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._seen_at: Instant | None = None
        self._highest = 0
        self._over = FORESIGHT_SECONDS

    def allowed(self, quota: Allowance, polls: int, *, window: float, is_new: bool) -> None:
        """Take in an answer's headers; `polls`: how many of ours this window had by then."""
        theirs = quota.limit - quota.remaining - polls
        if self._seen_at is None:
            self._highest = theirs  # of how fast that was used it says nothing
        elif is_new:
            self._highest = 0
        # Only what exceeds the most seen: answers overtake each other.
        more = max(0, theirs - self._highest)
        self._highest += more
        self._over = min(FORESIGHT_SECONDS, window / 2)
        self._rate = self.rate(now=quota.seen_at) + more / self._over
        self._seen_at = max(self._seen_at or quota.seen_at, quota.seen_at)

    def rate(self, *, now: Instant) -> float:
        """Fading, while nothing is seen of them."""
        seconds = 0.0 if self._seen_at is None else max(0.0, now - self._seen_at)
        return self._rate * exp(-seconds / self._over)


class Counts(Struct):
    """What we made in the present window."""

    requests: int = 0
    polls: int = 0
    borrowed: int = 0
    trickled: int = 0


class OwnLimit:
    """How many requests an hour were allowed to us by the configuration, if it says so."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._hour = 0
        self._made = 0

    def count(self, now: Instant) -> None:
        """One was made."""
        self._made = self._made_by(now) + 1
        self._hour = int(now // HOUR)

    def _made_by(self, now: Instant) -> int:
        return self._made if int(now // HOUR) == self._hour else 0

    def left(self, in_flight: int, *, now: Instant) -> float:
        """So many may still be made."""
        return float("inf") if self.limit is None else self.limit - self._made_by(now) - in_flight

    @staticmethod
    def ends_at(*, now: Instant) -> Instant:
        """When it is whole again."""
        return Instant((now // HOUR + 1) * HOUR)


class Pacer:
    """The quota of one account, as its answers tell it."""

    def __init__(self, *, own_limit: int | None, reserve: float) -> None:
        self._own = OwnLimit(own_limit)
        self._reserve_share = reserve
        self._quota: Allowance | None = None
        self._window = Window()
        self._is_new = False
        self._other = OtherUse()
        self._counts = Counts()
        self._made = Made()
        self.in_flight = 0
        """Requests whose answer, with its headers, is still to come."""

    # --- what happened -------------------------------------------------------------------------

    def request_made(self, *, now: Instant) -> None:
        """Count a request of ours, whatever it was for: the quota counts them all."""
        self._roll(now)
        self._own.count(now)
        self._made.add(now)
        self._made.count(self._window.seconds, now=now)  # or it would grow where nothing is told
        self._counts.requests += 1

    def quota_seen(self, quota: Allowance) -> None:
        """Adapt to what the last answer's headers say."""
        self._roll(quota.seen_at)
        if self._window.is_over(quota):
            return
        if self._window.seen(quota):
            self._begin()
        self._quota = quota
        self._made.count(self._window.seconds, now=quota.seen_at)
        self._made.given_back = 0
        seconds, is_new, self._is_new = self._window.seconds, self._is_new, False
        self._other.allowed(quota, self._counts.polls, window=seconds, is_new=is_new)

    def poll_begun(self, *, ahead_of_pace: bool, now: Instant) -> None:
        """A poll is on its way."""
        self._roll(now)
        self.in_flight += 1
        self._counts.polls += 1
        self._counts.borrowed += ahead_of_pace
        self._counts.trickled += self._shared_left(now) < 1

    def poll_ended(self) -> None:
        """Its answer has come, or will not."""
        self.in_flight -= 1

    def _roll(self, now: Instant) -> None:
        if self._window.has_ended(now=now):
            self._begin()

    def _begin(self) -> None:
        # What is on its way is taken for the first of the new one.
        self._counts, self._is_new = Counts(polls=self.in_flight), True

    # --- what that leaves ----------------------------------------------------------------------

    @property
    def limit(self) -> int:
        """Requests per window, of all applications together."""
        return self._quota.limit if self._quota else (self._own.limit or ASSUMED_LIMIT)

    @property
    def told_at(self) -> Instant:
        """When an answer last told of it."""
        return Instant(LONG_AGO) if self._quota is None else self._quota.seen_at

    @property
    def _reserve(self) -> float:
        return self._reserve_share * self.limit

    def resets_at(self, *, now: Instant) -> Instant:
        """When requests are allowed to us again."""
        if self._own.left(self.in_flight, now=now) < 1:
            return self._own.ends_at(now=now)
        return self._window.ends_at(now=now)

    def left(self, *, now: Instant) -> float:
        """Requests we may still make before the quota resets, the reserve left untouched."""
        return min(self._shared_left(now), self._own_left(now))

    def _own_left(self, now: Instant) -> float:
        return self._own.left(self.in_flight if self._current(now) else 0, now=now)

    def remaining(self, *, now: Instant) -> int:
        """What the quota leaves to all, as far as is known; our open requests count as made."""
        quota = self._current(now)
        if quota is None:
            return self.limit - self._counts_at(now).requests
        given_back = 0
        if self._window.is_sliding:
            self._made.count(self._window.seconds, now=now)
            given_back = self._made.given_back
        return quota.remaining + given_back - self.in_flight

    def kept(self, *, now: Instant) -> int:
        """What is left and not asked for, since it is kept for others."""
        is_of_ours = self._own_left(now) < 1
        return 0 if is_of_ours else max(0, self.remaining(now=now))

    def _current(self, now: Instant) -> Allowance | None:
        return None if self._is_supposed(now) else self._quota

    def _is_supposed(self, now: Instant) -> bool:
        """Whether what was told has passed."""
        self._roll(now)
        return self._window.is_supposed

    def _counts_at(self, now: Instant) -> Counts:
        self._roll(now)
        return self._counts

    def _shared_left(self, now: Instant) -> float:
        """What the quota leaves to all, but for the reserve."""
        return self.remaining(now=now) - self._reserve

    # --- how far apart -------------------------------------------------------------------------

    def is_short(self, *, now: Instant) -> bool:
        """Whether no more than the reserve is left, or than a limit of our own allows."""
        return self.left(now=now) < 1

    def spacing(self, *, now: Instant) -> float | None:
        """Seconds between requests that make what is left last; None if nothing is."""
        own = self._own_left(now)
        if own < 1:
            return None
        if self._shared_left(now) < 1:
            return self._trickle(now)
        if self._is_to_learn(now):
            return LEARN_SECONDS
        ours = (self._own.ends_at(now=now) - now) / own
        return max(ours, self._sliding_pace(now) or self._pace(now))

    def _is_to_learn(self, now: Instant) -> bool:
        """Whether the reset that was told has passed: what holds now, the next answer tells."""
        return self._quota is not None and self._is_supposed(now) and self.in_flight == 0

    def _pace(self, now: Instant) -> float:
        seconds = self._window.ends_at(now=now) - now
        shared = self._shared_left(now)
        foreseen = shared - CAUTION * self._other.rate(now=now) * seconds
        ours = max(foreseen, LEAST_SHARE * shared)
        return max(seconds / ours, self.even / LARGEST_HASTE)

    @property
    def even(self) -> float:
        """Seconds between a window's requests, evenly spread."""
        return self._window.seconds / self.limit

    def _sliding_pace(self, now: Instant) -> float | None:
        """Even: what is asked for in haste is missing for a whole window. None if the window is
        a fixed one.
        """
        if not self._window.is_sliding:
            return None
        ours = self._made.count(self._window.seconds, now=now)
        return self._window.seconds / (ours + self._shared_left(now))

    def _trickle(self, now: Instant) -> float | None:
        share, seconds = TRICKLE_SHARE * self._reserve, self._window.seconds
        if not self._window.is_sliding:  # which gives back one by one, and has no end
            share -= self._counts_at(now).trickled
            seconds = self._window.ends_at(now=now) - now
        most = min(share, self.remaining(now=now))
        return max(seconds / most, self.even) if most >= 1 else None

    def hurried_spacing(self, *, now: Instant) -> float | None:
        """The same for a request that may be made ahead of the pace, while the loan lasts."""
        spacing = self.spacing(now=now)
        if spacing is None or self.is_short(now=now):
            return spacing
        return spacing / LOAN_HASTE if self._may_borrow(now) else spacing

    def _may_borrow(self, now: Instant) -> bool:
        most = LOAN_SHARE * (1 - self._reserve_share) * self.limit
        if self._window.is_sliding:  # it has no begin from which loans could be counted
            return self._shared_left(now) > most
        return self._counts_at(now).borrowed < most
