"""Simulated phones, the real plan, monitor and grouping: what a receiver would have been told."""

from collections import Counter
from collections.abc import Callable, Sequence

from bench.polling.case import Case
from bench.polling.driver import Driver
from msgspec.structs import replace

from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.dispatch.routing import Route
from regwatch.core.model import (
    AlertName,
    Incident,
    ItemStatus,
    Notification,
    NotifyReason,
    Timestamp,
)
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome
from regwatch.core.phones.flapping import FlappingPolicy
from regwatch.core.phones.outages import OutagePolicy
from regwatch.simulator.registrar import Registrar

ROUTE = Route(key="all", receivers=("chat",), group_by=("account", "site", "alert"))
Act = Callable[[Registrar, float], object]
"""What happens to the phones at a time."""


class Told(Driver):
    """A driver that also keeps what a receiver would have been told."""

    def __init__(self, case: Case, script: Sequence[tuple[float, Act]]) -> None:
        """`script`: what happens, and how many seconds after the warm-up; in order."""
        super().__init__(case)
        self.grouping = Grouping([ROUTE])
        self.messages: list[Notification] = []
        self.incidents: dict[str, Incident] = {}
        self._script = [(case.begins_at + after, act) for after, act in script]

    def make_monitor(self) -> Monitor:
        plain = super().make_monitor()
        policy = replace(plain.policy, outages=OutagePolicy(), flapping=FlappingPolicy())
        return Monitor(plain.account, policy, plain.sites)

    def _judge(self, outcome: Outcome, now: float) -> None:
        super()._judge(outcome, now)
        at = Timestamp(now)
        self.incidents.update((i.id, i) for i in outcome.incidents)
        for incident in {i.id: i for i in outcome.incidents}.values():
            self.grouping.take(incident, now=at)
        for message in self.grouping.due(now=at):
            self.grouping.queued(message, now=at)
            self.messages.append(message)
        while self._script and self._script[0][0] <= now:
            _, act = self._script.pop(0)
            act(self.world.registrar, now)

    def told(self, status: ItemStatus) -> Counter[AlertName]:
        """How many incidents of each alert were told so, reminders apart."""
        news = [m for m in self.messages if m.reason is not NotifyReason.REPEAT_DUE]
        return Counter(i.alert for m in news for i in m.with_status(status))
