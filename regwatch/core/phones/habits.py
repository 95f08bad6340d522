"""When in its lease a device usually refreshes, and from when on its silence means something.

A refresh shows as a jump of the lease's end between two polls. Where both leases are equally long,
the jump *is* the time between the two refreshes, whenever the polls happened to be; the polls only
bound how long the lease itself is. Not learned from:

* a drift by no more than the time between the polls: cached answers do that, and how far they may
  mislead is remembered;
* a jump that may hide two refreshes: the polls are further apart than half of it, and the one
  before came in the first half of it, or hardly later; or a jump over a lease;
* the first refresh under a lease of unknown length: it mixes two of them.

The latest refresh point ever seen under a lease is never forgotten: forgetting it is what makes
false alarms. Early ones fade.
"""

from msgspec import Struct, structs

from regwatch.core.model import Registration, Timestamp

ROUNDING = 2.0
"""Seconds by which `expires` in whole seconds and a slow answer may mislead."""
LATEST_SHARE = 0.95
"""Of the lease: phones refresh at 50 to 95 % of it."""
STEADY_SHARE = 0.10
"""Of the lease: a device whose refreshes are spread wider has no habit."""
LITTLE_SHARE = 0.05
"""Of the lease: the periods of a device differ by less, for two of them to be told from one."""
MARGIN_SECONDS = 10.0
MARGIN_SHARE = 0.05
"""Of the lease, and ten seconds at least. Simulated with 5,000 extensions of which 70 % are steady:
about one false warning in 10,000 phone-hours."""
LEAST_ROOM_SECONDS = 30.0
"""Where the lease ends so soon after, its end is told instead: a warning would gain nothing."""
FADING = 8
"""Refreshes in which an early outlier loses about two thirds of its weight."""
MOST_WOBBLE = 60.0
"""Seconds that an answer may be cached for; more is a refresh between two distant polls."""
ROUND_SECONDS = (3600, 600, 300, 60, 30, 10, 5, 1)
"""What leases are multiples of, the roundest first: people set 3600, not 3597."""


