"""What regwatch finds wrong with itself is stored, then told; whatever the database does."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fakes.notifications import all_new, lost
from fakes.patience import PATIENCE
from fakes.values import EVERY_ALERT, at

from regwatch.app.engines.self_watch import Database, SelfWatch
from regwatch.core.alerts.conditions import NO_ACCOUNT
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.alerts.store_conditions import DatabaseSetAside
from regwatch.core.history import Sought
from regwatch.core.model import AlertName, Incident, IncidentId, IncidentState
from regwatch.core.watches.receiver_watch import ReceiverWatch
from regwatch.guard import Bugs
from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt
from regwatch.store import Store, StoreUnavailableError


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/regwatch.db")
    yield opened
    await opened.close()


def attempt(outcome: Delivery, error: str | None = None) -> DeliveryAttempt:
    message = all_new([lost()], receiver="pager")
    return DeliveryAttempt("pager", message, outcome, 1, at(5), error=error)


def self_watch(
    store: Store,
    told: list[Incident],
    bugs: Bugs | None = None,
    found: list[Database] | None = None,
) -> SelfWatch:
    incidents = OpenIncidents(NO_ACCOUNT, AlertRules(Rules(EVERY_ALERT)))
    return SelfWatch(
        ReceiverWatch(incidents, {"pager": ""}),
        store.accounts,
        clock=lambda: at(5),
        on_outcome=lambda _outcome: None,
        on_incidents=told.extend,
        bugs=bugs or Bugs(),
        looked_at=lambda: found.pop() if found else Database(),
    )


async def test_a_refusal_is_stored_and_then_told_and_may_be_acknowledged(store: Store) -> None:
    told: list[Incident] = []
    watch = self_watch(store, told)
    running = asyncio.ensure_future(watch.run())
    try:
        watch.delivery(attempt(Delivery.RETRIED, "503"))
        watch.delivery(attempt(Delivery.REFUSED, "403"))
        while not told:
            await asyncio.sleep(0.01)
        (incident,) = told
        assert await store.operations.incident(incident.id) == incident
        assert list(watch.incidents) == [incident]
        taken = await watch.acknowledge(incident.id, "anna", "")
        assert taken is not None
        assert taken.acknowledged_by == "anna"
        assert await watch.acknowledge(IncidentId("none"), "anna", "") is None
        watch.delivery(attempt(Delivery.DELIVERED))
        while told[-1].state is not IncidentState.RESOLVED:
            await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    events = [line.event for line in await store.operations.history(Sought())]
    assert events == ["resolved", "acknowledged", "fired"]


async def test_what_cannot_be_stored_is_told_all_the_same_and_stored_later(store: Store) -> None:
    told: list[Incident] = []
    watch = self_watch(store, told)
    transact = store._database._transact

    async def full(_works: object) -> None:
        raise StoreUnavailableError("database or disk is full")

    store._database.writer.work_for(full)
    watch.delivery(attempt(Delivery.REFUSED, "403"))
    await watch._ledger.flush()
    assert len(told) == 1
    store._database.writer.work_for(transact)
    async with asyncio.timeout(PATIENCE):
        while await store.operations.incident(told[0].id) is None:
            await watch._ledger.flush()
            await asyncio.sleep(0.05)
    assert len(told) == 1


async def test_what_can_never_be_stored_is_given_up_and_the_watch_goes_on(store: Store) -> None:
    told: list[Incident] = []
    bugs = Bugs()
    watch = self_watch(store, told, bugs)
    watch.delivery(attempt(Delivery.REFUSED, "half a character: \udcff"))
    await watch._ledger.flush()
    assert told == []
    assert bugs.kept >= 1
    watch.delivery(attempt(Delivery.DELIVERED))
    watch.delivery(attempt(Delivery.REFUSED, "403"))
    await watch._ledger.flush()
    assert [incident.summary for incident in told][-1].endswith("403")


async def test_a_message_lost_to_a_bug_is_told_as_a_broken_receiver(store: Store) -> None:
    told: list[Incident] = []
    watch = self_watch(store, told)
    lost = attempt(Delivery.GIVEN_UP, "what became of the message cannot be stored")
    watch.delivery(lost)
    await watch._ledger.flush()
    assert told == [], "lost after a day: the others have been told for long"
    watch.delivery(dataclasses.replace(lost, is_unstorable=True))
    await watch._ledger.flush()
    assert [incident.alert for incident in told] == [AlertName.RECEIVER_BROKEN]


async def test_stopped_in_the_midst_of_storing_it_stores_on_its_way_out(store: Store) -> None:
    told: list[Incident] = []
    watch, sound = self_watch(store, told), store.accounts.save
    storing = asyncio.Event()

    async def slow(*given: Any, **more: Any) -> None:
        storing.set()
        await asyncio.Event().wait()

    store.accounts.save = slow  # type: ignore[method-assign]
    watch.delivery(attempt(Delivery.REFUSED, "403"))
    running = asyncio.ensure_future(watch.run())
    await storing.wait()
    store.accounts.save = sound  # type: ignore[method-assign]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [incident.alert for incident in told] == [AlertName.RECEIVER_BROKEN]
    assert await store.operations.incident(told[0].id) == told[0]


async def test_stopped_between_two_looks_it_stores_what_came_meanwhile(store: Store) -> None:
    told: list[Incident] = []
    watch = self_watch(store, told)
    running = asyncio.ensure_future(watch.run())
    await asyncio.sleep(0)
    watch.delivery(attempt(Delivery.REFUSED, "403"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(told) == 1


async def test_its_incidents_move_when_the_clock_is_set(store: Store) -> None:
    told: list[Incident] = []
    watch = self_watch(store, told)
    running = asyncio.ensure_future(watch.run())
    try:
        watch.delivery(attempt(Delivery.REFUSED, "403"))
        while not told:
            await asyncio.sleep(0.01)
        watch.clock_set(3600.0)
        while len(told) < 2:
            await asyncio.sleep(0.01)
        before, after = told
        assert (after.id, after.started_at) == (before.id, before.started_at + 3600)
        assert await store.operations.incident(after.id) == after
    finally:
        running.cancel()


async def test_a_database_that_was_set_aside_is_told_and_one_that_cannot_be_too(
    store: Store,
) -> None:
    told: list[Incident] = []
    aside = DatabaseSetAside("x.db.corrupt-1", "malformed", {}, is_running=False)
    watch = self_watch(store, told, found=[Database("malformed"), Database("", [aside])])
    running = asyncio.ensure_future(watch.run())
    try:
        async with asyncio.timeout(PATIENCE):
            while len(told) < 2:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
    assert [incident.alert for incident in told] == [
        AlertName.MEMORY_LOST,
        AlertName.STORE_DAMAGED,
    ]
    watch.forget_saves()
    await watch._ledger.flush()
    assert {incident.id for incident in await store.incidents.open_incidents()} == {
        incident.id for incident in told
    }
