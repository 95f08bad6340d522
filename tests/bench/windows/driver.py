"""The real planner against a simulated quota, request by request."""

import heapq
from collections import Counter
from dataclasses import dataclass, field

from bench.windows.case import BATCH, BEGIN, EXTENSIONS, INTERVAL, RESERVE, Case
from fakes.clocks import both

from regwatch.core.model import ExtensionId, FailureReason, Quota, Timestamp
from regwatch.core.polling.planner import Ask, Planner, PollingPolicy
from regwatch.core.polling.window import Allowance

LATENCY = 0.2
LOOK_AGAIN = 10.0
"""As the watcher does."""
PROBE_AFTER = 4.0
"""Seconds without a request: the next one is a probe."""


@dataclass
class Result:
    """What came of it."""

    case: Case
    made: int = 0
    """Requests that were answered."""
    possible: float = 0.0
    """Requests that were allowed, the reserve and what others took left aside, and needed."""
    longest_blind: float = 0.0
    refused: int = 0
    of_our_making: int = 0
    """Refused though the last answer said that none was left, and no probe."""
    of_reserve: Counter[int] = field(default_factory=Counter)
    """Requests made while no more than the reserve was known to be left, by window."""


class Driver:
    """One planner, and others, over several windows."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.quota = case.quota()
        self.result = Result(case)
        policy = PollingPolicy(interval=INTERVAL, batch_size=BATCH, reserve=RESERVE)
        self.planner = Planner(policy)
        self.planner.watch({ExtensionId(n): None for n in range(EXTENSIONS)})
        self._flying: list[tuple[float, int, Ask]] = []
        self._number = 0
        self._by_rivals = 0
        self._answered_at = self._asked_at = self._asked_before = BEGIN
        self._known: Quota | None = None

    def play(self) -> Result:
        """All of it."""
        now, end = BEGIN, BEGIN + self.case.lasts
        while now < end:
            now = self._step(now)
        self.result.longest_blind = max(self.result.longest_blind, end - self._answered_at)
        self._note_possible()
        return self.result

    def _step(self, now: float) -> float:
        self._let_rivals(now)
        while self._flying and self._flying[0][0] <= now:
            self._land(heapq.heappop(self._flying)[2], now)
        step = self.planner.next(now=both(now).steady)
        if isinstance(step, Ask):
            self._number += 1
            self._asked_before, self._asked_at = self._asked_at, now
            self._note_reserve(now)
            heapq.heappush(self._flying, (now + LATENCY, self._number, step))
            return now
        until = now + LOOK_AGAIN
        if step.until is not None:
            until = min(until, step.until)
        if self._flying:
            until = min(until, self._flying[0][0])
        return max(until, now + 0.001)

    def _note_reserve(self, now: float) -> None:
        known = self._known
        if known is None or known.remaining <= 0 or known.resets_at <= now or self.case.slides:
            return
        left = known.remaining - len(self._flying) + 1
        window = int((now - BEGIN + 7) // self.case.seconds)
        self.result.of_reserve[window] += left <= RESERVE * known.limit

    def _let_rivals(self, now: float) -> None:
        asked = int(self.case.taken_by_rivals(now - BEGIN)) - self._by_rivals
        self._by_rivals += asked
        left = self.quota.limit - self.quota.used(now)
        self.quota.window.add(min(asked, left), now)

    def _land(self, ask: Ask, now: float) -> None:
        known, steady = self._known, both(now).steady
        is_taken = self.quota.take(now)
        headers = self.quota.headers("seconds", now)
        limit, remaining, reset = (int(each) for each in headers.values())
        self._known = Quota(limit, remaining, Timestamp(now + reset), Timestamp(now))
        self.planner.request_made(now=steady)
        self.planner.quota_seen(Allowance.of(self._known, now=both(now)))
        if is_taken:
            self.result.made += 1
            self.result.longest_blind = max(self.result.longest_blind, now - self._answered_at)
            self._answered_at = now
            self.planner.finished(ask.ids, now=steady)
            return
        self.result.refused += 1
        is_told = known is not None and known.resets_at > now and known.remaining <= 0
        is_probe = now - self._asked_before >= PROBE_AFTER
        self.result.of_our_making += self.case.rival == "none" or (is_told and not is_probe)
        reason = FailureReason.QUOTA_EXHAUSTED
        self.planner.finished(ask.ids, now=steady, failure=reason, unanswered=ask.ids)

    def _note_possible(self) -> None:
        case = self.case
        began = BEGIN if case.slides else self.quota.window.resets_at(BEGIN) - case.seconds
        begin = began - BEGIN
        while begin < case.lasts:
            since, begin = max(0.0, begin), begin + case.seconds
            until = min(begin, case.lasts)
            theirs = case.taken_by_rivals(until) - case.taken_by_rivals(since)
            part = (until - since) / case.seconds
            allowed = max(0.0, (1 - RESERVE) * case.limit * part - theirs)
            needed = EXTENSIONS / BATCH * (until - since) / INTERVAL
            self.result.possible += min(allowed, needed)


def play(case: Case) -> Result:
    """The case, from begin to end."""
    return Driver(case).play()
