"""From the configuration to the PBX and the receivers."""

from regwatch.config.receivers import (
    AlertmanagerShape,
    BasicAuth,
    PagerDutyShape,
    ReceiverShape,
    SlackShape,
    WebhookShape,
)
from regwatch.config.sections import AccountShape
from regwatch.config.top import Config
from regwatch.config.values import revealed
from regwatch.core.model import ExtensionId
from regwatch.notify.alertmanager import AlertmanagerSettings
from regwatch.notify.assembly import ReceiverSettings
from regwatch.notify.http import Credentials
from regwatch.notify.pagerduty import PagerDutySettings
from regwatch.notify.slack import SlackSettings
from regwatch.notify.webhook import WebhookSettings
from regwatch.pbx.settings import ClientCredentials, FixedToken, PbxSettings
from regwatch.watcher.selection import Discovery, Selection


def pbx_settings(config: Config, account: AccountShape) -> PbxSettings:
    """How an account's PBX is reached."""
    polling = account.polling
    return PbxSettings(
        url=account.url,
        credentials=_credentials(account),
        batch_size=polling.batch_size,
        connect_timeout=polling.connect_timeout,
        read_timeout=polling.timeout,
        total_timeout=polling.timeout,
        concurrency=polling.concurrency,
        ca_file=config.path(account.ca_file),
        proxy_from_environment=account.proxy_from_environment,
    )


def _credentials(account: AccountShape) -> ClientCredentials | FixedToken:
    if account.access_token is not None:
        return FixedToken(revealed(account.access_token))
    return ClientCredentials(
        account.client_id or "", revealed(account.client_secret), account.scope
    )


def selection(account: AccountShape) -> Selection:
    """Which of an account's extensions are watched."""
    extensions, discover = account.extensions, account.extensions.discover
    return Selection(
        ids=tuple(ExtensionId(i) for i in extensions.ids),
        discovery=Discovery(discover.type, discover.status, discover.every) if discover else None,
        exclude=tuple(extensions.exclude),
    )


def receiver_settings(receiver: ReceiverShape, external_url: str) -> ReceiverSettings:
    """How a receiver is reached."""
    match receiver.settings:
        case WebhookShape() as hook:
            return WebhookSettings(
                url=revealed(hook.url),
                secret=revealed(hook.secret),
                max_alerts=hook.max_alerts,
                headers=hook.headers,
                credentials=_http_credentials(hook),
                timeout_seconds=hook.timeout,
                external_url=external_url,
            )
        case SlackShape() as slack:
            return SlackSettings(
                url=revealed(slack.url), timeout_seconds=slack.timeout, external_url=external_url
            )
        case AlertmanagerShape() as alertmanager:
            return AlertmanagerSettings(
                urls=tuple(alertmanager.urls),
                credentials=_http_credentials(alertmanager),
                timeout_seconds=alertmanager.timeout,
                external_url=external_url,
            )
        case PagerDutyShape() as pagerduty:
            return PagerDutySettings(
                routing_key=revealed(pagerduty.routing_key),
                url=pagerduty.url,
                timeout_seconds=pagerduty.timeout,
                external_url=external_url,
            )


def _http_credentials(shape: WebhookShape | AlertmanagerShape) -> Credentials:
    auth: BasicAuth | None = shape.basic_auth
    return Credentials(
        username=auth.username if auth else "",
        password=revealed(auth.password) if auth else "",
        bearer_token=revealed(shape.bearer_token),
    )
