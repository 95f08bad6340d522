"""What the parts say to each other, whichever of them run at the moment.

No part holds another: a part may be replaced while the others go on. What is said to one that is
being replaced is kept for its successor, which may have read the store before it was said.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from regwatch.app.parts import Parts
from regwatch.core.model import Incident, IncidentId, IncidentState
from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt

RESOLVED_SHOWN = 50


class Exchange:
    """Between the parts; it outlives them."""

    def __init__(self) -> None:
        self.resolved: deque[Incident] = deque(maxlen=RESOLVED_SHOWN)
        """The last ones that ended, latest first."""
        self.on_death: Callable[[object], None] = lambda _part: None
        self._parts: Parts | None = None
        self._is_changing = False
        self._incidents: list[Incident] = []
        self._attempts: list[DeliveryAttempt] = []

    # --- who is there ----------------------------------------------------------------------------

    def change_begins(self) -> None:
        """From now on, what is said is kept."""
        self._is_changing = True

    def change_ends(self, parts: Parts) -> None:
        """These are there from now on, new ones or the former, and hear what was said meanwhile."""
        former, self._parts = self._parts, parts
        if former is None or parts.desk is not former.desk:
            parts.desk.take(self._incidents)
        for attempt in self._attempts:
            parts.self_watch.delivery(attempt)
        self._is_changing, self._incidents, self._attempts = False, [], []

    # --- what is said ----------------------------------------------------------------------------

    def publish(self, incidents: Sequence[Incident]) -> None:
        """Incidents changed, and are stored."""
        ended = (i for i in incidents if i.state is IncidentState.RESOLVED and i.fired_at)
        self.resolved.extendleft(ended)
        if self._is_changing:
            self._incidents.extend(incidents)
        # The desk hears it at once all the same: it may stay, and an alert must not wait for a
        # reload of something else. To take an incident twice is to take it once.
        if self._parts is not None:
            self._parts.desk.take(incidents)

    def delivery(self, attempt: DeliveryAttempt) -> None:
        """An attempt to deliver came to its end."""
        if attempt.outcome is not Delivery.RETRIED:
            self._wake_fallback(attempt.receiver)
        if self._is_changing:  # not at once: what is concluded from it is counted
            self._attempts.append(attempt)
        elif self._parts is not None:
            self._parts.self_watch.delivery(attempt)

    def _wake_fallback(self, receiver: str) -> None:
        """What it did not take, or the end of that, was stored for another one before."""
        for line in self._parts.lines if self._parts is not None else ():
            if line.name == receiver and line.settings.fallback is not None:
                self.wake(line.settings.fallback)

    def wake(self, receiver: str) -> None:
        """A message for this receiver was stored."""
        for line in self._parts.lines if self._parts is not None else ():
            if line.name == receiver:
                line.wake()

    def died(self, part: object) -> None:
        """A part died; it is begun again in any case."""
        self.on_death(part)

    def told(self, receiver: str) -> Sequence[Incident]:
        """What a receiver was told of and still fires."""
        return self._parts.desk.told(receiver) if self._parts is not None else ()

    def known(self, wanted: Sequence[IncidentId]) -> Mapping[IncidentId, Incident]:
        """Those of these incidents that fire, or of which a receiver has still to hear."""
        return self._parts.desk.known(wanted) if self._parts is not None else {}
