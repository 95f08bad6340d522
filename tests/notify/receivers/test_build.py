"""Each kind of settings builds its receiver."""

import aiohttp
import pytest
from fakes.notifications import NOW

from regwatch.notify.receivers.alertmanager import AlertmanagerSettings
from regwatch.notify.receivers.apprise import AppriseSettings
from regwatch.notify.receivers.build import build_receiver
from regwatch.notify.receivers.discord import DiscordSettings
from regwatch.notify.receivers.email import EmailSettings
from regwatch.notify.receivers.kinds import KINDS as TABLE
from regwatch.notify.receivers.mattermost import MattermostSettings
from regwatch.notify.receivers.ntfy import NtfySettings
from regwatch.notify.receivers.pagerduty import PagerDutySettings
from regwatch.notify.receivers.slack import SlackSettings
from regwatch.notify.receivers.slack_bot import SlackBotSettings
from regwatch.notify.receivers.teams import TeamsSettings
from regwatch.notify.receivers.telegram import TelegramSettings
from regwatch.notify.receivers.webhook import WebhookSettings

KINDS = [
    (WebhookSettings(url="http://h"), "webhook"),
    (SlackSettings(url="http://h"), "slack"),
    (SlackBotSettings(token="t", channel="#c"), "slack"),
    (PagerDutySettings(routing_key="k"), "pagerduty"),
    (AlertmanagerSettings(urls=("http://h",)), "alertmanager"),
    (MattermostSettings(url="http://h"), "mattermost"),
    (TelegramSettings(token="t", chat_id="1"), "telegram"),
    (DiscordSettings(url="http://h"), "discord"),
    (NtfySettings(topic="t"), "ntfy"),
    (TeamsSettings(url="http://h"), "teams"),
    (EmailSettings(host="h", sender="a@b.c", to=("d@e.f",)), "email"),
    (AppriseSettings(url="json://h"), "apprise"),
]


def test_every_kind_is_here():
    built = {(settings, kind.name) for kind in TABLE.values() for settings in kind.receivers}
    assert {(type(settings), kind) for settings, kind in KINDS} == built


@pytest.mark.parametrize(("settings", "kind"), KINDS)
async def test_each_kind(settings, kind):
    async with aiohttp.ClientSession() as session:
        receiver = build_receiver("name", settings, session, clock=lambda: NOW)
    assert (receiver.name, receiver.kind) == ("name", kind)
