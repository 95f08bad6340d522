"""What polls an account, put together: what it goes on with, and what counts against its quota."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from fakes.notifications import lost
from fakes.surroundings import surroundings
from fakes.values import ACME, EVERY_ALERT, START

from regwatch.app.exchange import Exchange
from regwatch.app.reporting import Reporting
from regwatch.app.settings.accounts import AccountSettings
from regwatch.app.surroundings import Surroundings
from regwatch.app.watch_assembly import WatchAssembly
from regwatch.core.model import Now, Quota, Timestamp
from regwatch.core.monitor import MonitorPolicy
from regwatch.core.polling.planner import PollingPolicy
from regwatch.core.polling.selection import Selection
from regwatch.core.sites import Site
from regwatch.sources.ringme.client import Endpoint
from regwatch.sources.ringme.settings import FixedToken, PbxSettings
from regwatch.sources.source import RequestMade
from regwatch.watcher.recorder import Recorder

pytestmark = pytest.mark.looptime

SETTINGS = AccountSettings(
    name=ACME,
    pbx=PbxSettings("http://127.0.0.1:1", FixedToken("t")),
    polling=PollingPolicy(),
    selection=Selection(),
    policy=MonitorPolicy(EVERY_ALERT),
    sites=[Site("riga")],
    expected=True,
    particular=(),
    files=(),
)


def assembly(around: Surroundings) -> WatchAssembly:
    return WatchAssembly(around, Exchange(), Reporting(around.instruments, around.bugs))


async def test_it_goes_on_with_the_incidents_it_is_given(tmp_path: Path) -> None:
    async with surroundings(tmp_path) as around:
        built = assembly(around).build(SETTINGS, [lost()])
        assert list(built.watcher.account.monitor.incidents) == [lost()]
        assert built.watcher.account.monitor.account == ACME
        assert built.client.quota is None, "nobody was asked"


async def test_its_answers_are_recorded_where_that_is_wanted(tmp_path: Path) -> None:
    async with surroundings(tmp_path) as around:
        recording = dataclasses.replace(around, record=tmp_path / "answers")
        assert not isinstance(assembly(around).build(SETTINGS, ()).watcher._source, Recorder)
        assert isinstance(assembly(recording).build(SETTINGS, ()).watcher._source, Recorder)


class Account:
    """Keeps what it is told."""

    name = ACME

    def __init__(self) -> None:
        self.quotas: list[Quota | None] = []

    def request_made(self, quota: Quota | None, *, now: Now) -> None:
        self.quotas.append(quota)


QUOTA = Quota(100, 99, Timestamp(START + 60), Timestamp(START))


@pytest.mark.parametrize(
    ("endpoint", "quota", "told"),
    [
        pytest.param(Endpoint.REGISTRATIONS, QUOTA, [QUOTA], id="a poll"),
        pytest.param(Endpoint.EXTENSIONS, None, [None], id="a page of the list, without headers"),
        pytest.param(Endpoint.TOKEN, QUOTA, [], id="a token: the PBX does not count it"),
    ],
)
async def test_what_counts_against_the_quota(
    tmp_path: Path, endpoint: Endpoint, quota: Quota | None, told: list[Quota | None]
) -> None:
    async with surroundings(tmp_path) as around:
        account: Any = Account()
        is_counted = endpoint is not Endpoint.TOKEN
        request = RequestMade(endpoint, "success", 0.2, quota, is_counted=is_counted)
        assembly(around)._request_made(account, request)
        assert account.quotas == told
        labels = {"account": "acme", "endpoint": endpoint.value, "outcome": "success"}
        registry = around.instruments.registry
        assert registry.get_sample_value("regwatch_api_requests_total", labels) == 1
