"""Whether the heart may beat, from the parts that run."""

from collections.abc import Mapping, Sequence

from regwatch.clock import Clock, SteadyClock
from regwatch.core.heartbeat import Backlog, silent_because
from regwatch.core.model import Timestamp
from regwatch.core.now import Instant, Now
from regwatch.watcher.watcher import Watcher


class Heart:
    """Asked by whatever tells others that regwatch is alive."""

    def __init__(
        self, watchers: Sequence[Watcher], *, every: float, clock: Clock, steady: SteadyClock
    ) -> None:
        """`every`: seconds between beats."""
        self._watchers = watchers
        self._every = every
        self._clock = clock
        self._steady = steady
        self._backlog: Backlog = {}
        self._waiting_since: dict[tuple[str, Timestamp], Instant] = {}

    def note_backlog(self, backlog: Mapping[str, tuple[int, Timestamp | None]]) -> None:
        """What waits for receivers. How long the oldest does is counted from when it was first
        seen, so that whoever sets the clock makes no message old, nor young.
        """
        now = Now(self._steady(), self._clock())
        known = self._waiting_since
        self._waiting_since = {
            (receiver, at): known.get((receiver, at), min(now.instant_of(at), now.steady))
            for receiver, (_, at) in backlog.items()
            if at is not None
        }
        self._backlog = {
            receiver: (waiting, None if at is None else self._waiting_since[receiver, at])
            for receiver, (waiting, at) in backlog.items()
        }

    def problem(self) -> str:
        """Why it may not beat now; empty if it may."""
        now = self._steady()
        pulses = [watcher.pulse(now=now) for watcher in self._watchers]
        return silent_because(pulses, self._backlog, every=self._every, now=now)

    def may_beat(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problem()
