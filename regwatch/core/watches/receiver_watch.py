"""Turns refusals of receivers into incidents: the others tell of one that does not work."""

from collections.abc import Iterator, Mapping

from regwatch.core.alerts.conditions import receiver_broken
from regwatch.core.alerts.incidents import Step
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.bugs import SetAside
from regwatch.core.model import AlertName, Timestamp
from regwatch.core.subjects import receiver_subject

REMOVED = "removed from the configuration"


class ReceiverWatch:
    """The receivers, and what is told of them."""

    def __init__(self, incidents: OpenIncidents, fallbacks: Mapping[str, str]) -> None:
        """`fallbacks`: by each configured receiver, who gets its messages meanwhile; or nobody."""
        self.incidents = incidents
        self._fallbacks = fallbacks

    def refused(self, receiver: str, error: str, *, now: Timestamp) -> Iterator[Step]:
        """It will not take what it is sent."""
        if receiver in self._fallbacks:
            fallback = self._fallbacks[receiver]
            condition = receiver_broken(receiver, since=now, error=error, fallback=fallback)
            yield self.incidents.apply(condition.subject, condition, now=now)

    def delivered(self, receiver: str, *, now: Timestamp) -> Iterator[Step]:
        """It takes messages."""
        yield self.incidents.apply(receiver_subject(receiver), None, now=now)

    def tick(self, *, now: Timestamp) -> Iterator[Step | SetAside]:
        """What time alone brings; of receivers that were removed nothing is told any more."""
        known = {receiver_subject(receiver) for receiver in self._fallbacks}
        for incident in self.incidents:
            is_mine = incident.alert is AlertName.RECEIVER_BROKEN
            if is_mine and incident.subject not in known:
                yield self.incidents.apply(
                    incident.subject, None, because=REMOVED, recover_after=0.0, now=now
                )
        yield from self.incidents.wake(now=now, blind=False)
        yield from self.incidents.review(now=now)
