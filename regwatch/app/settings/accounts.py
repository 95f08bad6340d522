"""All that one account is built from: two that are equal are the same account, unchanged."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from regwatch.app.settings.clients import pbx_settings, selection
from regwatch.app.settings.policies import (
    expected_hours,
    monitor_policy,
    places,
    polling_policy,
)
from regwatch.config.sections import AccountShape
from regwatch.config.top import Config
from regwatch.core.expectations import Expectation, ExpectedHours
from regwatch.core.model import AccountName
from regwatch.core.monitor import MonitorPolicy
from regwatch.core.polling.planner import PollingPolicy
from regwatch.core.polling.selection import Selection
from regwatch.core.sites import Site
from regwatch.shapes.files import FileError, read_file
from regwatch.sources.ringme.settings import PbxSettings


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """Values alone, so that two of them are equal if nothing differs."""

    name: AccountName
    pbx: PbxSettings
    polling: PollingPolicy
    selection: Selection
    policy: MonitorPolicy
    sites: Sequence[Site]
    expected: ExpectedHours
    particular: Sequence[Expectation]
    """Those that are expected at other hours."""
    files: Sequence[bytes]


def account_settings(config: Config, account: AccountShape) -> AccountSettings:
    """What of the whole configuration an account depends on."""
    pbx = pbx_settings(config, account)
    expected, particular = expected_hours(config, account)
    return AccountSettings(
        name=AccountName(account.name),
        pbx=pbx,
        polling=polling_policy(account),
        selection=selection(account),
        policy=monitor_policy(config, account),
        sites=places(config.sites),
        expected=expected,
        particular=particular,
        files=contents(pbx),
    )


def contents(settings: Any) -> Sequence[bytes]:
    """Of the files that settings name: a certificate is renewed under the name it had. A file that
    cannot be read is whoever's problem who needs it.
    """
    paths = (getattr(settings, each.name) for each in fields(settings))
    return tuple(_read(path) for path in paths if isinstance(path, Path))


def _read(path: Path) -> bytes:
    try:
        return read_file(path)
    except FileError:
        return b""
