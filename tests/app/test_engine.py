"""All parts together: loaded, changed one by one, stopped in order. The parts are fakes here; the
real ones are tried in `test_daemon`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fakes.notifications import lost
from fakes.surroundings import surroundings
from fakes.values import ACME

from regwatch.app.engine import Engine
from regwatch.app.parts import Parts
from regwatch.core.alerts.mutes import Maintenance
from regwatch.core.heartbeat import Pulse
from regwatch.core.known_labels import KnownLabels
from regwatch.core.matchers import Matchers
from regwatch.core.model import AccountName, Incident, IncidentId, Instant
from regwatch.core.schedules import Stretch
from regwatch.sources.ringme.settings import FixedToken, PbxSettings
from regwatch.store import StoreUnavailableError

pytestmark = pytest.mark.looptime


class Part:
    """Any of them: it keeps what is done to it in a book that all share."""

    def __init__(self, name: str, book: list[str], settings: int = 1) -> None:
        self.name, self.value, self._book = AccountName(name), settings, book
        self.trouble = ""
        self.fails: Exception | None = None
        self.hinders: Callable[[], Any] | None = None
        self.incidents: list[Incident] = []
        self.deleted: list[Any] = []
        self.acknowledged: list[IncidentId] = []
        self.list_read: object = None

    @property
    def settings(self) -> Any:
        return Settings(self.name, self.value)

    async def load(self) -> None:
        self._book.append(f"load {self}")
        if self.hinders is not None:
            await self.hinders()
        if self.fails is not None:
            raise self.fails

    def try_out(self) -> None:
        self._book.append(f"try {self}")

    def start(self, _tasks: asyncio.TaskGroup) -> None:
        self._book.append(f"start {self}")

    async def stop(self) -> None:
        self._book.append(f"stop {self}")

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        self.acknowledged.append(incident_id)
        return next((i for i in self.incidents if i.id == incident_id), None)

    def deleting(self, registrations: Any) -> None:
        self.deleted.extend(registrations)

    def not_deleting(self, registrations: Any) -> None:
        self.deleted = [each for each in self.deleted if each not in registrations]

    def take(self, _incidents: Any) -> None:
        """As a desk does."""

    def pulse(self, *, now: Instant) -> Pulse:
        return Pulse(self.name, now, 60.0)

    def __str__(self) -> str:
        return f"{self.name}{self.value}"


class Settings(tuple[str, int]):
    """Equal if both are."""

    def __new__(cls, name: str, value: int) -> "Settings":
        return super().__new__(cls, (name, value))

    @property
    def name(self) -> str:
        return self[0]

    @property
    def pbx(self) -> PbxSettings:
        return PbxSettings("http://127.0.0.1:1", FixedToken("t"))


NIGHT = Maintenance(name="night", matchers=Matchers(), when=Stretch(0.0, 1e12))  # type: ignore[arg-type]


NO_TRIAL: Any = None


def parts(book: list[str], maintenance: tuple[Maintenance, ...] = (), **values: int) -> Any:
    """By default each part has the value 1; an account with the value 0 is not there."""

    def part(name: str) -> Any:
        return Part(name, book, values.get(name, 1))

    return Parts(
        accounts=[part(name) for name in ("acme", "bolt") if values.get(name, 1)],
        lines=[part("hook")],
        desk=part("desk"),
        self_watch=part("self"),
        heartbeats=[],
        maintenance=maintenance,
        known_labels=KnownLabels(accounts=["acme"], receivers=[], sites={}),
        route_trial=NO_TRIAL,
        beats_every=60.0,
    )


class Scene:
    def __init__(self, around: Any) -> None:
        self.book: list[str] = []
        self.engine = Engine(around)
        self.tasks: asyncio.TaskGroup | None = None

    def done(self) -> list[str]:
        """What was done since it was asked last."""
        done, self.book[:] = list(self.book), []
        return done


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    async with surroundings(folder) as around, asyncio.TaskGroup() as tasks:
        it = Scene(around)
        await it.engine.load(parts(it.book))
        assert it.done() == ["load acme1", "load bolt1", "load self1", "load desk1", "load hook1"]
        it.engine.start(tasks)
        it.tasks = tasks
        yield it
        await it.engine.stop()


STARTED = ["start hook1", "start desk1", "start self1", "start bolt1", "start acme1"]
STOPPED = ["stop acme1", "stop bolt1", "stop self1", "stop desk1", "stop hook1"]


async def test_who_tells_is_started_first_and_stopped_last(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        assert it.done() == STARTED
        await it.engine.stop()
        assert it.done() == STOPPED


async def test_before_it_is_loaded_it_has_no_parts(tmp_path: Path) -> None:
    async with surroundings(tmp_path) as around:
        with pytest.raises(RuntimeError, match="nothing was loaded"):
            _ = Engine(around).parts


async def test_what_differs_is_stopped_loaded_and_started_and_nothing_else(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as it:
        it.done()
        begun = await it.engine.change(parts(it.book, acme=2, hook=2))
        assert list(map(str, begun)) == ["acme2", "hook2"]
        done = it.done()
        assert done[:2] == ["stop acme1", "stop hook1"]
        assert done[2:4] == ["load acme2", "load hook2"]
        assert done[4:] == [
            "start hook2",
            "start desk1",
            "start self1",
            "start bolt1",
            "start acme2",
        ]


async def test_who_comes_in_an_accounts_place_knows_the_list_that_it_read(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        former: Any = it.engine.parts.accounts[0]
        former.list_read = "the list"
        coming: Any = parts(it.book, acme=2)
        await it.engine.change(coming)
        assert [each.list_read for each in it.engine.parts.accounts] == ["the list", None]


async def test_an_account_that_goes_is_stopped_and_nobody_begins(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.done()
        assert await it.engine.change(parts(it.book, bolt=0)) == []
        assert it.done()[0] == "stop bolt1"
        assert [str(each) for each in it.engine.parts.accounts] == ["acme1"]


async def test_what_cannot_be_loaded_leaves_all_as_it_was(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.done()
        before, coming = it.engine.parts, parts(it.book, (NIGHT,), acme=2, desk=2)
        coming.desk.fails = StoreUnavailableError("database is locked")
        with pytest.raises(StoreUnavailableError):
            await it.engine.change(coming)
        assert it.engine.parts is before
        done = it.done()
        assert done[:2] == ["stop acme1", "stop desk1"]
        assert done[2:4] == ["load acme2", "load desk2"]
        assert done[4:] == STARTED, "who was stopped begins again; for the others it is nothing"
        assert it.engine.mutes.active(now=lost().started_at) == ()


async def test_maintenance_is_replaced_and_what_people_set_stays(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        mutes = it.engine.mutes
        await it.engine.change(parts(it.book, (NIGHT,)))
        assert it.engine.mutes is mutes
        assert mutes.active(now=lost().started_at) == (NIGHT,)
        await it.engine.change(parts(it.book))
        assert mutes.active(now=lost().started_at) == ()


async def test_only_who_would_begin_anew_is_tried_out(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.done()
        await it.engine.try_out(parts(it.book, bolt=2))
        assert it.done() == ["try bolt2"]


async def test_during_a_change_an_acknowledgement_and_the_stop_wait(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.done()
        former, coming = it.engine.parts, parts(it.book, acme=2)
        go_on, reached = asyncio.Event(), asyncio.Event()

        async def hinder() -> None:
            reached.set()
            await go_on.wait()

        coming.accounts[0].hinders = hinder
        coming.accounts[0].incidents = [lost()]
        assert it.tasks is not None
        changing = it.tasks.create_task(it.engine.change(coming))
        await reached.wait()
        asked = it.tasks.create_task(it.engine.acknowledge(lost().id, "anna", ""))
        await asyncio.sleep(1)
        stopping = it.tasks.create_task(it.engine.stop())
        await asyncio.sleep(1)
        assert not asked.done()
        changed = ["stop acme1", "load acme2"]
        assert it.done() == changed, "nothing is stopped between two lives"
        go_on.set()
        await changing
        assert await asked == lost()
        former_account: Any = former.accounts[0]
        assert former_account.acknowledged == []
        await stopping
        assert it.done()[-5:] == ["stop acme2", *STOPPED[1:]]


async def test_after_the_stop_a_change_starts_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await it.engine.stop()
        it.done()
        await it.engine.change(parts(it.book, acme=2))
        assert it.done() == ["stop acme1", "load acme2"]


async def test_it_answers_for_its_parts(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        acme, bolt = it.engine.parts.accounts
        held: Any = it.engine.parts.self_watch
        for number, part in enumerate((acme, bolt, held)):
            part.incidents = [lost(number)]  # type: ignore[union-attr]
        assert list(it.engine.incidents()) == [lost(0), lost(1), lost(2)]
        assert await it.engine.acknowledge(lost(1).id, "anna", "") == lost(1)
        assert await it.engine.acknowledge(lost(2).id, "anna", "") == lost(2)
        assert await it.engine.acknowledge(IncidentId("none"), "anna", "") is None
        ids: Any = ["uloc-1", "uloc-2"]
        assert it.engine.deleting(ACME, ids, withdrawn=False)
        assert it.engine.deleting(ACME, ids[1:], withdrawn=True)
        assert not it.engine.deleting(AccountName("nobody"), [], withdrawn=False)
        assert acme.deleted == ["uloc-1"]  # type: ignore[attr-defined]
        assert it.engine.backlog == {"hook": (0, None)}
        assert it.engine.heart.may_beat()
        it.engine.bugs.died("watch bolt", "watch bolt died of RuntimeError")
        assert it.engine.heart.problem() == "watch bolt died of RuntimeError"
