"""What a kind of receiver is to the rest of regwatch."""

from dataclasses import fields, is_dataclass
from datetime import UTC

import aiohttp
import pytest
from fakes.kinds import REST
from fakes.notifications import NOW

from regwatch.notify.memo import MemoryMemo
from regwatch.notify.receivers.kind import Means, RestOfFile, Spoken, posting
from regwatch.notify.receivers.kinds import KINDS
from regwatch.notify.words.templates import OwnWords, Template

SETTINGS = [(kind, each) for kind in KINDS.values() for each in kind.receivers]


def test_what_people_read_takes_its_address_and_its_words_from_outside_its_mapping():
    own = OwnWords(title=Template("mine"))
    rest = RestOfFile(external_url="https://r", zone=UTC, own=own, path=REST.path)
    assert rest.spoken(5.0) == {
        "timeout_seconds": 5.0,
        "external_url": "https://r",
        "zone": UTC,
        "own": own,
    }


@pytest.mark.parametrize(("kind", "settings"), SETTINGS, ids=lambda each: getattr(each, "name", ""))
def test_whose_words_can_be_changed_has_a_place_for_them(kind, settings):
    assert is_dataclass(settings)
    names = {field.name for field in fields(settings)}
    assert names >= {"timeout_seconds", "external_url", "zone"}
    assert kind.escape is None or names >= Spoken.__annotations__.keys()


class Recorder:
    """A receiver that shows what it was made of."""

    kind = "recorder"

    def __init__(self, name, settings, session, *, clock):
        self.name = name
        self.made_of = (settings, session, clock)

    async def deliver(self, notification):
        raise NotImplementedError


async def test_one_that_posts_and_remembers_nothing_gets_the_session_and_the_clock():
    def clock():
        return NOW

    async with aiohttp.ClientSession() as session:
        means = Means(session, clock, MemoryMemo())
        receiver = posting(Recorder)("ops", "settings", means)
        assert receiver.name == "ops"
        assert receiver.made_of == ("settings", session, clock)
