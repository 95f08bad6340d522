"""From the configuration to the PBX."""

from regwatch.config.sections import AccountShape
from regwatch.config.top import Config
from regwatch.core.model import ExtensionId
from regwatch.core.polling.selection import Discovery, Selection
from regwatch.shapes.values import revealed
from regwatch.sources.ringme.settings import ClientCredentials, FixedToken, PbxSettings


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
        ids=frozenset(map(ExtensionId, extensions.ids)),
        discovery=Discovery(discover.type, discover.status, discover.every) if discover else None,
        exclude=tuple(extensions.exclude),
    )
