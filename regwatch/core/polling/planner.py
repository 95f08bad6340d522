"""Whom to ask next, and when: requests are scarce, ids in a request are not.

Whose turn it is decides the agenda, how many requests there are the pacer. Here they meet:

* Requests are at least as far apart as the quota asks for. Hurried appointments and the first sweep
  may run ahead of the pace a little; where the quota is used up, all wait for its reset, and a
  probe now and then looks whether that is still so.
* Where the quota is plentiful, the interval rules: no more requests than keep every extension
  younger than `interval` and meet every appointment.
* A request that failed slows the next one down; the reason says by how much.

All of it runs on the steady clock: whoever sets the wall clock neither stops the polls nor makes
them many.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from regwatch.core.model import LONG_AGO, ExtensionId, FailureReason, Instant
from regwatch.core.polling.agenda import Agenda, Appointment, Purpose
from regwatch.core.polling.pacing import Pacer
from regwatch.core.polling.rounds import Rounds
from regwatch.core.polling.window import HOUR, Allowance

PATIENCE = 2.1
"""Times a sweep's period an extension may go unasked."""
QUARANTINE_SECONDS = HOUR
"""How long an id that the PBX refuses to speak of is left out before it is tried again."""
PERSON_NEEDED_SECONDS = 300.0
"""Between probes while only a person can mend it."""
MEET_WITHIN_SECONDS = 1.0
"""How late a soft appointment may be met, so that several share a request."""
LONGEST_WAIT_SLOTS = 2.0
"""Times the present pause between requests that a plan may look ahead."""
BACKOFF_FIRST, BACKOFF_CAP = 1.0, 15.0
"""Seconds after a failure, doubling, up to that or to the present pause between requests: a PBX
that is back is noticed with the next request.
"""
REFUSED_FIRST, REFUSED_CAP = 5.0, 300.0
"""Seconds that refusals for asking too much in a row wait at least, doubling."""
PROBE_SECONDS = 300.0
"""Between requests while the quota is used up: it may be counted otherwise than was learned."""
TOKEN_SECONDS = (5.0, 15.0, 30.0, 60.0)
"""After each time in a row that a token was refused that was just granted: servers behind one name
learn of it one after the other.
"""


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
    in_turn: int = 0
    """How many of them were not asked for long; the others have their appointment."""


class Wait(Struct, frozen=True):
    """Ask again at that time, or when something changes; None: nothing is to be asked."""

    until: Instant | None


class Shortage(Struct, frozen=True):
    """The quota leaves less than the pace asks for."""

    until: Instant
    remaining: int
    """Requests that are left, but kept for other applications."""
    pause: float | None
    """Seconds between the requests that are made all the same; None: none is, but for probes."""


