"""Whether the heart may beat, from the parts that run."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from regwatch.clock import Clock, SteadyClock
from regwatch.core.bugs import why
from regwatch.core.heartbeat import Backlog, Pulse, silent_because
from regwatch.core.model import Instant, Now, Timestamp

WATCHDOG_SECONDS = 60.0
"""How old a whole poll may be for `RegwatchWatchdog`, where no heartbeat says otherwise."""


class Polling(Protocol):
    """Whoever has a pulse."""

    def pulse(self, *, now: Instant) -> Pulse:
        """How its polling goes."""


class Heart:
    """Asked by whatever tells others that regwatch is alive; it outlives what it looks at."""

    def __init__(
        self,
        *,
        clock: Clock,
        steady: SteadyClock,
        trouble: Callable[[], str] = lambda: "",
        on_bug: Callable[[Exception], None] = lambda _error: None,
    ) -> None:
        """`trouble`: what a part died of that is to tell or to be told; empty if all live."""
        self._polling: Iterable[Polling] = ()
        self._every = WATCHDOG_SECONDS
        self._clock = clock
        self._steady = steady
        self._trouble = trouble
        self._on_bug = on_bug
        self._backlog: Backlog = {}
        self._waiting_since: dict[tuple[str, Timestamp], Instant] = {}

    def look_at(self, polling: Iterable[Polling], *, every: float) -> None:
        """These poll from now on; `every`: seconds between beats."""
        self._polling, self._every = polling, every

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
        """Why it may not beat now; empty if it may. That a bug hides how it is, is a reason too:
        whoever asks goes on with its own work.
        """
        try:
            return self._problem()
        except Exception as error:  # noqa: BLE001 - a guard, as said above
            self._on_bug(error)
            return f"how regwatch is cannot be known: {why(error)}"

    def _problem(self) -> str:
        now = self._steady()
        pulses = [each.pulse(now=now) for each in self._polling]
        silent = silent_because(pulses, self._backlog, every=self._every, now=now)
        return self._trouble() or silent

    def may_beat(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problem()
