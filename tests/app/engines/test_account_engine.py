"""One account for itself: its life, and what is asked of it in the midst of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fakes.notifications import lost
from fakes.values import ACME, EVERY_ALERT, at
from msgspec import structs
from structlog.testing import capture_logs

from regwatch.app.engines.account_engine import AccountEngine, Watch
from regwatch.app.engines.running import STOP_SECONDS
from regwatch.app.settings.accounts import AccountSettings
from regwatch.core.model import (
    AccountName,
    FailureReason,
    Incident,
    IncidentId,
    Instant,
    Listing,
)
from regwatch.core.monitor import MonitorPolicy
from regwatch.core.polling.list_reading import ListRead
from regwatch.core.polling.planner import PollingPolicy
from regwatch.core.polling.selection import Discovery, Selection
from regwatch.guard import Bugs
from regwatch.sources.ringme.errors import PbxUnavailableError
from regwatch.sources.ringme.settings import FixedToken, PbxSettings
from regwatch.store import StoreUnavailableError

pytestmark = pytest.mark.looptime

SETTINGS = AccountSettings(
    name=ACME,
    pbx=PbxSettings("http://127.0.0.1:1", FixedToken("t")),
    polling=PollingPolicy(),
    selection=Selection(),
    policy=MonitorPolicy(EVERY_ALERT),
    sites=(),
    expected=True,
    particular=(),
    files=(),
)


@dataclass
class FakeWatcher:
    """Runs until it is cancelled, or dies at once; knows its incidents."""

    incidents: Sequence[Incident]
    dies: bool = False
    runs: int = 0
    hangs: bool = False
    acknowledged: list[IncidentId] = field(default_factory=list)
    list_read: ListRead | None = None

    async def run(self) -> None:
        self.runs += 1
        try:
            if self.dies:
                raise RuntimeError("a bug")
            await asyncio.Event().wait()
        finally:
            if self.hangs:
                await asyncio.Event().wait()

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        self.acknowledged.append(incident_id)
        return next((i for i in self.incidents if i.id == incident_id), None)

    @property
    def account(self) -> "FakeWatcher":
        return self

    @property
    def monitor(self) -> "FakeWatcher":
        return self

    def is_stalled(self, *, now: Instant) -> bool:
        return True


@dataclass
class FakeClient:
    """Says whether it is open."""

    fails: bool = False
    is_open: bool = False

    def prepare(self) -> None:
        if self.fails:
            raise PbxUnavailableError("no such file", reason=FailureReason.NETWORK)

    async def __aenter__(self) -> "FakeClient":
        self.is_open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_open = False


class Scene:
    """An engine whose watchers are fakes."""

    def __init__(self) -> None:
        self.watchers: list[FakeWatcher] = []
        self.clients: list[FakeClient] = []
        self.dying = 0
        """So many watchers die, those made next."""
        self.is_locked = False
        self.stored: list[Incident] = []
        self.reading: asyncio.Event | None = None
        self.dead: list[object] = []
        self.engine = AccountEngine(
            SETTINGS, self.build, self, clock=lambda: at(0), bugs=Bugs(), on_death=self.dead.append
        )

    def build(
        self, settings: AccountSettings, incidents: Sequence[Incident], read: ListRead | None
    ) -> Watch:
        assert settings is SETTINGS
        self.watchers.append(FakeWatcher(incidents, list_read=read))
        self.clients.append(FakeClient())
        watcher: Any = self.watchers[-1]
        client: Any = self.clients[-1]
        return Watch(watcher, client)

    async def open_incidents(self) -> Sequence[Incident]:
        if self.reading is not None:
            await self.reading.wait()
        if self.is_locked:
            raise StoreUnavailableError("database is locked")
        return list(self.stored)

    @property
    def runs(self) -> int:
        return sum(watcher.runs for watcher in self.watchers)


@asynccontextmanager
async def scene() -> AsyncIterator[tuple[Scene, asyncio.TaskGroup]]:
    made = Scene()
    async with asyncio.TaskGroup() as tasks:
        try:
            yield made, tasks
        finally:
            await made.engine.stop()


async def test_started_twice_it_polls_once_and_stopped_twice_its_client_is_closed() -> None:
    async with scene() as (it, tasks):
        await it.engine.load()
        it.engine.start(tasks)
        it.engine.start(tasks)
        await asyncio.sleep(1)
        assert it.runs == 1
        assert it.clients[-1].is_open
        await it.engine.stop()
        await it.engine.stop()
        assert not any(client.is_open for client in it.clients)


async def test_it_goes_on_with_its_own_incidents() -> None:
    async with scene() as (it, _):
        other = of_account(lost(), "bolt")
        it.stored = [lost(), other]
        await it.engine.load()
        assert list(it.engine.incidents) == [lost()]


def of_account(incident: Incident, account: str) -> Incident:
    return structs.replace(incident, account=AccountName(account))


async def test_dead_it_is_built_anew_from_what_is_stored() -> None:
    async with scene() as (it, tasks):
        await it.engine.load()
        it.watchers[-1].dies = True
        it.stored = [lost()]
        with capture_logs() as logs:
            it.engine.start(tasks)
            await asyncio.sleep(0.5)
            assert it.engine.trouble.startswith("watch acme died of RuntimeError")
            assert it.dead == [it.engine]
            assert not it.engine.is_stalled(now=Instant(0.0)), "it is begun again in any case"
            await asyncio.sleep(2)
        assert [line["event"] for line in logs] == ["part_died", "part_lives_again"]
        assert list(it.engine.incidents) == [lost()]
        assert (it.engine.trouble, it.runs) == ("", 2)
        assert it.engine.is_stalled(now=Instant(0.0)), "a watcher that lives may stall"


async def test_a_store_that_cannot_be_read_at_its_beginning_is_asked_again() -> None:
    async with scene() as (it, tasks):
        it.is_locked = True
        it.engine.start(tasks)
        await asyncio.sleep(5)
        assert it.runs == 0
        it.is_locked = False
        await asyncio.sleep(5)
        assert it.runs == 1


async def test_stopped_and_started_again_it_reads_the_store_again() -> None:
    async with scene() as (it, tasks):
        await it.engine.load()
        await it.engine.stop()
        it.stored = [lost()]
        it.engine.start(tasks)
        await asyncio.sleep(1)
        assert list(it.engine.incidents) == [lost()]


async def test_an_acknowledgement_while_it_is_built_anew_reaches_who_comes() -> None:
    async with scene() as (it, tasks):
        await it.engine.load()
        it.reading, it.stored = asyncio.Event(), [lost()]
        tasks.create_task(it.engine.load())
        await asyncio.sleep(1)
        asked = tasks.create_task(it.engine.acknowledge(lost().id, "anna", ""))
        await asyncio.sleep(1)
        assert not asked.done()
        it.reading.set()
        assert await asked == lost()
        assert [watcher.acknowledged for watcher in it.watchers] == [[], [lost().id]]


READ = ListRead(Discovery(), Listing((), complete=True), Instant(5.0))


async def test_stopped_and_started_again_it_knows_the_list_that_it_read() -> None:
    async with scene() as (it, tasks):
        await it.engine.load()
        it.watchers[-1].list_read = READ
        await it.engine.stop()
        it.engine.start(tasks)
        await asyncio.sleep(1)
        assert len(it.watchers) == 2
        assert it.watchers[-1].list_read is READ


async def test_who_comes_in_its_place_knows_its_list_until_it_reads_it_anew() -> None:
    async with scene() as (it, _):
        it.engine.list_read = READ
        it.engine.try_out()
        await it.engine.load()
        assert it.watchers[-1].list_read is READ
        assert it.engine.list_read is None, "it is not held twice"


async def test_a_stop_that_hangs_is_bounded() -> None:
    async with scene() as (it, tasks):
        await it.engine.load()
        it.watchers[-1].hangs = True
        it.engine.start(tasks)
        await asyncio.sleep(1)
        with capture_logs() as logs:
            await it.engine.stop()
        assert asyncio.get_running_loop().time() == 1 + STOP_SECONDS
        assert [line["event"] for line in logs] == ["engine_stop_timed_out"]
        assert not it.clients[-1].is_open


def test_settings_with_which_the_pbx_cannot_be_asked_are_refused_at_once() -> None:
    def build(settings: AccountSettings, incidents: Sequence[Incident], _read: object) -> Watch:
        watcher: Any = FakeWatcher(incidents)
        client: Any = FakeClient(fails=True)
        return Watch(watcher, client)

    engine = AccountEngine(SETTINGS, build, Scene(), clock=lambda: at(0), bugs=Bugs())
    with pytest.raises(PbxUnavailableError):
        engine.try_out()


async def test_before_it_is_loaded_there_is_nothing_to_see() -> None:
    async with scene() as (it, _):
        with pytest.raises(RuntimeError, match="not loaded"):
            list(it.engine.incidents)


def test_settings_that_say_the_same_are_equal() -> None:
    assert replace(SETTINGS) == SETTINGS
    assert replace(SETTINGS, polling=PollingPolicy(interval=1.0)) != SETTINGS
