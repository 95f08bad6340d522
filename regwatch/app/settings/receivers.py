"""From the configuration to the receivers' settings."""

from collections.abc import Callable, Mapping
from socket import gethostname
from typing import Any, TypedDict

from regwatch.config.chats import (
    AppriseShape,
    BasicAuth,
    DiscordShape,
    EmailShape,
    MattermostShape,
    NtfyShape,
    SlackShape,
    TeamsShape,
    TelegramShape,
)
from regwatch.config.receivers import (
    AlertmanagerShape,
    PagerDutyShape,
    ReceiverShape,
    WebhookShape,
)
from regwatch.config.top import Config
from regwatch.notify.http import Credentials
from regwatch.notify.receivers.alertmanager import AlertmanagerSettings
from regwatch.notify.receivers.apprise import AppriseSettings
from regwatch.notify.receivers.build import ReceiverSettings
from regwatch.notify.receivers.discord import DiscordSettings
from regwatch.notify.receivers.email import EmailSettings, Security
from regwatch.notify.receivers.mattermost import MattermostSettings
from regwatch.notify.receivers.ntfy import NtfySettings
from regwatch.notify.receivers.pagerduty import PagerDutySettings
from regwatch.notify.receivers.slack import SlackSettings
from regwatch.notify.receivers.slack_bot import SlackBotSettings
from regwatch.notify.receivers.teams import TeamsSettings
from regwatch.notify.receivers.telegram import TelegramSettings
from regwatch.notify.receivers.webhook import WebhookSettings
from regwatch.notify.words.template_context import NAMES
from regwatch.notify.words.templates import OwnWords, Template
from regwatch.shapes.values import revealed

PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


class Spoken(TypedDict):
    """What the settings of all kinds that people read have in common."""

    timeout_seconds: float
    external_url: str
    own: OwnWords


def receiver_settings(config: Config, receiver: ReceiverShape) -> ReceiverSettings:
    """How a receiver is reached, and in what words."""
    shape, url = receiver.settings, config.http.external_url or ""
    if isinstance(shape, WebhookShape):
        return _webhook(shape, url)
    if isinstance(shape, AlertmanagerShape):
        return _alertmanager(shape, url)
    if isinstance(shape, PagerDutyShape):
        return _pagerduty(shape, url)
    spoken = Spoken(
        timeout_seconds=shape.timeout, external_url=url, own=config.own_words(receiver.name)
    )
    if isinstance(shape, EmailShape):
        return _email(config, shape, spoken)
    settings: ReceiverSettings = CHATS[type(shape)](shape, spoken)
    return settings


def _webhook(hook: WebhookShape, url: str) -> WebhookSettings:
    return WebhookSettings(
        url=revealed(hook.url),
        secret=revealed(hook.secret),
        max_alerts=hook.max_alerts,
        headers={name: text for name, text in hook.headers.items() if not _is_template(text)},
        header_templates={
            name: Template(text, known=NAMES)
            for name, text in hook.headers.items()
            if _is_template(text)
        },
        body=Template(hook.body, known=NAMES) if hook.body is not None else None,
        credentials=_credentials(hook.basic_auth, revealed(hook.bearer_token)),
        timeout_seconds=hook.timeout,
        external_url=url,
    )


def _is_template(text: str) -> bool:
    return "{{" in text or "{%" in text or "{#" in text


def _alertmanager(shape: AlertmanagerShape, url: str) -> AlertmanagerSettings:
    return AlertmanagerSettings(
        urls=tuple(shape.urls),
        credentials=_credentials(shape.basic_auth, revealed(shape.bearer_token)),
        timeout_seconds=shape.timeout,
        external_url=url,
        instance=shape.instance or gethostname(),
    )


def _pagerduty(shape: PagerDutyShape, url: str) -> PagerDutySettings:
    return PagerDutySettings(
        routing_key=revealed(shape.routing_key),
        url=shape.url,
        timeout_seconds=shape.timeout,
        external_url=url,
    )


def _credentials(auth: BasicAuth | None, token: str) -> Credentials:
    return Credentials(
        username=auth.username if auth else "",
        password=revealed(auth.password) if auth else "",
        bearer_token=token,
    )


def _email(config: Config, shape: EmailShape, spoken: Spoken) -> EmailSettings:
    security = Security(shape.security)
    return EmailSettings(
        host=shape.host,
        port=PORTS[security] if shape.port is None else shape.port,
        security=security,
        username=shape.username or "",
        password=revealed(shape.password),
        sender=shape.sender,
        to=tuple(shape.to),
        ca_file=config.path(shape.ca_file),
        **spoken,
    )


def _slack(shape: SlackShape, spoken: Spoken) -> SlackSettings | SlackBotSettings:
    if shape.token is not None:
        token, channel = revealed(shape.token), shape.channel or ""
        return SlackBotSettings(token=token, channel=channel, **spoken)
    return SlackSettings(url=revealed(shape.url), **spoken)


def _mattermost(shape: MattermostShape, spoken: Spoken) -> MattermostSettings:
    return MattermostSettings(url=revealed(shape.url), channel=shape.channel or "", **spoken)


def _telegram(shape: TelegramShape, spoken: Spoken) -> TelegramSettings:
    return TelegramSettings(
        token=revealed(shape.token),
        chat_id=shape.chat_id,
        message_thread_id=shape.message_thread_id,
        url=shape.url,
        **spoken,
    )


def _discord(shape: DiscordShape, spoken: Spoken) -> DiscordSettings:
    return DiscordSettings(url=revealed(shape.url), thread_id=shape.thread_id or "", **spoken)


def _ntfy(shape: NtfyShape, spoken: Spoken) -> NtfySettings:
    return NtfySettings(
        topic=revealed(shape.topic),
        url=shape.url,
        tags=tuple(shape.tags),
        credentials=_credentials(shape.basic_auth, revealed(shape.token)),
        **spoken,
    )


def _teams(shape: TeamsShape, spoken: Spoken) -> TeamsSettings:
    return TeamsSettings(url=revealed(shape.url), **spoken)


def _apprise(shape: AppriseShape, spoken: Spoken) -> AppriseSettings:
    return AppriseSettings(url=revealed(shape.url), **spoken)


CHATS: Mapping[type, Callable[[Any, Spoken], ReceiverSettings]] = {
    SlackShape: _slack,
    MattermostShape: _mattermost,
    TelegramShape: _telegram,
    DiscordShape: _discord,
    NtfyShape: _ntfy,
    TeamsShape: _teams,
    AppriseShape: _apprise,
}
