"""Whom to ask next, and when: requests are scarce, ids in a request are not.

* Ids awaiting confirmation come first, then those asked longest ago.
* Requests are spread over the hour by what the quota leaves us: `Remaining` less the reserve, over
  the time until `Reset`. Where the quota is plentiful, the interval rules: no more requests than
  keep every extension younger than `interval`.
* A request that failed slows the next one down; the reason says by how much.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import chain

from msgspec import Struct

from regwatch.core.model import ExtensionId, FailureReason, Quota, Timestamp

HOUR = 3600.0
ASSUMED_LIMIT = 1000
"""Requests per hour where the PBX sends no quota headers: the larger of the vendor's examples."""
QUARANTINE_SECONDS = HOUR
"""How long an id that the PBX refuses to speak of is left out before it is tried again."""
PERSON_NEEDED_SECONDS = 300.0
"""Between probes while only a person can mend it."""
NEVER, FAR_OFF = Timestamp(float("-inf")), Timestamp(float("inf"))
BACKOFF_FIRST, BACKOFF_CAP = 1.0, 60.0
THROTTLED_SECONDS = 5.0


class PollingPolicy(Struct, frozen=True):
    """The polling part of an account's config; times in seconds."""

    interval: float = 60.0
    batch_size: int = 50
    concurrency: int = 4
    requests_per_hour: int | None = None
    """None: what the PBX's headers say."""
    reserve: float = 0.1
    """The share of the hourly quota left to other applications."""


class Ask(Struct, frozen=True):
    """Ask for these now."""

    ids: tuple[ExtensionId, ...]


class Wait(Struct, frozen=True):
    """Ask again at that time, or when something changes; None: nothing is to be asked."""

    until: Timestamp | None


