"""From a receiver's settings to the receiver."""

from collections.abc import Callable

import aiohttp

from regwatch.clock import Clock
from regwatch.notify.memo import Memo, MemoryMemo
from regwatch.notify.receiver import Receiver
from regwatch.notify.receivers.alertmanager import AlertmanagerReceiver, AlertmanagerSettings
from regwatch.notify.receivers.apprise import AppriseReceiver, AppriseSettings
from regwatch.notify.receivers.discord import DiscordReceiver, DiscordSettings
from regwatch.notify.receivers.email import EmailReceiver, EmailSettings
from regwatch.notify.receivers.mattermost import MattermostReceiver, MattermostSettings
from regwatch.notify.receivers.ntfy import NtfyReceiver, NtfySettings
from regwatch.notify.receivers.pagerduty import PagerDutyReceiver, PagerDutySettings
from regwatch.notify.receivers.slack import SlackReceiver, SlackSettings
from regwatch.notify.receivers.slack_bot import SlackBotReceiver, SlackBotSettings
from regwatch.notify.receivers.teams import TeamsReceiver, TeamsSettings
from regwatch.notify.receivers.telegram import TelegramReceiver, TelegramSettings
from regwatch.notify.receivers.webhook import WebhookReceiver, WebhookSettings

ReceiverSettings = (
    WebhookSettings
    | SlackSettings
    | SlackBotSettings
    | PagerDutySettings
    | AlertmanagerSettings
    | MattermostSettings
    | TelegramSettings
    | DiscordSettings
    | NtfySettings
    | TeamsSettings
    | EmailSettings
    | AppriseSettings
)


def build_receiver(
    name: str,
    settings: ReceiverSettings,
    session: aiohttp.ClientSession,
    *,
    clock: Clock,
    memo: Memo | None = None,
) -> Receiver:
    """The receiver of the settings' kind. Without a memo, what it remembers ends with it."""
    memo = MemoryMemo() if memo is None else memo
    match settings:
        case SlackBotSettings():
            return SlackBotReceiver(name, settings, session, memo, clock=clock)
        case EmailSettings():
            return EmailReceiver(name, settings, memo, clock=clock)
        case AppriseSettings():
            return AppriseReceiver(name, settings)
        case _:
            return POSTING[type(settings)](name, settings, session, clock=clock)


POSTING: dict[type, Callable[..., Receiver]] = {
    WebhookSettings: WebhookReceiver,
    SlackSettings: SlackReceiver,
    PagerDutySettings: PagerDutyReceiver,
    AlertmanagerSettings: AlertmanagerReceiver,
    MattermostSettings: MattermostReceiver,
    TelegramSettings: TelegramReceiver,
    DiscordSettings: DiscordReceiver,
    NtfySettings: NtfyReceiver,
    TeamsSettings: TeamsReceiver,
}
"""Those that post to a web address and remember nothing."""
