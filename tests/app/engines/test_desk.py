"""The desk takes up where the store says that another left off."""

import asyncio
from pathlib import Path

import pytest
from fakes.notifications import lost
from fakes.surroundings import surroundings
from fakes.values import ACME
from msgspec import structs
from structlog.testing import capture_logs

from regwatch.app.engines.desk import Desk, DeskSettings
from regwatch.app.surroundings import Surroundings
from regwatch.core.dispatch.routing import Route
from regwatch.core.model import Incident, IncidentState

pytestmark = pytest.mark.looptime

TO_HOOK = DeskSettings([Route(key="all", receivers=("hook",), repeat=(3600.0,))], {"hook"})
TO_CHAT = DeskSettings([Route(key="all", receivers=("chat",), repeat=(3600.0,))], {"chat"})


class Told:
    """Whom the desk woke."""

    def __init__(self, around: Surroundings, settings: DeskSettings) -> None:
        self.woken: list[str] = []
        self.desk = Desk(settings, around, wake=self.woken.append)


async def stored(around: Surroundings, incident: Incident) -> None:
    await around.store.accounts.save(ACME, watched=(), incidents=[incident])


async def test_started_twice_it_tells_once_and_stopped_it_tells_when_it_is_started_again(
    tmp_path: Path,
) -> None:
    async with surroundings(tmp_path) as around, asyncio.TaskGroup() as tasks:
        told = Told(around, TO_HOOK)
        await told.desk.load()
        told.desk.start(tasks)
        told.desk.start(tasks)
        await stored(around, lost(1))
        told.desk.take([lost(1)])
        await asyncio.sleep(1)
        assert told.woken == ["hook"]
        assert list(told.desk.told("hook")) == [lost(1)]
        assert told.desk.known([lost(1).id, lost(2).id]) == {lost(1).id: lost(1)}
        await told.desk.stop()
        await told.desk.stop()
        await stored(around, lost(2))
        told.desk.take([lost(2)])
        await asyncio.sleep(60)
        assert told.woken == ["hook"], "it is stopped"
        told.desk.start(tasks)
        await asyncio.sleep(60)
        assert told.woken == ["hook"] * 2, "nothing was lost"
        await told.desk.stop()


async def test_its_successor_tells_nobody_again_what_was_told(tmp_path: Path) -> None:
    async with surroundings(tmp_path) as around, asyncio.TaskGroup() as tasks:
        former, coming = Told(around, TO_HOOK), Told(around, TO_HOOK)
        await former.desk.load()
        former.desk.start(tasks)
        await stored(around, lost(1))
        former.desk.take([lost(1)])
        await asyncio.sleep(1)
        await former.desk.stop()
        await stored(around, lost(2))
        await coming.desk.load()
        coming.desk.take([lost(2), lost(1)])
        coming.desk.start(tasks)
        await asyncio.sleep(60)
        await coming.desk.stop()
        assert coming.woken == ["hook"]
        assert {i.id for i in coming.desk.told("hook")} == {lost(1).id, lost(2).id}


async def test_what_waits_for_a_receiver_that_is_gone_is_given_up_aloud(tmp_path: Path) -> None:
    async with surroundings(tmp_path) as around, asyncio.TaskGroup() as tasks:
        former, coming = Told(around, TO_HOOK), Told(around, TO_CHAT)
        await former.desk.load()
        former.desk.start(tasks)
        await stored(around, lost(1))
        former.desk.take([lost(1)])
        await asyncio.sleep(1)
        await former.desk.stop()
        with capture_logs() as logs:
            await coming.desk.load()
        assert [(x["event"], x["receiver"], x["notifications_lost"]) for x in logs] == [
            ("receiver_removed", "hook", 1)
        ]
        assert await around.store.outbox.backlog() == {}
        over = structs.replace(lost(1), state=IncidentState.RESOLVED, resolved_at=around.clock())
        await stored(around, over)
        coming.desk.take([over])
        coming.desk.start(tasks)
        await asyncio.sleep(60)
        await coming.desk.stop()
        assert "hook" not in coming.woken


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
async def test_when_the_clock_is_set_a_reminder_comes_no_sooner_and_no_later(
    tmp_path: Path, step: float
) -> None:
    async with surroundings(tmp_path) as around, asyncio.TaskGroup() as tasks:
        told = Told(around, TO_HOOK)
        await told.desk.load()
        told.desk.start(tasks)
        await stored(around, lost(1))
        told.desk.take([lost(1)])
        await asyncio.sleep(60)
        around.clock._ahead += step
        told.desk.clock_set(step)
        told.desk.take([lost(2)])
        await asyncio.sleep(3500)
        assert len(told.woken) == 2, "one message for each"
        (first, _) = told.desk.told("hook")
        assert first.started_at == lost(1).started_at + step
        await asyncio.sleep(200)
        assert len(told.woken) == 3
        await told.desk.stop()
