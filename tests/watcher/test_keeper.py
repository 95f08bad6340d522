"""What is stored of an account, and when; and what it means to those who are told."""

import asyncio

import pytest
from fakes.clocks import Clocks
from fakes.observing import observed
from fakes.state import MemoryStore
from fakes.values import ACME, EVERY_ALERT, answer, listing, registration
from structlog.testing import capture_logs

from regwatch.core.model import ExtensionId, ExtensionState, Incident
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Memory
from regwatch.core.sites import Sites
from regwatch.guard import Bugs
from regwatch.watcher.answer_times import TIMES_SECONDS
from regwatch.watcher.keeper import FLUSH_SECONDS, Keeper, decode_memory, encode_memory

pytestmark = pytest.mark.looptime

ONE = ExtensionId(1)


class Kept:
    """A monitor, its keeper and its store."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.clocks = Clocks()
        self.store = store or MemoryStore()
        self.told: list[Incident] = []
        self.bugs = Bugs()
        self.is_told_unsaved = False
        self.monitor = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites())
        self.keeper = Keeper(
            self.monitor,
            self.store,
            clock=self.clocks.wall,
            steady=self.clocks.steady,
            on_incidents=self._tell,
            bugs=self.bugs,
        )

    def _tell(self, incidents: tuple[Incident, ...]) -> None:
        stored = (self.store.incidents.get(i.id) == i for i in incidents)
        assert self.is_told_unsaved or all(stored), "stored before it is"
        self.told += incidents

    def watch(self, *numbers: int) -> Outcome:
        return self.monitor.watch(listing(*numbers).extensions, now=self.clocks.wall())

    def see(self, number: int, *, gone: bool = False) -> Outcome:
        now = self.clocks.wall()
        held = () if gone else (registration(ends=9e4),)
        found = answer(number, *held, when=now - answer(1, when=0).answered_at)
        return observed(self.monitor, found, now=now)


async def test_what_changed_is_stored_at_once() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1, 2))
    assert set(kept.store.rows) == {1, 2}


async def test_what_is_no_change_of_registrations_waits_a_little() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1))
    saves = kept.store.saves
    await kept.keeper.keep(kept.see(1))
    assert kept.store.saves == saves
    await asyncio.sleep(FLUSH_SECONDS)
    await kept.keeper.keep(Outcome())
    assert kept.store.saves == saves + 1
    assert kept.store.rows[ONE][0].answered_at is not None


async def test_what_only_says_the_same_again_costs_no_row() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1))
    await kept.keeper.keep(kept.see(1))
    await kept.keeper.flush()
    saves, first = kept.store.saves, kept.store.rows[ONE][0].answered_at
    await asyncio.sleep(TIMES_SECONDS)
    await kept.keeper.keep(kept.see(1))
    assert (kept.store.saves, kept.store.rows[ONE][0].answered_at) == (saves, first)
    assert kept.store.times[ONE].answered_at == kept.clocks.wall()


async def test_times_that_could_not_be_stored_are_stored_later() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1))
    await kept.keeper.keep(kept.see(1))
    await kept.keeper.flush()
    await asyncio.sleep(TIMES_SECONDS)
    kept.store.is_full = True
    await kept.keeper.keep(kept.see(1))
    assert kept.store.times == {}
    kept.store.is_full = False
    await asyncio.sleep(FLUSH_SECONDS)
    await kept.keeper.keep(Outcome())
    assert list(kept.store.times) == [ONE]


async def test_an_incident_is_told_once_it_is_stored_and_not_before() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1))
    await kept.keeper.keep(kept.see(1))
    await kept.keeper.keep(kept.see(1, gone=True))
    assert [incident.facts.extension_id for incident in kept.told] == [1]
    assert "unregistered" in [happening.event for happening in kept.store.happenings]


async def test_whoever_an_incident_is_about_is_stored_with_it() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1, 2))
    await kept.keeper.keep(kept.see(1))
    await kept.keeper.keep(kept.see(1, gone=True))
    (incident,) = kept.told
    kept.store.rows.clear()
    await kept.keeper.keep(Outcome(moved=[incident]))
    await kept.keeper.flush()
    assert list(kept.store.rows) == [ONE]


async def test_while_nothing_can_be_stored_it_is_told_at_once_and_once() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1))
    await kept.keeper.keep(kept.see(1))
    kept.store.is_full = kept.is_told_unsaved = True
    await kept.keeper.keep(kept.see(1, gone=True))
    assert [incident.facts.extension_id for incident in kept.told] == [1]
    await kept.keeper.keep(kept.see(1, gone=True))
    kept.store.is_full = False
    await kept.keeper.flush()
    assert len(kept.told) == 1
    assert list(kept.store.incidents.values()) == kept.told


async def test_who_is_removed_and_watched_again_while_nothing_can_be_stored_stays() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1, 2))
    kept.store.is_full = True
    for _ in range(2):
        await kept.keeper.keep(kept.monitor.listed({ONE}, now=kept.clocks.wall()))
        await kept.keeper.flush()
    await kept.keeper.keep(kept.watch(1, 2))
    kept.store.is_full = False
    await kept.keeper.flush()
    assert set(kept.store.rows) == {1, 2}


async def test_who_changes_while_a_save_is_under_way_is_stored_after_its_incident() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1))
    await kept.keeper.keep(kept.see(1))
    saving = asyncio.ensure_future(kept.keeper.keep(kept.see(1)))
    kept.keeper._flushed_at -= FLUSH_SECONDS
    await asyncio.sleep(0.005)  # in the midst of it
    lost = asyncio.ensure_future(kept.keeper.keep(kept.see(1, gone=True)))
    await saving
    states = {row.state for row, _ in kept.store.rows.values()}
    assert ExtensionState.SIGNED_OFF not in states or kept.store.incidents
    await lost
    assert kept.store.rows[ONE][0].state is ExtensionState.SIGNED_OFF


async def test_what_can_never_be_stored_is_given_up_and_keeps_nothing_else_back() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1, 2))
    kept.store.unstorable = {"extension:1"}
    for number in (1, 2):
        await kept.keeper.keep(kept.see(number))
        await kept.keeper.keep(kept.see(number, gone=True))
    assert [incident.facts.extension_id for incident in kept.told] == [2]
    assert kept.bugs.kept == 1
    saves = kept.store.saves
    await kept.keeper.flush()
    assert kept.store.saves == saves, "nothing is left to be stored"


async def test_what_a_stop_cuts_off_is_stored_on_the_way_out() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1))
    await kept.keeper.keep(kept.see(1))
    cut_off = asyncio.ensure_future(kept.keeper.keep(kept.see(1, gone=True)))
    await asyncio.sleep(0.005)  # in the midst of it
    cut_off.cancel()
    await asyncio.gather(cut_off, return_exceptions=True)
    assert kept.store.incidents == {}
    await kept.keeper.flush()
    (lost,) = kept.store.incidents.values()
    assert kept.told == [lost]
    assert kept.store.rows[ONE][0].state is ExtensionState.SIGNED_OFF


async def test_who_was_told_as_lost_is_lost_still_if_its_row_is_gone() -> None:
    before = Kept()
    await before.keeper.keep(before.watch(1, 2))
    await before.keeper.keep(before.see(1))
    await before.keeper.keep(before.see(1, gone=True))
    after = Kept(before.store)
    after.monitor = Monitor(
        ACME, MonitorPolicy(EVERY_ALERT), Sites(), incidents=before.store.incidents.values()
    )
    after.keeper = Keeper(
        after.monitor, after.store, clock=after.clocks.wall, steady=after.clocks.steady,
        on_incidents=after._tell,
    )  # fmt: skip
    del before.store.rows[ONE]
    with capture_logs() as logs:
        await after.keeper.restore()
    assert [line["event"] for line in logs] == ["extension_recalled"]
    outcome = after.see(1, gone=True)
    assert list(outcome.steps) == []
    assert after.monitor.roster.by_id[ONE].state is ExtensionState.SIGNED_OFF
    assert [i.alert for i in after.monitor.incidents] == ["signed_off"]


async def test_what_was_saved_is_saved_again_if_it_is_gone() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1, 2))
    await kept.keeper.keep(kept.see(1))
    await kept.keeper.keep(kept.see(1, gone=True))
    kept.store.rows.clear()
    incidents, kept.store.incidents = kept.store.incidents, {}
    kept.keeper.forget_saves()
    await kept.keeper.flush()
    assert set(kept.store.rows) == {1, 2}
    assert kept.store.incidents == incidents


async def test_who_is_removed_is_stored_no_more() -> None:
    kept = Kept()
    await kept.keeper.keep(kept.watch(1, 2))
    for _ in range(2):
        await kept.keeper.keep(kept.monitor.listed({ONE}, now=kept.clocks.wall()))
    assert set(kept.store.rows) == {1}


async def test_a_restart_goes_on_from_what_was_stored() -> None:
    before = Kept()
    await before.keeper.keep(before.watch(1, 2))
    for _ in range(2):
        await before.keeper.keep(before.see(1))
    await before.keeper.flush()
    after = Kept(before.store)
    assert await after.keeper.restore() == 2
    assert after.monitor.roster.by_id[ONE].state is ExtensionState.REGISTERED
    assert after.monitor.memory(ONE) == before.monitor.memory(ONE) != NOTHING_REMEMBERED


def test_nothing_remembered_takes_no_room_and_what_is_unreadable_is_nothing() -> None:
    assert encode_memory(NOTHING_REMEMBERED) == b""
    assert decode_memory(b"") is NOTHING_REMEMBERED
    assert decode_memory(b"\xc1 of another version") is NOTHING_REMEMBERED
    assert decode_memory(encode_memory(Memory(former=None))) == Memory()
