"""When to try again; pure."""

from dataclasses import dataclass

DOUBLINGS = 30
"""Enough to pass any cap; more would overflow a float after a long outage."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a message that was not taken is tried again; all in seconds."""

    first: float = 1.0
    cap: float = 60.0
    """A receiver that is back is told within a minute."""
    longest_wish: float = 3600.0
    """Of a Retry-After no more than this is granted: a receiver must not silence us for a day."""
    refused_retry: float = 3600.0
    """What was refused for good is tried again all the same: somebody may have mended it."""
    give_up_after: float = 24 * 3600.0
    """Counted from the message's creation."""
    attempts_at_least: int = 5
    """A message that is old already when it is first tried, after a long stop, gets a chance."""
    look_again: float = 60.0
    """A loop looks after so long in any case: the wall clock may have been set, and another process
    may have stored or settled something."""
    attempt_timeout: float = 300.0
    """For a receiver that hangs in spite of its own timeout."""

    @property
    def longest_pause(self) -> float:
        """Between two attempts with the same message."""
        return max(self.cap, self.longest_wish, self.refused_retry)


def delay(
    policy: RetryPolicy, attempts: int, *, jitter: float, retry_after: float | None = None
) -> float:
    """Seconds to wait after so many failed attempts (1 or more).

    Doubling up to the cap; `jitter` in [0, 1] spreads it over the upper half, so that many
    messages do not return in step. What the receiver asks for wins, within bounds.
    """
    if retry_after is not None:
        return min(max(retry_after, policy.first), policy.longest_wish)
    whole = min(policy.cap, policy.first * 2.0 ** min(max(attempts - 1, 0), DOUBLINGS))
    return whole / 2 + whole / 2 * jitter
