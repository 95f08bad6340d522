"""A receiver is given as many incidents in full as it shows."""

import asyncio
from collections.abc import Sequence

import pytest
from fakes.notifications import phones_lost
from structlog.testing import capture_logs

from regwatch.core.dispatch.mentions import MOST_SHOWN, from_stored, stored_form
from regwatch.core.model import Incident, IncidentId, Notification
from regwatch.notify.delivery.lookup import LookingUp

pytestmark = pytest.mark.looptime
WHOLE = phones_lost(100)
BY_ID = {item.id: item.incident for item in WHOLE.items}


class Chat:
    """A receiver without wishes."""

    name, kind = "chat", "chat"

    def __init__(self) -> None:
        self.told: list[Notification] = []

    async def deliver(self, notification: Notification) -> None:
        self.told.append(notification)


class Hook(Chat):
    """One that shows more."""

    def __init__(self, most_shown: int) -> None:
        super().__init__()
        self.most_shown = most_shown


class Places:
    """Where incidents are found."""

    def __init__(self, live: Sequence[IncidentId] = ()) -> None:
        self.live_ids = set(live)
        self.asked: list[IncidentId] = []
        self.pause = 0.0

    def live(self, wanted: Sequence[IncidentId]) -> dict[IncidentId, Incident]:
        return {i: BY_ID[i] for i in wanted if i in self.live_ids}

    async def stored(self, wanted: Sequence[IncidentId]) -> dict[IncidentId, Incident]:
        await asyncio.sleep(self.pause)
        self.asked += wanted
        return {i: BY_ID[i] for i in wanted}


async def shown(receiver: Chat, places: Places, message: Notification) -> Notification:
    looking = LookingUp(receiver, live=places.live, stored=places.stored)
    assert (looking.name, looking.kind) == (receiver.name, receiver.kind)
    await looking.deliver(message)
    (told,) = receiver.told
    assert {word.id for word in told.words} == set(BY_ID)
    return told


async def test_a_chat_shows_what_was_kept() -> None:
    read, places = from_stored(stored_form(WHOLE)), Places()
    assert await shown(Chat(), places, read) == read
    assert places.asked == []


@pytest.mark.parametrize(("most", "number"), [(0, 100), (50, 50), (5, MOST_SHOWN)])
async def test_who_shows_more_is_given_more(most: int, number: int) -> None:
    told = await shown(Hook(most), Places(), from_stored(stored_form(WHOLE)))
    assert told.items == WHOLE.items[:number]


async def test_what_is_at_hand_is_not_read() -> None:
    at_hand = list(BY_ID)[:90]
    places = Places(at_hand)
    assert await shown(Hook(0), places, from_stored(stored_form(WHOLE))) == WHOLE
    assert places.asked == list(BY_ID)[90:]
    places = Places(list(BY_ID))
    await shown(Hook(0), places, from_stored(stored_form(WHOLE)))
    assert places.asked == []


async def test_a_store_that_does_not_answer_costs_what_it_holds_and_not_the_message() -> None:
    places = Places(list(BY_ID)[:90])
    places.pause = 3600.0
    with capture_logs() as lines:
        told = await shown(Hook(0), places, from_stored(stored_form(WHOLE)))
    assert (len(told.items), len(told.mentions)) == (90, 10)
    assert [line["event"] for line in lines] == ["incidents_not_read"]
    assert asyncio.get_running_loop().time() < 10
