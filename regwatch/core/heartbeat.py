"""Whether regwatch does its work, as a dead-man's switch wants to know it: who hears nothing takes
it for dead, so it must fall silent when nobody is watched or nobody would be told.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from regwatch.core.durations import humanise
from regwatch.core.model import AccountName, Instant

STUCK_SECONDS = 600.0
"""A message that waits for longer does not arrive: the outbox does not move."""
SLOTS = 2.0
"""Times the pause between polls that may pass without a whole one."""


class Pulse(Struct, frozen=True):
    """How an account's polling goes."""

    account: AccountName
    whole_poll_at: Instant | None
    """When all ids of a request were last answered; None: never."""
    pause: float
    """Seconds from one poll to the next at the present pace."""
    is_stalled: bool = False
    """Whether neither a poll ends nor one is to come in its time."""


Backlog = Mapping[str, tuple[int, Instant | None]]
"""By receiver: how many messages wait, and since when the oldest."""


def silent_because(pulses: Iterable[Pulse], backlog: Backlog, *, every: float, now: Instant) -> str:
    """Why the heart may not beat, in words; empty if it may."""
    for pulse in pulses:
        if pulse.whole_poll_at is None:
            return f"no poll of {pulse.account} was answered whole yet"
        if pulse.is_stalled:
            return f"polling stands still for {pulse.account}"
        age = now - pulse.whole_poll_at
        if age > max(every, SLOTS * pulse.pause):
            return f"no poll of {pulse.account} was answered whole for {humanise(age)}"
    for receiver, (waiting, oldest_at) in backlog.items():
        if waiting and oldest_at is not None and now - oldest_at > STUCK_SECONDS:
            return f"a message waits for {receiver} since {humanise(now - oldest_at)}"
    return ""