class Planner:
    """The plan of one account. Every verb takes `now`; nothing here sleeps."""

    def __init__(self, policy: PollingPolicy) -> None:
        self.policy = policy
        self.batch_limit = policy.batch_size
        self._never_asked: dict[ExtensionId, None] = {}
        self._asked_at: dict[ExtensionId, Timestamp] = {}  # longest ago first
        self._urgent: dict[ExtensionId, Timestamp] = {}  # each not before
        self._retried: set[ExtensionId] = set()
        self._quarantined: dict[ExtensionId, Timestamp] = {}
        self._in_flight: set[ExtensionId] = set()
        self._requests_in_flight = 0
        self._quota: Quota | None = None
        self._own: dict[int, int] = {}  # requests of ours by clock hour
        self.blocked_until = Timestamp(0.0)
        self._last_start = NEVER
        self._failures = 0
        self.exhausted_until: Timestamp | None = None

    # --- what is watched ---------------------------------------------------------------------

    def watch(self, answered_at: Mapping[ExtensionId, Timestamp | None]) -> list[ExtensionId]:
        """Put new ids in line, before all others those that were never answered, and behind them
        the rest in the order given: longest ago first. Known ones keep their place. Returns the
        new ones.
        """
        new = [i for i in answered_at if not self._knows(i)]
        for extension_id in new:
            at = answered_at[extension_id]
            if at is None:
                self._never_asked[extension_id] = None
            else:
                self._asked_at[extension_id] = at
        return new

    def _knows(self, extension_id: ExtensionId) -> bool:
        return extension_id in self._asked_at or extension_id in self._never_asked

    def forget(self, ids: Iterable[ExtensionId]) -> None:
        """Ask for these no more."""
        for extension_id in ids:
            self._never_asked.pop(extension_id, None)
            self._asked_at.pop(extension_id, None)
            self._urgent.pop(extension_id, None)
            self._quarantined.pop(extension_id, None)

    def confirm(self, ids: Iterable[ExtensionId], *, at: Timestamp = NEVER) -> None:
        """Ask for these again before all others, though not before then."""
        self._urgent.update(dict.fromkeys(filter(self._knows, ids), at))

    def quarantine(self, ids: Iterable[ExtensionId], *, now: Timestamp) -> None:
        """Leave these out for a while: the PBX refuses to speak of them."""
        self._quarantined.update(dict.fromkeys(ids, Timestamp(now + QUARANTINE_SECONDS)))

    @property
    def quarantined(self) -> Collection[ExtensionId]:
        """The ids left out at present."""
        return self._quarantined.keys()

    # --- what happened -----------------------------------------------------------------------

    def request_made(self, *, now: Timestamp) -> None:
        """Count a request of ours, whatever it was for: the quota counts them all."""
        hour = int(now // HOUR)
        self._own = {hour: self._own.get(hour, 0) + 1}

    def quota_seen(self, quota: Quota) -> None:
        """Adapt to what the last answer's headers say."""
        self._quota = quota

    def finished(
        self,
        asked: Collection[ExtensionId],
        *,
        now: Timestamp,
        failure: FailureReason | None = None,
        unanswered: Collection[ExtensionId] = (),
        retry_after: float | None = None,
    ) -> None:
        """A request came to its end. What a failure left unanswered is asked once more soon."""
        self._in_flight.difference_update(asked)
        self._requests_in_flight -= 1
        answered = set(asked).difference(unanswered)
        if answered or failure is None:
            self._succeeded(answered)
        if failure is not None:
            self._retry(unanswered)
            self.slow_down(failure, now=now, retry_after=retry_after)

    def _succeeded(self, answered: Collection[ExtensionId]) -> None:
        self._retried.difference_update(answered)
        self._failures = 0
        self.blocked_until = Timestamp(0.0)
        self.exhausted_until = None

    def _retry(self, ids: Collection[ExtensionId]) -> None:
        again = [i for i in ids if i not in self._retried]
        self._retried.difference_update(ids)
        self._retried.update(again)
        self.confirm(again)

    def slow_down(
        self, reason: FailureReason, *, now: Timestamp, retry_after: float | None = None
    ) -> None:
        """Ask nothing for a while; how long, the reason tells."""
        self._failures += 1
        pause = retry_after if retry_after is not None else self._pause(reason, now)
        self.blocked_until = Timestamp(max(self.blocked_until, now + pause))
        if reason is FailureReason.QUOTA_EXHAUSTED:
            self.exhausted_until = self.blocked_until

    def _pause(self, reason: FailureReason, now: Timestamp) -> float:
        match reason:
            case FailureReason.QUOTA_EXHAUSTED:
                return max(1.0, self._resets_at(now) - now)
            case FailureReason.CREDENTIALS_REFUSED | FailureReason.ACCESS_DENIED:
                return PERSON_NEEDED_SECONDS
            case FailureReason.THROTTLED:
                return THROTTLED_SECONDS * min(self._failures, 12)
            case _:
                return float(min(BACKOFF_CAP, BACKOFF_FIRST * 2 ** min(self._failures - 1, 10)))

    # --- what to do --------------------------------------------------------------------------

    def next(self, *, now: Timestamp) -> Ask | Wait:
        """The next request, or how long none is due."""
        self._release_quarantined(now)
        if self._requests_in_flight >= self._concurrency() or not self._count():
            return Wait(None)
        start = self._next_start(now)
        if start > now:
            return Wait(min(start, self._next_confirmation(now)))
        ids = self._choose(now)
        if not ids:
            return Wait(min(self._quarantined.values(), default=None))
        self._take(ids, now)
        return Ask(ids)

    def _count(self) -> int:
        return len(self._never_asked) + len(self._asked_at)

    def _concurrency(self) -> int:
        return 1 if self._failures else self.policy.concurrency

    def _release_quarantined(self, now: Timestamp) -> None:
        while self._quarantined and next(iter(self._quarantined.values())) <= now:
            del self._quarantined[next(iter(self._quarantined))]

    def _next_confirmation(self, now: Timestamp) -> Timestamp:
        """When one that must wait a little first may be asked again."""
        return min((at for at in self._urgent.values() if at > now), default=FAR_OFF)

    def _choose(self, now: Timestamp) -> tuple[ExtensionId, ...]:
        ready = (i for i, at in self._urgent.items() if at <= now)
        chosen = dict.fromkeys(i for i in ready if self._is_askable(i))
        if len(chosen) < self.batch_limit:
            for extension_id in chain(self._never_asked, self._asked_at):
                if self._is_askable(extension_id):
                    chosen[extension_id] = None
                    if len(chosen) >= self.batch_limit:
                        break
        return tuple(chosen)[: self.batch_limit]

    def _is_askable(self, extension_id: ExtensionId) -> bool:
        return extension_id not in self._in_flight and extension_id not in self._quarantined

    def _take(self, ids: tuple[ExtensionId, ...], now: Timestamp) -> None:
        for extension_id in ids:
            self._never_asked.pop(extension_id, None)
            self._asked_at.pop(extension_id, None)
            self._asked_at[extension_id] = now
            self._urgent.pop(extension_id, None)
        self._in_flight.update(ids)
        self._requests_in_flight += 1
        self._last_start = now

    def _next_start(self, now: Timestamp) -> Timestamp:
        spacing = self.spacing(now=now)
        if spacing is None:  # nothing left of the quota
            self.exhausted_until = self._resets_at(now)
            return max(self.exhausted_until, self.blocked_until)
        due = self._last_start + max(spacing, 0.0 if self._is_hurried(now) else self._slot())
        return Timestamp(max(due, self.blocked_until))

    def _is_hurried(self, now: Timestamp) -> bool:
        """Whether someone waits for an answer: a confirmation, or the first one in long."""
        # Only who can be asked now: one in quarantine grows old, and no hurry helps it.
        if any(at <= now and self._is_askable(i) for i, at in self._urgent.items()):
            return True
        if any(map(self._is_askable, self._never_asked)):
            return True
        oldest = next((at for i, at in self._asked_at.items() if self._is_askable(i)), now)
        return oldest < now - 2 * self.policy.interval

    def _slot(self) -> float:
        """Seconds between requests that sweep every id once per interval."""
        batches = -(-(self._count() - len(self._quarantined)) // self.batch_limit)
        return self.policy.interval / max(1, batches)

    def spacing(self, *, now: Timestamp) -> float | None:
        """Seconds between requests that the quota allows; None if none is left to us.

        While plenty is left (twice what a whole sweep needs) a hurried request need not wait.
        """
        left = self.left(now=now)
        if left < 1:
            return None
        batches = -(-self._count() // self.batch_limit)
        if self._is_hurried(now) and left >= 2 * batches:
            return 0.0
        return (self._resets_at(now) - now) / left

    def left(self, *, now: Timestamp) -> float:
        """Requests we may still make before the quota resets, the reserve left untouched."""
        quota = self._quota if self._quota and self._quota.resets_at > now else None
        own_limit = self.policy.requests_per_hour
        limit = self._quota.limit if self._quota else (own_limit or ASSUMED_LIMIT)
        spent = self._own.get(int(now // HOUR), 0)
        left = (quota.remaining if quota else limit - spent) - self.policy.reserve * limit
        if own_limit is not None:
            left = min(left, own_limit - spent)
        return left - (self._requests_in_flight if quota else 0)

    def sweep_seconds(self, *, now: Timestamp) -> float:
        """How long a whole sweep takes at the present pace: so old answers get."""
        spacing = self.spacing(now=now)
        if spacing is None:
            return self._resets_at(now) - now + self.policy.interval
        batches = -(-self._count() // self.batch_limit)
        return max(self.policy.interval, batches * spacing)

    def _resets_at(self, now: Timestamp) -> Timestamp:
        if self._quota and self._quota.resets_at > now:
            return self._quota.resets_at
        return Timestamp((now // HOUR + 1) * HOUR)
