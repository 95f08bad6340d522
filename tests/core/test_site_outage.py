"""A site that goes dark, in virtual time: the simulated registrar, the real plan, real grouping."""

from collections import Counter
from collections.abc import Sequence

from bench.polling.case import Case
from bench.polling.driver import Driver
from fakes.tracing import untraced
from msgspec.structs import replace

from regwatch.core.grouping import Grouping
from regwatch.core.model import (
    AlertName,
    Incident,
    ItemStatus,
    Notification,
    NotifyReason,
    Timestamp,
)
from regwatch.core.monitor import Monitor, Outcome
from regwatch.core.outages import OutagePolicy
from regwatch.core.routing import Route

ROUTE = Route(key="all", receivers=("chat",), group_by=("account", "site", "alert"))


class Told(Driver):
    """A driver that also keeps what a receiver would have been told."""

    def __init__(self, case: Case, *, outages: OutagePolicy | None = None) -> None:
        super().__init__(case)
        policy = replace(self.monitor.policy, outages=outages or OutagePolicy())
        self.monitor = Monitor(self.monitor.account, policy, self.monitor.sites)
        self.grouping = Grouping([ROUTE])
        self.messages: list[Notification] = []
        self.incidents: dict[str, Incident] = {}
        self.site_dark_at = case.begins_at
        self.site_light_at = case.begins_at + 5400

    def _judge(self, outcome: Outcome, now: float) -> None:
        super()._judge(outcome, now)
        at = Timestamp(now)
        self.incidents.update((i.id, i) for i in outcome.incidents)
        for incident in {i.id: i for i in outcome.incidents}.values():
            self.grouping.note(incident, now=at)
        for message in self.grouping.due(now=at):
            self.grouping.queued(message, now=at)
            self.messages.append(message)
        registrar = self.world.registrar
        if now >= self.site_dark_at:
            self.site_dark_at = float("inf")
            registrar.site(1, dark=True, now=now)
        if now >= self.site_light_at:
            self.site_light_at = float("inf")
            registrar.site(1, dark=False, now=now)


def told_of(messages: Sequence[Notification], status: ItemStatus) -> Counter[AlertName]:
    return Counter(i.alert for m in messages for i in m.with_status(status))


def test_a_site_that_goes_dark_is_one_message_and_one_when_it_is_back() -> None:
    case = Case(200, 50, 1000, "desk", losses=0, hours=4, warm_up=4 * 3600)
    at = Told(case)
    with untraced():
        at.play()
    new, over = (told_of(at.messages, status) for status in (ItemStatus.NEW, ItemStatus.RESOLVED))
    assert new[AlertName.SITE_LOST] == over[AlertName.SITE_LOST] == 1
    told = [m for m in at.messages if m.reason is not NotifyReason.REPEAT_DUE]
    alone = told_of(told, ItemStatus.NEW)[AlertName.EXTENSION_LOST]
    assert alone <= 2, "only who was missing before it could be seen to be more"
    assert len(told) <= 2 + 2 * alone
    (outage,) = [i for i in at.incidents.values() if i.alert is AlertName.SITE_LOST]
    assert outage.summary.startswith("Everything behind 203.0.113.2 is out: 20 phones")
    assert "the public address 203.0.113.2" in outage.explanation
