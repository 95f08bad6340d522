"""From a receiver's settings to the receiver."""

import aiohttp

from regwatch.clock import Clock
from regwatch.notify.alertmanager import AlertmanagerReceiver, AlertmanagerSettings
from regwatch.notify.pagerduty import PagerDutyReceiver, PagerDutySettings
from regwatch.notify.receiver import Receiver
from regwatch.notify.slack import SlackReceiver, SlackSettings
from regwatch.notify.webhook import WebhookReceiver, WebhookSettings

ReceiverSettings = WebhookSettings | SlackSettings | PagerDutySettings | AlertmanagerSettings


def build_receiver(
    name: str, settings: ReceiverSettings, session: aiohttp.ClientSession, *, clock: Clock
) -> Receiver:
    """The receiver of the settings' kind."""
    match settings:
        case WebhookSettings():
            return WebhookReceiver(name, settings, session, clock=clock)
        case SlackSettings():
            return SlackReceiver(name, settings, session, clock=clock)
        case PagerDutySettings():
            return PagerDutyReceiver(name, settings, session, clock=clock)
        case _:
            return AlertmanagerReceiver(name, settings, session, clock=clock)
