"""Whether the heart may beat, from the parts that run."""

from collections.abc import Sequence

from regwatch.clock import Clock
from regwatch.core.heartbeat import Backlog, silent_because
from regwatch.watcher.watcher import Watcher


class Heart:
    """Asked by whatever tells others that regwatch is alive."""

    def __init__(self, watchers: Sequence[Watcher], *, every: float, clock: Clock) -> None:
        """`every`: seconds between beats."""
        self._watchers = watchers
        self._every = every
        self._clock = clock
        self.backlog: Backlog = {}
        """What waits for receivers, as last read."""

    def problem(self) -> str:
        """Why it may not beat now; empty if it may."""
        now = self._clock()
        pulses = [watcher.pulse(now=now) for watcher in self._watchers]
        return silent_because(pulses, self.backlog, every=self._every, now=now)

    def may_beat(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problem()
