"""Each kind of settings builds its receiver."""

import aiohttp
import pytest
from fakes.notifications import NOW

from regwatch.notify.alertmanager import AlertmanagerSettings
from regwatch.notify.assembly import build_receiver
from regwatch.notify.pagerduty import PagerDutySettings
from regwatch.notify.slack import SlackSettings
from regwatch.notify.webhook import WebhookSettings


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (WebhookSettings(url="http://h"), "webhook"),
        (SlackSettings(url="http://h"), "slack"),
        (PagerDutySettings(routing_key="k"), "pagerduty"),
        (AlertmanagerSettings(urls=("http://h",)), "alertmanager"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
async def test_each_kind(settings, kind):
    async with aiohttp.ClientSession() as session:
        receiver = build_receiver("name", settings, session, clock=lambda: NOW)
    assert (receiver.name, receiver.kind) == ("name", kind)
