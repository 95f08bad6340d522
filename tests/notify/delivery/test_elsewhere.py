"""Whom a fallback is told of, and of whose end."""

from typing import Any

from fakes.notifications import NEW, RESOLVED
from fakes.waiting import entry

from regwatch.core.model import IncidentId, Notification
from regwatch.notify.delivery.backoff import RetryPolicy
from regwatch.notify.delivery.elsewhere import Elsewhere
from regwatch.notify.delivery.parcels import parcels
from regwatch.notify.delivery.persistence import Persistence


class Store:
    """Knows what another was told of."""

    def __init__(self) -> None:
        self.told: list[IncidentId] = []
        self.copies: list[Notification] = []

    async def forwarded(self, incidents: Any, *, receiver: str) -> list[IncidentId]:
        return [each for each in incidents if each in self.told]

    async def forward(self, notifications: Any, *, receiver: str) -> None:
        self.copies += notifications
        self.told += [word.id for each in notifications for word in each.words]


def elsewhere(store: Store, woken: list[str], **fallbacks: str) -> Elsewhere:
    made: Any = store
    persistence = Persistence(RetryPolicy(), jitter=lambda: 0.0)
    return Elsewhere(fallbacks, made, persistence, wake=woken.append)


async def test_a_fallback_is_told_and_woken_and_of_the_end_too() -> None:
    store, woken = Store(), list[str]()
    it = elsewhere(store, woken, chat="mail")
    (firing,) = parcels([entry(1, "a", (NEW, 1))])
    (over,) = parcels([entry(2, "a", (RESOLVED, 1))])
    await it.end("chat", over)
    assert store.copies == [], "nobody was told of its beginning"
    await it.tell("chat", firing)
    await it.end("chat", over)
    assert [(each.receiver, each.is_resolved) for each in store.copies] == [
        ("mail", False),
        ("mail", True),
    ]
    assert woken == ["mail", "mail"]


async def test_without_a_fallback_nobody_is() -> None:
    store, woken = Store(), list[str]()
    it = elsewhere(store, woken)
    (firing,) = parcels([entry(1, "a", (NEW, 1))])
    await it.tell("chat", firing)
    assert (store.copies, woken) == ([], [])
