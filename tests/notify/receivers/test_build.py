"""Each kind of settings builds its receiver."""

import aiohttp
import pytest
from fakes.kinds import ALL
from fakes.notifications import NOW

from regwatch.notify.receivers.build import build_receiver
from regwatch.notify.receivers.email import EmailSettings
from regwatch.notify.receivers.kinds import KINDS
from regwatch.notify.receivers.slack_bot import SlackBotSettings

SETTINGS = [
    *(kind.settings("http://127.0.0.1/") for kind in ALL.values()),
    EmailSettings(host="h", sender="a@b.c", to=("d@e.f",)),
]
KIND_OF = {settings: kind.name for kind in KINDS.values() for settings in kind.receivers}


def test_every_kind_is_here():
    assert {type(settings) for settings in SETTINGS} == set(KIND_OF)
    assert KIND_OF[SlackBotSettings] == "slack"


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: type(settings).__name__)
async def test_each_kind(settings):
    async with aiohttp.ClientSession() as session:
        receiver = build_receiver("name", settings, session, clock=lambda: NOW)
    assert (receiver.name, receiver.kind) == ("name", KIND_OF[type(settings)])
