"""The loops of one account, in virtual time, against a source that does as it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from fakes.state import MemoryStore
from fakes.values import ACME, EVERY_ALERT, START, answer, listing, registration
from structlog.testing import capture_logs

from regwatch.core.incidents import Decision
from regwatch.core.model import (
    AccountName,
    AlertName,
    BatchAnswer,
    ExtensionId,
    ExtensionState,
    FailureReason,
    Incident,
    IncidentState,
    Listing,
    Quota,
    Timestamp,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.planner import Planner, PollingPolicy
from regwatch.core.sites import Sites
from regwatch.pbx.errors import PbxError, PbxRateLimitedError, PbxUnavailableError
from regwatch.watcher.keeper import Keeper
from regwatch.watcher.selection import Discovery, Selection
from regwatch.watcher.watcher import Stage, Watcher

pytestmark = pytest.mark.looptime

DOWN = PbxUnavailableError("no connection", reason=FailureReason.NETWORK)
USED_UP = PbxRateLimitedError("429", reason=FailureReason.QUOTA_EXHAUSTED, retry_after=600.0)


def now() -> Timestamp:
    return Timestamp(START + asyncio.get_running_loop().time())


class Source:
    """A PBX on which every extension is registered, unless the test says otherwise."""

    batch_limit = 50

    def __init__(self, count: int = 3) -> None:
        self.listing: Listing | PbxError = listing(*range(1, count + 1))
        self.gone: set[int] = set()
        self.error: Exception | None = None
        self.silent: set[int] = set()
        self.refused: set[int] = set()
        self.asked: list[tuple[float, tuple[ExtensionId, ...]]] = []

    async def registrations(self, ids: Sequence[ExtensionId]) -> BatchAnswer:
        self.asked.append((asyncio.get_running_loop().time(), tuple(ids)))
        await asyncio.sleep(0.1)
        if self.error is not None:
            raise self.error
        answered = [i for i in ids if i not in self.silent and i not in self.refused]
        answers = {i: self._answer(i) for i in answered}
        refused = frozenset(i for i in ids if i in self.refused)
        failure = FailureReason.TIMEOUT if self.silent.intersection(ids) else None
        return BatchAnswer(tuple(ids), answers, refused, failure)

    def _answer(self, extension_id: ExtensionId) -> object:
        when = now() - START
        held = () if extension_id in self.gone else (registration(ends=when + 3000),)
        return answer(extension_id, *held, when=when)

    async def extensions(self, *, type: str | None, status: str | None) -> Listing:  # noqa: A002
        await asyncio.sleep(0.1)
        if isinstance(self.listing, PbxError):
            raise self.listing
        return self.listing


@dataclass
class Rig:
    source: Source = field(default_factory=Source)
    store: MemoryStore = field(default_factory=MemoryStore)
    selection: Selection = field(default_factory=lambda: Selection(discovery=Discovery()))
    told: list[Incident] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)

    def make(self, **policy: object) -> Watcher:
        monitor = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites())
        planner = Planner(PollingPolicy(interval=60.0, **policy))  # type: ignore[arg-type]
        keeper = Keeper(monitor, self.store, clock=now, on_incidents=self.told.extend)
        return Watcher(
            monitor,
            planner,
            self.source,  # type: ignore[arg-type]
            keeper,
            self.selection,
            clock=now,
            on_outcome=self._note,
            on_stage=self.stages.append,
        )

    def _note(self, _account: AccountName, outcome: Outcome) -> None:
        self.decisions.extend(step.decision for step in outcome.steps)

    @asynccontextmanager
    async def running(self, **policy: object) -> AsyncIterator[Watcher]:
        watcher = self.make(**policy)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(watcher.run())
            try:
                yield watcher
            finally:
                task.cancel()


def alerts(rig: Rig) -> list[AlertName]:
    """What receivers would hear of, in order."""
    return [i.alert for i in rig.told if i.state is not IncidentState.PENDING]


async def until(condition: Callable[[], bool], seconds: float = 600) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.5)


async def test_it_lists_then_asks_for_all_then_once_per_interval() -> None:
    rig = Rig()
    async with rig.running() as watcher:
        assert not watcher.first_sweep_done
        await asyncio.sleep(5)
        assert watcher.first_sweep_done
        assert [ids for _, ids in rig.source.asked] == [(1, 2, 3)]
        await asyncio.sleep(600)
        assert len(rig.source.asked) in (10, 11)
        assert not watcher.is_stalled(now=now())


async def test_a_long_list_is_taken_over_in_pieces_and_the_sweep_is_of_all_of_it() -> None:
    rig = Rig(source=Source(1200))
    async with rig.running() as watcher:
        await until(lambda: watcher.first_sweep_done)
    assert {i for _, ids in rig.source.asked for i in ids} == set(range(1, 1201))


async def test_a_loss_is_stored_and_then_told() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(5)
        rig.source.gone.add(2)
        await until(lambda: bool(rig.told))
    (incident,) = rig.told
    assert incident.alert is AlertName.EXTENSION_LOST
    assert rig.store.incidents[incident.id] == incident


async def test_what_cannot_be_stored_is_told_only_once_it_is() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(5)
        rig.source.gone.add(2)
        rig.store.is_full = True
        await asyncio.sleep(120)
        assert rig.told == []
        assert Decision.FIRED in rig.decisions
        rig.store.is_full = False
        await until(lambda: bool(rig.told))
    assert alerts(rig) == [AlertName.EXTENSION_LOST]


async def test_answers_without_news_are_stored_within_seconds() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(10)
        saves = rig.store.saves
        await asyncio.sleep(300)
        assert rig.store.saves > saves
        watched, _ = rig.store.rows[ExtensionId(1)]
        assert watched.answered_at is not None
        assert now() - watched.answered_at < 70


async def test_a_restart_goes_on_from_what_was_stored() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(10)
    rig.source.gone.add(1)
    async with rig.running() as watcher:
        await until(lambda: bool(rig.told))
        assert watcher.monitor.roster.by_id[ExtensionId(1)].state is ExtensionState.LOST
    assert alerts(rig) == [AlertName.EXTENSION_LOST]


async def test_an_outage_is_told_in_its_time_and_ends_with_the_first_answer() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(5)
        rig.source.error = DOWN
        await asyncio.sleep(400)
        assert alerts(rig) == [AlertName.API_UNAVAILABLE]
        rig.source.error = None
        await until(lambda: len(alerts(rig)) == 2)
    assert rig.told[-1].resolved_at is not None


async def test_a_bug_in_the_source_does_not_end_the_watching() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(5)
        rig.source.error = ZeroDivisionError("bug")
        await asyncio.sleep(200)
        rig.source.error = None
        asked = len(rig.source.asked)
        await asyncio.sleep(200)
        assert len(rig.source.asked) > asked


async def test_a_used_up_quota_is_told_and_waited_for() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(5)
        rig.source.error = USED_UP
        await asyncio.sleep(120)
        assert alerts(rig) == [AlertName.QUOTA_EXHAUSTED]
        asked = len(rig.source.asked)
        rig.source.error = None
        await asyncio.sleep(400)
        assert len(rig.source.asked) == asked
        await until(lambda: len(rig.told) == 2)
    assert rig.told[-1].resolved_at is not None


async def test_refused_ids_are_left_out_of_later_requests() -> None:
    rig = Rig()
    rig.source.refused.add(2)
    async with rig.running() as watcher:
        await asyncio.sleep(200)
        assert watcher.first_sweep_done
    assert [ids for _, ids in rig.source.asked][:3] == [(1, 2, 3), (1, 3), (1, 3)]


async def test_a_part_that_failed_is_asked_again_soon() -> None:
    rig = Rig()
    rig.source.silent.add(2)
    async with rig.running() as watcher:
        await asyncio.sleep(4)
        assert not watcher.first_sweep_done
        assert [ids[0] for _, ids in rig.source.asked] == [1, 2]
        await asyncio.sleep(30)
        assert len(rig.source.asked) == 2, "one more time, not again and again"
        rig.source.silent.clear()
        await until(lambda: watcher.first_sweep_done)


async def test_a_mass_loss_is_confirmed_at_once() -> None:
    rig = Rig(source=Source(8))
    async with rig.running():
        await asyncio.sleep(5)
        rig.source.gone.update(range(1, 9))
        await until(lambda: rig.told)
    assert [incident.alert for incident in rig.told] == [AlertName.REGISTRAR_RESTARTED]
    last, before = rig.source.asked[-1][0], rig.source.asked[-2][0]
    assert last - before < 10


async def test_a_list_that_fails_is_asked_for_again() -> None:
    rig = Rig()
    rig.source.listing = DOWN
    async with rig.running() as watcher:
        await asyncio.sleep(5)
        rig.source.listing = listing(1)
        await until(lambda: watcher.first_sweep_done)


async def test_one_that_leaves_the_list_is_watched_no_more() -> None:
    rig = Rig(selection=Selection(discovery=Discovery(every_seconds=60.0)))
    async with rig.running():
        await asyncio.sleep(10)
        rig.source.listing = listing(1, 2)
        await asyncio.sleep(300)
        assert rig.source.asked[-1][1] == (1, 2)
    assert set(rig.store.rows) == {1, 2}


async def test_explicit_ids_are_watched_without_any_list() -> None:
    rig = Rig(selection=Selection(ids=frozenset({ExtensionId(7)})))
    async with rig.running() as watcher:
        await until(lambda: watcher.first_sweep_done)
    assert rig.source.asked[0][1] == (7,)


async def test_excluded_ones_are_not_watched_and_explicit_ones_are_beside_the_list() -> None:
    selection = Selection(frozenset({ExtensionId(9)}), Discovery(), ("102",))
    rig = Rig(selection=selection)
    async with rig.running() as watcher:
        await until(lambda: watcher.first_sweep_done)
    assert rig.source.asked[0][1] == (1, 3, 9)


async def test_polling_that_hangs_is_seen_as_stalled() -> None:
    rig = Rig()
    async with rig.running() as watcher:
        await asyncio.sleep(5)
        gate = asyncio.Event()

        async def hang(_ids: Sequence[ExtensionId]) -> BatchAnswer:
            await gate.wait()
            raise DOWN

        rig.source.registrations = hang  # type: ignore[method-assign]
        await asyncio.sleep(100)
        assert not watcher.is_stalled(now=now())
        await asyncio.sleep(300)
        assert watcher.is_stalled(now=now())
        gate.set()
        await asyncio.sleep(1)
        assert not watcher.is_stalled(now=now())


async def test_that_the_quota_slows_polling_down_is_said_once_and_so_is_its_end() -> None:
    rig = Rig(source=Source(200))
    with capture_logs() as logs:
        async with rig.running(batch_size=10, reserve=0.0) as watcher:
            await asyncio.sleep(20)
            watcher.planner.quota_seen(Quota(1000, 72, Timestamp(now() + 3600), now()))
            await asyncio.sleep(20)
            assert watcher.sweep_seconds > 90
            watcher.planner.quota_seen(Quota(9000, 9000, Timestamp(now() + 3600), now()))
            await asyncio.sleep(20)
            assert watcher.sweep_seconds == 60
    said = [line["event"] for line in logs if line["event"].startswith("polling_")]
    assert said == ["polling_slowed", "polling_at_full_pace"]


async def test_how_far_it_got_is_told_once_each() -> None:
    rig = Rig()
    async with rig.running() as watcher:
        await asyncio.sleep(0.05)
        assert rig.stages == [Stage.RESTORED]
        await until(lambda: watcher.first_sweep_done)
        await asyncio.sleep(300)
    assert rig.stages == [Stage.RESTORED, Stage.SWEPT]


async def test_that_an_extension_has_too_many_registrations_is_said_once() -> None:
    rig = Rig(source=Source(3))
    crowd = [registration(f"u-{number}", ends=9e4) for number in range(150)]

    def answered(extension_id: ExtensionId) -> object:
        return answer(extension_id, *crowd[:: 1 if extension_id == 2 else 2], when=now() - START)

    rig.source._answer = answered  # type: ignore[method-assign]
    with capture_logs() as logs:
        async with rig.running() as watcher:
            await asyncio.sleep(300)
            held = watcher.monitor.roster.by_id
            assert [len(held[ExtensionId(i)].registrations) for i in (1, 2, 3)] == [75, 100, 75]
    said = [line for line in logs if line["event"] == "registrations_too_many"]
    assert [(line["extension_ids"], line["compared"]) for line in said] == [([2], 100)]
