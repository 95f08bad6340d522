"""The watch over regwatch itself goes on where the store says that another left off."""

import asyncio
from pathlib import Path

import pytest
from fakes.notifications import all_new, lost
from fakes.surroundings import surroundings
from fakes.values import EVERY_ALERT, at

from regwatch.app.engines.self_engine import SelfEngine, SelfSettings
from regwatch.app.reporting import Reporting
from regwatch.app.surroundings import Surroundings
from regwatch.core.alerts.rules import Rules
from regwatch.core.model import AlertName, Incident
from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt

pytestmark = pytest.mark.looptime


def engine(around: Surroundings, told: list[Incident], *receivers: str) -> SelfEngine:
    settings = SelfSettings(Rules(EVERY_ALERT), dict.fromkeys(receivers, ""))
    reporting = Reporting(around.instruments, around.bugs)
    return SelfEngine(settings, around, reporting, on_incidents=told.extend)


def refused() -> DeliveryAttempt:
    message = all_new([lost()], receiver="pager")
    return DeliveryAttempt("pager", message, Delivery.REFUSED, 1, at(5), error="403")


async def test_its_successor_knows_what_it_found(tmp_path: Path) -> None:
    async with surroundings(tmp_path) as around, asyncio.TaskGroup() as tasks:
        told: list[Incident] = []
        former = engine(around, told, "pager")
        await former.load()
        former.start(tasks)
        former.start(tasks)
        await asyncio.sleep(6)  # what comes of it is not of the future
        former.delivery(refused())
        await former.stop()
        await former.stop()
        assert [i.alert for i in told] == [AlertName.RECEIVER_BROKEN], "stored on its way out"
        coming = engine(around, told, "pager", "chat")
        assert list(coming.incidents) == []
        await coming.load()
        assert list(coming.incidents) == told
        coming.start(tasks)
        taken = await coming.acknowledge(told[0].id, "anna", "")
        assert taken is not None
        assert taken.acknowledged_by == "anna"
        await coming.stop()


async def test_of_a_receiver_that_is_gone_nothing_is_wrong_any_more(tmp_path: Path) -> None:
    async with surroundings(tmp_path) as around, asyncio.TaskGroup() as tasks:
        told: list[Incident] = []
        former = engine(around, told, "pager")
        former.start(tasks)
        await asyncio.sleep(0.5)
        former.delivery(refused())
        await former.stop()
        coming = engine(around, told, "chat")
        await coming.load()
        coming.start(tasks)
        await asyncio.sleep(5)
        await coming.stop()
        assert list(coming.incidents) == []
        assert told[-1].resolved_at is not None
        assert around.bugs.trouble == ""
