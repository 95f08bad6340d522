"""From the configuration to the PBX."""

from collections.abc import Callable, Sequence
from typing import Protocol

from regwatch.clock import Clock
from regwatch.config.sections import AccountShape
from regwatch.config.top import Config
from regwatch.core.model import ExtensionId
from regwatch.shapes.values import revealed
from regwatch.sources.ringme.client import Endpoint, PbxClient
from regwatch.sources.ringme.settings import ClientCredentials, FixedToken, PbxSettings
from regwatch.sources.source import Connection, Deleting, RequestMade
from regwatch.watcher.selection import Discovery, Selection

ENDPOINTS = tuple(endpoint.value for endpoint in Endpoint)
"""All that requests may be about: each has its series in the metrics from the start."""


class Pbx(Connection, Deleting, Protocol):
    """All that an account's PBX offers."""


def pbx_of(
    config: Config,
    account: AccountShape,
    *,
    clock: Clock,
    listeners: Sequence[Callable[[RequestMade], None]] = (),
) -> Pbx:
    """The account's PBX, to be entered. Here alone it is said which kind of source that is."""
    return PbxClient(pbx_settings(config, account), clock=clock, listeners=listeners)


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
