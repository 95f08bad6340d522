"""What the parts say to each other while some of them are replaced."""

from typing import Any

import pytest
from fakes.notifications import all_new, lost
from fakes.values import ACME, at
from msgspec import structs

from regwatch.app.exchange import RESOLVED_SHOWN, Exchange
from regwatch.core.model import Incident, IncidentId, IncidentState
from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt


class Desk:
    def __init__(self) -> None:
        self.taken: list[Incident] = []

    def take(self, incidents: list[Incident]) -> None:
        self.taken.extend(incidents)

    def told(self, receiver: str) -> list[str]:
        return [receiver]

    def known(self, wanted: list[IncidentId]) -> dict[IncidentId, Incident]:
        return {each: lost() for each in wanted}


class SelfWatch:
    def __init__(self) -> None:
        self.heard: list[DeliveryAttempt] = []

    def delivery(self, attempt: DeliveryAttempt) -> None:
        self.heard.append(attempt)


class Line:
    def __init__(self, name: str, fallback: str | None = None) -> None:
        self.name, self.fallback, self.wakes = name, fallback, 0

    @property
    def settings(self) -> "Line":
        return self

    def wake(self) -> None:
        self.wakes += 1


class Parts:
    def __init__(self, former: "Parts | None" = None, **changed: Any) -> None:
        self.desk = changed.get("desk") or (former.desk if former else Desk())
        self.self_watch = changed.get("self_watch") or (
            former.self_watch if former else SelfWatch()
        )
        self.lines = [Line("pager", "chat"), Line("chat")]


def running(parts: Any) -> Exchange:
    exchange = Exchange()
    exchange.change_ends(parts)
    return exchange


def attempt(outcome: Delivery, receiver: str = "pager") -> DeliveryAttempt:
    return DeliveryAttempt(receiver, all_new([lost()], receiver=receiver), outcome, 1, at(5))


def test_before_there_are_parts_nobody_hears() -> None:
    exchange = Exchange()
    exchange.publish([lost()])
    exchange.delivery(attempt(Delivery.REFUSED))
    exchange.wake("pager")
    assert exchange.told("pager") == ()
    exchange.died(ACME)


def test_a_new_desk_hears_what_was_published_while_it_was_made() -> None:
    former: Any = Parts()
    exchange = running(former)
    exchange.publish([lost(1)])
    exchange.change_begins()
    exchange.publish([lost(2)])
    coming: Any = Parts(former, desk=Desk())
    exchange.change_ends(coming)
    exchange.publish([lost(3)])
    assert former.desk.taken == [lost(1), lost(2)], "it may stay: it hears it at once"
    assert coming.desk.taken == [lost(2), lost(3)]


def test_a_desk_that_stays_hears_nothing_twice() -> None:
    parts: Any = Parts()
    exchange = running(parts)
    exchange.change_begins()
    exchange.publish([lost(1)])
    exchange.change_ends(parts)
    exchange.change_begins()
    coming: Any = Parts(parts, desk=Desk())
    exchange.change_ends(coming)
    assert (parts.desk.taken, coming.desk.taken) == ([lost(1)], [])


@pytest.mark.parametrize("changes", [True, False], ids=["one that comes", "one that stays"])
def test_a_self_watch_hears_of_each_delivery_once(changes: bool) -> None:
    former: Any = Parts()
    exchange = running(former)
    exchange.change_begins()
    exchange.delivery(attempt(Delivery.REFUSED))
    assert former.self_watch.heard == []
    coming: Any = Parts(former, self_watch=SelfWatch() if changes else None)
    exchange.change_ends(coming)
    exchange.delivery(attempt(Delivery.DELIVERED))
    heard = [each.outcome for each in coming.self_watch.heard]
    assert heard == [Delivery.REFUSED, Delivery.DELIVERED]
    assert former.self_watch.heard == ([] if changes else coming.self_watch.heard)


@pytest.mark.parametrize(
    ("outcome", "wakes"),
    [(Delivery.REFUSED, 1), (Delivery.GIVEN_UP, 1), (Delivery.DELIVERED, 1), (Delivery.RETRIED, 0)],
)
def test_who_gets_what_another_will_not_take_is_woken(outcome: Delivery, wakes: int) -> None:
    parts: Any = Parts()
    exchange = running(parts)
    exchange.delivery(attempt(outcome))
    exchange.delivery(attempt(outcome, "chat"))
    exchange.delivery(attempt(outcome, "gone"))
    assert [line.wakes for line in parts.lines] == [0, wakes]


def test_a_receiver_is_woken_by_its_name_and_told_is_the_desks_word() -> None:
    parts: Any = Parts()
    exchange = running(parts)
    exchange.wake("chat")
    exchange.wake("gone")
    assert [line.wakes for line in parts.lines] == [0, 1]
    assert exchange.told("chat") == ["chat"]
    assert exchange.known([lost().id]) == {lost().id: lost()}
    assert Exchange().known([lost().id]) == {}


def test_the_last_that_ended_are_kept_latest_first() -> None:
    exchange = Exchange()
    for number in range(RESOLVED_SHOWN + 2):
        ended = structs.replace(
            lost(), id=IncidentId(str(number)), state=IncidentState.RESOLVED, resolved_at=at(9)
        )
        exchange.publish([ended, lost()])
    assert [i.id for i in exchange.resolved][:2] == [str(RESOLVED_SHOWN + 1), str(RESOLVED_SHOWN)]
    assert len(exchange.resolved) == RESOLVED_SHOWN


def test_a_death_is_handed_on() -> None:
    exchange, dead = Exchange(), []
    exchange.on_death = dead.append
    exchange.died(ACME)
    assert dead == [ACME]