class Planner:
    """The plan of one account. Every verb takes `now`; nothing here sleeps."""

    def __init__(self, policy: PollingPolicy) -> None:
        self.policy = policy
        self.batch_limit = policy.batch_size
        self.agenda = Agenda()
        self.pacer = Pacer(own_limit=policy.requests_per_hour, reserve=policy.reserve)
        self._rounds = Rounds()
        self._retried: set[ExtensionId] = set()
        self._quarantined: dict[ExtensionId, Instant] = {}
        self.blocked_until = Instant(0.0)
        self._last_start = Instant(LONG_AGO)
        self._sweep_at = Instant(LONG_AGO)
        self._failures = 0
        self.asked: Counter[Purpose] = Counter()
        """For what extensions were asked, since the start."""
        self._used_up_until: Instant | None = None
        """As far as was told, if the last request was refused for that."""

    # --- what is watched ---------------------------------------------------------------------

    def watch(self, answered_at: Mapping[ExtensionId, Instant | None]) -> list[ExtensionId]:
        """Put new ids in line, before all others those that were never answered, and behind them
        the rest in the order given: longest ago first. Known ones keep their place. Returns the
        new ones.
        """
        new = [i for i in answered_at if i not in self.agenda]
        for extension_id in new:
            self.agenda.add(extension_id, answered_at[extension_id])
        return new

    def forget(self, ids: Iterable[ExtensionId]) -> None:
        """Ask for these no more."""
        for extension_id in ids:
            self.agenda.forget(extension_id)
            self._quarantined.pop(extension_id, None)
            self._retried.discard(extension_id)

    def appoint(self, extension_id: ExtensionId, appointment: Appointment | None) -> None:
        """When the next answer about it will tell something; replaces what was said before."""
        if extension_id not in self._quarantined:
            self.agenda.appoint(extension_id, appointment)

    def confirm(self, ids: Iterable[ExtensionId], purpose: Purpose = Purpose.CONFIRMATION) -> None:
        """Ask for these again before all others, ahead of the pace."""
        appointment = Appointment(Instant(LONG_AGO), is_firm=True, purpose=purpose)
        for extension_id in ids:
            self.appoint(extension_id, appointment)

    def quarantine(self, ids: Collection[ExtensionId], *, now: Instant) -> Sequence[ExtensionId]:
        """Leave these out for a while: the PBX refuses to speak of them. Returns the new ones."""
        new = sorted(i for i in ids if i not in self._quarantined)
        for extension_id in ids:
            self._quarantined[extension_id] = Instant(now + QUARANTINE_SECONDS)
            self.agenda.appoint(extension_id, None)
            self.agenda.withhold((extension_id,))
        return new

    # --- what happened -----------------------------------------------------------------------

    def request_made(self, *, now: Instant) -> None:
        """Count a request of ours, whatever it was for: the quota counts them all."""
        self.pacer.request_made(now=now)

    def quota_seen(self, quota: Allowance) -> None:
        """Adapt to what the last answer's headers say."""
        self.pacer.quota_seen(quota)

    def finished(
        self,
        asked: Collection[ExtensionId],
        *,
        now: Instant,
        failure: FailureReason | None = None,
        unanswered: Collection[ExtensionId] = (),
        retry_after: float | None = None,
    ) -> None:
        """A request came to its end. What a failure left unanswered is asked once more soon."""
        self.agenda.release(i for i in asked if i not in self._quarantined)
        self.pacer.poll_ended()
        # A batch may have been split: part of it came, part of it failed. Both count.
        answered = set(asked).difference(unanswered)
        if answered or failure is None:
            self._succeeded(answered)
        if failure is not None:
            self._retry(unanswered)
            self.slow_down(failure, now=now, retry_after=retry_after)

    def _succeeded(self, answered: Collection[ExtensionId]) -> None:
        self._retried.difference_update(answered)
        self._failures = 0
        self.blocked_until = Instant(0.0)
        self._used_up_until = None

    def _retry(self, ids: Collection[ExtensionId]) -> None:
        # Out of turn only once: what the PBX cannot answer would crowd out all others.
        again = [i for i in ids if i not in self._retried]
        self._retried.difference_update(ids)
        self._retried.update(again)
        self.confirm(again)

    def slow_down(
        self, reason: FailureReason, *, now: Instant, retry_after: float | None = None
    ) -> None:
        """Ask nothing for a while; how long, the reason tells."""
        self._failures += 1
        pause = self._pause(reason, retry_after, now)
        self.blocked_until = Instant(max(self.blocked_until, now + pause))
        self._used_up_until = None
        if reason is FailureReason.QUOTA_EXHAUSTED:
            whole_at = now if retry_after is not None else self.pacer.resets_at(now=now)
            self._used_up_until = max(self.blocked_until, whole_at)

    def _pause(self, reason: FailureReason, retry_after: float | None, now: Instant) -> float:
        row = self._failures - 1
        refused = _doubled(REFUSED_FIRST, row, REFUSED_CAP)
        match reason:
            case FailureReason.QUOTA_EXHAUSTED | FailureReason.THROTTLED if retry_after is not None:
                return max(refused, retry_after)
            case FailureReason.QUOTA_EXHAUSTED:
                reset = self.pacer.resets_at(now=now) - now
                return max(refused, min(PROBE_SECONDS, reset))
            case FailureReason.THROTTLED:
                return refused
            case _ if retry_after is not None:
                return retry_after
            case FailureReason.CREDENTIALS_REFUSED | FailureReason.ACCESS_DENIED:
                return PERSON_NEEDED_SECONDS
            case FailureReason.TOKEN_REFUSED:
                return TOKEN_SECONDS[min(row, len(TOKEN_SECONDS) - 1)]
            case _:
                cap = max(BACKOFF_CAP, self.spacing(now=now) or 0.0)
                return _doubled(BACKOFF_FIRST, row, cap)

    # --- what to do --------------------------------------------------------------------------

    def next(self, *, now: Instant) -> Ask | Wait:
        """The next request, or how long none is due."""
        self._release_quarantined(now)
        if self.pacer.in_flight >= self._concurrency() or not len(self.agenda):
            return Wait(None)
        start = self._next_start(now)
        if start > now:
            return Wait(start)
        if not self.agenda.askable:
            return Wait(min(self._quarantined.values(), default=None))
        return self._ask(now)

    def is_too_far(self, until: Instant, *, now: Instant) -> bool:
        """Whether a wait until then is longer than anything explains: the pace, a failure, a spent
        quota, or nobody to ask.
        """
        spacing = self.spacing(now=now)
        if spacing is None or not self.agenda.askable:
            return False
        longest = max(self.policy.interval, LONGEST_WAIT_SLOTS * spacing)
        return until > max(now, self.blocked_until) + longest

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked now, and there is nobody to ask."""
        return not self.pacer.in_flight and not len(self.agenda)

    def _concurrency(self) -> int:
        return 1 if self._failures else self.policy.concurrency

    def _release_quarantined(self, now: Instant) -> None:
        while self._quarantined and next(iter(self._quarantined.values())) <= now:
            extension_id = next(iter(self._quarantined))
            del self._quarantined[extension_id]
            self.agenda.release((extension_id,))

    def _ask(self, now: Instant) -> Ask:
        spacing = self.pacer.spacing(now=now)
        is_early = spacing is not None and now < self._last_start + spacing
        self.pacer.poll_begun(ahead_of_pace=is_early, now=now)
        askable = self.agenda.askable
        # Who would lose patience before the next request is asked now.
        patience = PATIENCE * self.sweep_seconds(now=now) - (spacing or 0.0)
        choice = self.agenda.choose(
            self.batch_limit, patience=patience, overdue_before=self._overdue_before(now), now=now
        )
        self.asked.update(choice.purposes)
        self._last_start = now
        credit = self.policy.interval * choice.in_turn / askable
        self._sweep_at = Instant(max(self._sweep_at, now + credit))
        return Ask(choice.ids, choice.in_turn)

    def _overdue_before(self, now: Instant) -> Instant:
        # Where the quota is plentiful, requests for appointments make sweeps' worth in seconds.
        batches, in_time = self._batches(), Instant(now - PATIENCE * self.policy.interval)
        before = min(self._rounds.overdue_before(batches), in_time)
        self._rounds.made(batches, now=now)
        return before

    def _next_start(self, now: Instant) -> Instant:
        spacing = self.pacer.spacing(now=now)
        hurried = self.pacer.hurried_spacing(now=now)
        if spacing is None or hurried is None:  # nothing left of the quota
            return max(self._probe_at(now), self.blocked_until)
        if self._can_see_all_at_once(now):
            return max(now, self.blocked_until)
        out_of_turn = self._last_start + hurried
        if not self._is_behind(now):
            out_of_turn = max(out_of_turn, self.agenda.hurried_at())
        due_at = self.agenda.due_at() + MEET_WITHIN_SECONDS
        in_turn = max(min(due_at, self._sweep_at), self._last_start + spacing)
        return Instant(max(min(out_of_turn, in_turn), self.blocked_until))

    def _probe_at(self, now: Instant) -> Instant:
        """When to look though nothing is left: what is kept for others is not looked into."""
        resets_at = self.pacer.resets_at(now=now)
        if self._used_up_until is not None:
            return now
        if self.pacer.remaining(now=now) > 0:
            return resets_at
        last = max(self._last_start, self.pacer.told_at)
        return min(resets_at, Instant(last + PROBE_SECONDS))

    def shortage(self, *, now: Instant) -> Shortage | None:
        """What the quota leaves, where that is not enough for the pace; None if it is."""
        if self._used_up_until is not None:
            return Shortage(self._used_up_until, 0, None)
        if not self.pacer.is_short(now=now):
            return None
        resets_at, kept = self.pacer.resets_at(now=now), self.pacer.kept(now=now)
        return Shortage(resets_at, kept, self.spacing(now=now))

    def _can_see_all_at_once(self, now: Instant) -> bool:
        """Whether a first sweep need not wait: it takes no more than half of what is left."""
        return bool(self.agenda.never_asked) and self.pacer.left(now=now) >= 2 * self._batches()

    def _is_behind(self, now: Instant) -> bool:
        """Whether answers are far older than the pace explains, as after an outage."""
        return self.agenda.oldest_asked_at() < now - PATIENCE * self.sweep_seconds(now=now)

    def _batches(self) -> int:
        """Requests that a sweep takes."""
        return -(-(len(self.agenda) - len(self._quarantined)) // self.batch_limit)

    def spacing(self, *, now: Instant) -> float | None:
        """Seconds between requests that the quota allows; None if none is left to us."""
        return self.pacer.spacing(now=now)

    def sweep_seconds(self, *, now: Instant) -> float:
        """How long a whole sweep takes at the present pace: so old answers get. What the window has
        no room for goes on at the pace of the next.
        """
        spacing, batches = self.spacing(now=now), self._batches()
        rest = self.pacer.resets_at(now=now) - now
        if spacing is None:
            return rest + self.policy.interval
        later = batches - max(0.0, self.pacer.left(now=now))
        over_two = rest + later * self.pacer.even if later > 0 else float("inf")
        return max(self.policy.interval, min(batches * spacing, over_two))


def _doubled(first: float, times: int, most: float) -> float:
    return float(min(most, first * 2.0 ** min(times, 10)))