class Habit(Struct, frozen=True, gc=False, omit_defaults=True):
    """What is known of one registration's refreshes; times in seconds."""

    refreshes: int = 0
    """How many the habit was learned from."""
    lease_low: float = 0.0
    """The granted lease is at least this long; 0: not yet known."""
    lease_high: float = 0.0
    usual: float = 0.0
    """Time between refreshes, smoothed over the last few."""
    earliest: float = 0.0
    latest: float = 0.0
    wobble: float = 0.0
    """How far cached answers were seen to put off the lease's end."""

    @property
    def lease(self) -> float:
        """The granted lease: the roundest number that fits what was seen."""
        for unit in ROUND_SECONDS:
            fitting = unit * ((self.lease_high + ROUNDING / 2) // unit)
            if fitting >= self.lease_low - ROUNDING / 2:
                return fitting
        return self.lease_low

    @property
    def usual_share(self) -> float | None:
        """Where in its lease it usually refreshes, 0 to 1; None if not yet known."""
        return self.usual / self.lease if self.refreshes and self.lease else None

    @property
    def is_steady(self) -> bool:
        """Whether its refreshes lie close enough together to call one late."""
        return self.refreshes > 0 and self.latest - self.earliest < STEADY_SHARE * self.lease_low


UNKNOWN = Habit()


def learn(
    habit: Habit | None,
    before: Registration,
    after: Registration,
    *,
    asked_at_before: Timestamp,
    asked_at_after: Timestamp,
) -> Habit:
    """The habit after two successive polls of one registration."""
    habit = UNKNOWN if habit is None else habit
    if before.lease_ends_at is None or after.lease_ends_at is None:
        return habit
    jump = after.lease_ends_at - before.lease_ends_at
    gap = asked_at_after - asked_at_before
    if jump < -ROUNDING - habit.wobble:
        return UNKNOWN  # a shorter lease was granted
    if jump <= max(gap, 0.0) + ROUNDING:
        is_same_lease = asked_at_after < before.lease_ends_at
        return _drifted(habit, jump) if is_same_lease else habit
    low = max(0.0, after.lease_ends_at - asked_at_after)
    high = after.lease_ends_at - asked_at_before
    if not _is_same_lease(habit, low, high):
        return Habit(lease_low=low, lease_high=high)
    # No refresh was seen up to this age of the old lease.
    age = asked_at_before - (before.lease_ends_at - habit.lease_low)
    habit = _narrow(habit, low, high)
    return _add(habit, jump) if _is_single(habit, jump, gap, age) else habit


def _is_single(habit: Habit, jump: float, gap: float, age: float) -> bool:
    """Whether one refresh made this jump between two polls, and not two of a device whose periods
    differ by little. `age`: so old the lease was by the first of them, at least.
    """
    if jump > habit.lease_low + ROUNDING:  # it may be longer than the lease, as no period is
        return False
    little = ROUNDING + LITTLE_SHARE * habit.lease_low
    # Both within the gap: the second is no longer than that, nor by more than little the first.
    # And the first is no shorter than the age, nor by more than little the second.
    return jump > 2 * gap + little or jump < 2 * age - little


def begin(registration: Registration, *, asked_at_before: Timestamp, now: Timestamp) -> Habit:
    """What is known of a registration that came since the poll before: how long its lease is."""
    if registration.lease_ends_at is None:
        return UNKNOWN
    low = max(0.0, registration.lease_ends_at - now)
    return Habit(lease_low=low, lease_high=registration.lease_ends_at - asked_at_before)


def inherit(former: Habit, fresh: Habit) -> Habit:
    """The habit of a device that comes back under a new entry: its old one, if its lease is the
    same still.
    """
    if not _is_same_lease(former, fresh.lease_low, fresh.lease_high):
        return fresh
    return _narrow(former, fresh.lease_low, fresh.lease_high)


def renewed(habit: Habit) -> Habit:
    """That of a device whose firmware was changed: its lease is as it was; when it refreshes has
    to be learned anew.
    """
    return Habit(lease_low=habit.lease_low, lease_high=habit.lease_high)


def _drifted(habit: Habit, jump: float) -> Habit:
    """After a poll that showed no refresh."""
    if jump <= max(ROUNDING, habit.wobble) or jump > MOST_WOBBLE:
        return habit
    return structs.replace(habit, wobble=jump)


def _is_same_lease(habit: Habit, low: float, high: float) -> bool:
    """Whether a lease just granted, between `low` and `high` seconds long, is the known one."""
    known = habit.lease_high > 0
    return known and max(low, habit.lease_low) <= min(high, habit.lease_high) + ROUNDING


def _narrow(habit: Habit, low: float, high: float) -> Habit:
    both = max(low, habit.lease_low), min(high, habit.lease_high)
    return structs.replace(habit, lease_low=min(both), lease_high=max(both))


def _add(habit: Habit, period: float) -> Habit:
    known = habit.refreshes > 0
    usual = habit.usual + (period - habit.usual) / FADING if known else period
    faded = habit.earliest + (usual - habit.earliest) / FADING
    return structs.replace(
        habit,
        refreshes=habit.refreshes + 1,
        usual=usual,
        earliest=min(period, faded) if known else period,
        latest=max(period, habit.latest),
        wobble=habit.wobble and habit.wobble * (1 - 1 / FADING),
    )


def margin(habit: Habit) -> float:
    """Seconds that a refresh may be later than ever before without being called overdue."""
    return max(MARGIN_SECONDS, MARGIN_SHARE * habit.lease) + habit.wobble


def overdue_after(
    habit: Habit | None,
    registration: Registration,
    *,
    learn_after: int,
    least_room: float = LEAST_ROOM_SECONDS,
) -> Timestamp | None:
    """From when on a poll that still shows this lease means that the refresh is overdue.

    None where the habit is unknown, unsteady, learned from fewer than `learn_after` refreshes, or
    leaves less than `least_room` seconds until the lease ends by itself.
    """
    ends_at = registration.lease_ends_at
    if habit is None or ends_at is None or habit.refreshes < learn_after or not habit.is_steady:
        return None
    # The shorter the lease is taken to be, the later it was granted: the cautious side.
    after = ends_at - habit.lease_low + habit.latest + margin(habit)
    return Timestamp(after) if ends_at - after >= least_room else None


def last_usual_refresh_at(habit: Habit | None, registration: Registration) -> Timestamp | None:
    """When this lease would have been refreshed at the latest, as its device was seen to do or, as
    long as that is not known, as all do; None if it is not known when the lease began.
    """
    if habit is None or not habit.lease_high or registration.lease_ends_at is None:
        return None
    latest = habit.latest if habit.refreshes else LATEST_SHARE * habit.lease
    return Timestamp(registration.lease_ends_at - habit.lease + latest)


def usual_refresh_at(habit: Habit | None, registration: Registration) -> Timestamp | None:
    """When this lease will usually be refreshed; None if that is not known."""
    if habit is None or registration.lease_ends_at is None or not habit.is_steady:
        return None
    return Timestamp(registration.lease_ends_at - habit.lease + habit.usual)


def about_to_expire_at(
    habit: Habit | None, registration: Registration, *, before_expiry: float
) -> Timestamp | None:
    """When a lease comes within `before_expiry` seconds of its end, by the fixed threshold.

    None if the threshold is off (0), no lease is known, or the lease is known to be no longer than
    the threshold: a healthy phone would then be reported all the time.
    """
    if before_expiry <= 0 or registration.lease_ends_at is None:
        return None
    if habit is not None and habit.lease_high and habit.lease <= before_expiry:
        return None
    return Timestamp(registration.lease_ends_at - before_expiry)
