"""The loops of one account, in virtual time, against a source that does as it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from fakes.clocks import STEPS, Clocks
from fakes.state import MemoryStore
from fakes.values import ACME, EVERY_ALERT, START, answer, at, batch, listing, registration
from structlog.testing import capture_logs

from regwatch.core.account import Account
from regwatch.core.alerts.incidents import Decision
from regwatch.core.bugs import Where
from regwatch.core.model import (
    AccountName,
    AlertName,
    BatchAnswer,
    ExtensionId,
    ExtensionState,
    FailureReason,
    Incident,
    IncidentState,
    Instant,
    Listing,
    RegistrationId,
    Timestamp,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.habits import UNKNOWN
from regwatch.core.phones.memory import Memory
from regwatch.core.phones.vanished import AccountPolicy
from regwatch.core.polling.planner import Ask, Planner, PollingPolicy, Wait
from regwatch.core.polling.selection import Discovery, Selection
from regwatch.core.polling.window import Allowance
from regwatch.core.recording import Recorded
from regwatch.core.sites import Sites
from regwatch.guard import Bugs, Guard
from regwatch.sources.recorded.source import RecordedSource
from regwatch.sources.source import SourceError
from regwatch.watcher.keeper import Keeper
from regwatch.watcher.watcher import OutcomeListener, Stage, Watcher

pytestmark = pytest.mark.looptime

DOWN = SourceError("no connection", reason=FailureReason.NETWORK)
BUGGY = "sip:198.51.100.66:5060"
USED_UP = SourceError("429", reason=FailureReason.QUOTA_EXHAUSTED, retry_after=600.0)


def now() -> Timestamp:
    return Timestamp(START + asyncio.get_running_loop().time())


class Source:
    """A PBX on which every extension is registered, unless the test says otherwise."""

    batch_limit = 50

    def __init__(self, count: int = 3) -> None:
        self.clocks = Clocks()
        self.listing: Listing | Exception = listing(*range(1, count + 1))
        self.gone: set[int] = set()
        self.error: Exception | None = None
        self.lingers = 0.0
        """Seconds that an answer takes after it was stamped."""
        self.silent: set[int] = set()
        self.refused: set[int] = set()
        self.moved: dict[int, str] = {}
        """From where it registers now, by extension."""
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
        await asyncio.sleep(self.lingers)
        return BatchAnswer(tuple(ids), answers, refused, failure)

    def _answer(self, extension_id: ExtensionId) -> object:
        when = self.clocks.wall() - START
        real = self.moved.get(extension_id, "sip:203.0.113.7:62338")
        held = () if extension_id in self.gone else (registration(ends=when + 3000, real=real),)
        return answer(extension_id, *held, when=when)

    async def extensions(self, *, type: str | None, status: str | None) -> Listing:  # noqa: A002
        await asyncio.sleep(0.1)
        if isinstance(self.listing, Exception):
            raise self.listing
        return self.listing


@dataclass
class Rig:
    source: Source = field(default_factory=Source)
    store: MemoryStore = field(default_factory=MemoryStore)
    selection: Selection = field(default_factory=lambda: Selection(discovery=Discovery()))
    told: list[Incident] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    sites: Sites = field(default_factory=Sites)
    listener: OutcomeListener | None = None

    bugs: Bugs = field(default_factory=Bugs)

    stages: list[Stage] = field(default_factory=list)

    def make(self, **policy: object) -> Watcher:
        monitor = Monitor(ACME, MonitorPolicy(EVERY_ALERT, account=AccountPolicy()), self.sites)
        planner = Planner(PollingPolicy(interval=60.0, **policy))  # type: ignore[arg-type]
        clocks = self.source.clocks
        keeper = Keeper(
            monitor,
            self.store,
            clock=clocks.wall,
            steady=clocks.steady,
            on_incidents=self.told.extend,
            bugs=self.bugs,
        )
        return Watcher(
            Account(monitor, planner, self.selection),
            self.source,  # type: ignore[arg-type]
            keeper,
            clock=clocks.wall,
            steady=clocks.steady,
            on_outcome=self.listener or self._note,
            on_stage=self.stages.append,
            ticking=Guard("tick", Where.WATCH, self.bugs),
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
        assert not watcher.account.first_sweep_done
        await asyncio.sleep(5)
        assert watcher.account.first_sweep_done
        assert [ids for _, ids in rig.source.asked] == [(1, 2, 3)]
        await asyncio.sleep(600)
        assert len(rig.source.asked) in (10, 11)
        assert not watcher.account.is_stalled(now=now())


async def test_a_long_list_is_taken_over_in_pieces_and_the_sweep_is_of_all_of_it() -> None:
    rig = Rig(source=Source(1200))
    async with rig.running() as watcher:
        await until(lambda: watcher.account.first_sweep_done)
    assert {i for _, ids in rig.source.asked for i in ids} == set(range(1, 1201))


async def test_a_loss_is_stored_and_then_told() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(5)
        rig.source.gone.add(2)
        await until(lambda: bool(rig.told))
    (incident,) = rig.told
    assert incident.alert is AlertName.SIGNED_OFF
    assert rig.store.incidents[incident.id] == incident


async def test_what_cannot_be_stored_is_told_all_the_same_and_once() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(5)
        rig.source.gone.add(2)
        rig.store.is_full = True
        await asyncio.sleep(120)
        assert Decision.FIRED in rig.decisions
        assert alerts(rig) == [AlertName.SIGNED_OFF]
        assert not rig.store.incidents
        rig.store.is_full = False
        await until(lambda: bool(rig.store.incidents))
    assert alerts(rig) == [AlertName.SIGNED_OFF]


async def test_what_can_never_be_stored_is_lost_loudly_and_alone() -> None:
    rig = Rig()
    with capture_logs() as logs:
        async with rig.running():
            await asyncio.sleep(5)
            rig.source.gone.update({1, 3})
            rig.store.unstorable = {"extension:1"}
            await until(lambda: bool(rig.told))
            await asyncio.sleep(600)
    assert [incident.subject for incident in rig.told] == ["extension:3"]
    assert set(rig.store.rows) == {1, 2, 3}
    lost = [line for line in logs if line["event"] == "state_lost"]
    assert [line["lost"].partition(" ")[0] for line in lost] == ["incident"]
    assert rig.bugs.kept == len(lost)


async def test_answers_without_news_are_stored_within_minutes_and_at_the_stop() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(20)
        row = rig.store.rows[ExtensionId(1)]
        await asyncio.sleep(300)
        assert rig.store.rows[ExtensionId(1)] == row
        assert now() - rig.store.times[ExtensionId(1)].answered_at < 250
    assert now() - rig.store.times[ExtensionId(1)].answered_at < 70


async def test_a_restart_goes_on_from_what_was_stored() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(10)
    rig.source.gone.add(1)
    async with rig.running() as watcher:
        await until(lambda: bool(rig.told))
        assert (
            watcher.account.monitor.roster.by_id[ExtensionId(1)].state is ExtensionState.SIGNED_OFF
        )
    assert alerts(rig) == [AlertName.SIGNED_OFF]


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


async def test_a_bug_in_the_list_does_not_end_the_watching() -> None:
    rig = Rig()
    with capture_logs() as logs:
        async with rig.running() as watcher:
            rig.source.listing = ZeroDivisionError("bug")
            await asyncio.sleep(5)
            rig.source.listing = listing(1)
            await until(lambda: watcher.account.first_sweep_done)
    crashed = [line for line in logs if line["event"] == "poll_crashed"]
    assert [type(line["exc_info"]) for line in crashed] == [ZeroDivisionError]


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
        assert watcher.account.first_sweep_done
    assert [ids for _, ids in rig.source.asked][:3] == [(1, 2, 3), (1, 3), (1, 3)]


async def test_a_part_that_failed_is_asked_again_soon() -> None:
    rig = Rig()
    rig.source.silent.add(2)
    async with rig.running() as watcher:
        await asyncio.sleep(4)
        assert not watcher.account.first_sweep_done
        assert [ids[0] for _, ids in rig.source.asked] == [1, 2]
        await asyncio.sleep(30)
        assert len(rig.source.asked) == 2, "one more time, not again and again"
        rig.source.silent.clear()
        await until(lambda: watcher.account.first_sweep_done)


async def test_a_mass_loss_is_confirmed_at_once() -> None:
    rig = Rig(source=Source(12))
    async with rig.running():
        await asyncio.sleep(5)
        rig.source.gone.update(range(1, 13))
        await until(lambda: rig.told)
    assert [incident.alert for incident in rig.told] == [AlertName.ACCOUNT_LOST]
    missing, again = [at for at, _ in rig.source.asked if at >= 5][:2]
    assert again - missing < 10


async def test_a_list_that_fails_is_asked_for_again() -> None:
    rig = Rig()
    rig.source.listing = DOWN
    async with rig.running() as watcher:
        await asyncio.sleep(5)
        rig.source.listing = listing(1)
        await until(lambda: watcher.account.first_sweep_done)


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
        await until(lambda: watcher.account.first_sweep_done)
    assert rig.source.asked[0][1] == (7,)


async def test_excluded_ones_are_not_watched_and_explicit_ones_are_beside_the_list() -> None:
    selection = Selection(frozenset({ExtensionId(9)}), Discovery(), ("102",))
    rig = Rig(selection=selection)
    async with rig.running() as watcher:
        await until(lambda: watcher.account.first_sweep_done)
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
        assert not watcher.account.is_stalled(now=now())
        await asyncio.sleep(300)
        assert watcher.account.is_stalled(now=now())
        gate.set()
        await asyncio.sleep(1)
        assert not watcher.account.is_stalled(now=now())


async def test_that_the_quota_slows_polling_down_is_said_once_and_so_is_its_end() -> None:
    rig = Rig(source=Source(200))
    with capture_logs() as logs:
        async with rig.running(batch_size=10, reserve=0.0) as watcher:
            await asyncio.sleep(20)
            plan = watcher.account.planner
            plan.quota_seen(Allowance(1000, 72, Timestamp(now() + 3600), now()))
            await asyncio.sleep(20)
            assert watcher.account.sweep_seconds > 90
            watcher.account.planner.quota_seen(
                Allowance(9000, 9000, Timestamp(now() + 3600), now())
            )
            await asyncio.sleep(20)
            assert watcher.account.sweep_seconds == 60
    said = [line["event"] for line in logs if line["event"].startswith("polling_")]
    assert said == ["polling_slowed", "polling_at_full_pace"]


class BuggySites(Sites):
    """Cannot take what one phone registers from."""

    def of_address(self, real_address: str) -> str:
        if real_address == BUGGY:
            raise ZeroDivisionError("what nobody has thought of")
        return super().of_address(real_address)


async def test_a_bug_met_by_one_answer_is_said_once_and_the_polls_go_on() -> None:
    rig = Rig(sites=BuggySites())
    with capture_logs() as logs:
        async with rig.running() as watcher:
            await asyncio.sleep(90)
            rig.source.moved[2] = BUGGY
            await asyncio.sleep(300)
            asked = len(rig.source.asked)
            two = watcher.account.monitor.roster.by_id[ExtensionId(2)]
            assert (two.state, two.reason) == (ExtensionState.UNKNOWN, "set_aside")
            stored, _ = rig.store.rows[ExtensionId(2)]
            assert stored.state is ExtensionState.UNKNOWN
            rig.source.gone.add(3)
            await until(lambda: bool(rig.told))
            assert len(rig.source.asked) > asked
            del rig.source.moved[2]
            await asyncio.sleep(120)
            assert two.state is ExtensionState.REGISTERED
    assert [i.facts.extension_id for i in rig.told] == [3]
    said = [line for line in logs if line["event"].startswith("extensions_")]
    assert [line["event"] for line in said] == [
        "extensions_listed",
        "extensions_set_aside",
        "extensions_taken_in_again",
    ]
    assert said[1]["extension_ids"] == said[2]["extension_ids"] == [2]
    assert said[1]["log_level"] == "error"
    assert isinstance(said[1]["exc_info"], ZeroDivisionError)


async def test_a_bug_of_a_listener_is_said_once_and_what_it_missed_is_stored_and_told() -> None:
    rig = Rig()
    rig.listener = _fail
    with capture_logs() as logs:
        async with rig.running():
            await asyncio.sleep(90)
            rig.source.gone.add(3)
            await until(lambda: bool(rig.told))
    assert alerts(rig) == [AlertName.SIGNED_OFF]
    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "outcome_listener_bug"
    ]


async def test_what_cannot_be_kept_for_a_bug_ends_nothing() -> None:
    rig = Rig()
    with capture_logs() as logs:
        async with rig.running() as watcher:
            await asyncio.sleep(90)
            rig.store.bug = UnicodeEncodeError("utf-8", "\udce4", 0, 1, "surrogates not allowed")
            rig.source.gone.add(3)
            await asyncio.sleep(300)
            rig.store.bug = None
            rig.source.gone.add(1)
            await until(lambda: len(rig.told) == 2)
            assert not watcher.account.is_stalled(now=now())
    assert [i.facts.extension_id for i in rig.told] == [3, 1], "unsaved, and not lost"
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["state_not_stored"]


def _fail(_account: AccountName, _outcome: Outcome) -> None:
    raise ZeroDivisionError


async def test_one_row_that_cannot_be_restored_leaves_the_others() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(90)
    watched, _ = rig.store.rows[ExtensionId(2)]
    unreadable = msgspec.msgpack.encode(Memory(habits={RegistrationId("uloc-1"): UNKNOWN}))
    rig.store.rows[ExtensionId(2)] = (watched, unreadable)
    watched.registrations = (None,)  # type: ignore[assignment] - another version wrote it
    with capture_logs() as logs:
        async with rig.running() as watcher:
            await asyncio.sleep(5)
            assert watcher.account.first_sweep_done
            two = watcher.account.monitor.roster.by_id[ExtensionId(2)]
            assert two.state is ExtensionState.REGISTERED
    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "extensions_not_restored"
    ]


# --- the clock on the wall is set ----------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
async def test_whoever_sets_the_clock_neither_stops_the_polls_nor_makes_them_many(
    step: float,
) -> None:
    rig = Rig(source=Source(40))
    rig.source.batch_limit = 10
    async with rig.running() as watcher:
        await asyncio.sleep(180)
        before = len(rig.source.asked)
        await asyncio.sleep(180)
        usual = len(rig.source.asked) - before
        rig.source.clocks.set_by = step
        await asyncio.sleep(180)
        since = [at for at, _ in rig.source.asked if at > 360]
        assert len(since) == pytest.approx(usual, abs=2)
        pauses = [later - at for at, later in pairwise([360.0, *since])]
        assert max(pauses) < 20
        assert not watcher.account.is_stalled(now=now())


@pytest.mark.parametrize("step", STEPS)
async def test_a_loss_is_found_as_fast_after_the_clock_was_set(step: float) -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(300)
        rig.source.clocks.set_by = step
        await asyncio.sleep(120)
        rig.source.gone.add(2)
        await until(lambda: AlertName.SIGNED_OFF in alerts(rig), 70)


@pytest.mark.parametrize("step", STEPS)
async def test_a_pause_is_as_long_as_it_was_to_be_when_the_clock_is_set(step: float) -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(5)
        rig.source.error = USED_UP
        await until(lambda: len(rig.source.asked) == 2)
        refused_at = rig.source.asked[-1][0]
        rig.source.error = None
        rig.source.clocks.set_by = step
        await until(lambda: len(rig.source.asked) == 3, 700)
        assert rig.source.asked[-1][0] - refused_at == pytest.approx(600, abs=1)


async def test_a_clock_that_is_set_back_keeps_nothing_from_the_store() -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(300)
        rig.source.clocks.set_by = -3600.0
        saves = rig.store.saves
        await asyncio.sleep(130)
        assert rig.store.saves > saves


async def test_answers_that_were_stamped_in_the_future_are_of_now() -> None:
    rig = Rig()
    rig.source.clocks.set_by = 3600.0
    async with rig.running():
        await asyncio.sleep(10)
    rig.source.clocks.set_by = 0.0
    asked = len(rig.source.asked)
    async with rig.running() as watcher:
        await asyncio.sleep(130)
        assert len(rig.source.asked) - asked >= 2
        assert watcher.account.first_sweep_done


@pytest.mark.parametrize("step", [-3600.0, 86_400.0])
async def test_what_is_known_has_moved_before_anything_else_is_decided(step: float) -> None:
    rig = Rig(source=Source(500))
    async with rig.running() as watcher:
        await asyncio.sleep(100)
        (one, *_) = watcher.account.monitor.roster.by_id.values()
        answered_at, rows = one.answered_at, dict(rig.store.rows)
        rig.source.clocks.set_by = step
        watcher.clock_set(step)
        assert one.answered_at == answered_at, "in pieces, in the loops' own time"
        await asyncio.sleep(30)
        assert (
            min(w.answered_at - now() for w in watcher.account.monitor.roster.by_id.values())
            > step - 999
        )
        assert rig.store.rows.keys() == rows.keys()
        assert all(rig.store.rows[i] != rows[i] for i in rows), "stored anew"
    assert rig.told == []


async def test_an_answer_that_was_under_way_when_the_clock_was_set_is_of_its_time() -> None:
    """It is stamped, and then the source takes its time."""
    rig = Rig()
    async with rig.running() as watcher:
        await asyncio.sleep(5)
        rig.source.lingers = 2.0
        before = len(rig.source.asked)
        await until(lambda: len(rig.source.asked) > before, 100)
        await asyncio.sleep(1)
        rig.source.clocks.set_by = -3600.0
        watcher.clock_set(-3600.0)
        await asyncio.sleep(2)
        ages = [now() - 3600 - w.answered_at for w in watcher.account.monitor.roster.by_id.values()]
        assert ages == [pytest.approx(3.1, abs=0.4)] * 3
    assert rig.told == []


async def test_an_incident_bears_the_times_of_the_new_clock_and_is_told_no_second_time() -> None:
    rig = Rig()
    async with rig.running() as watcher:
        await asyncio.sleep(100)
        rig.source.gone.add(2)
        await until(lambda: bool(rig.told), 70)
        decisions = list(rig.decisions)
        rig.source.clocks.set_by = 86_400.0
        watcher.clock_set(86_400.0)
        await asyncio.sleep(30)
        before, after = rig.told
        assert after.started_at == before.started_at + 86_400.0
        assert rig.store.incidents[after.id] == after
        assert rig.decisions == decisions, "nothing was decided"


async def test_while_it_is_cancelled_in_the_midst_of_moving_nothing_moves_twice() -> None:
    rig = Rig(source=Source(3))
    async with rig.running() as watcher:
        await asyncio.sleep(100)
        rig.source.gone.add(2)
        await until(lambda: bool(rig.told), 70)
        (incident,) = rig.told
        rig.source.clocks.set_by = 100.0
        watcher.clock_set(100.0)
        asked = asyncio.ensure_future(watcher.acknowledge(incident.id, "ann", ""))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.sleep(30)
        (held,) = watcher.account.monitor.incidents
        assert held.started_at == incident.started_at + 100.0


@pytest.mark.parametrize("step", [-3600.0, -86_400.0])
async def test_after_a_restart_with_a_clock_set_back_leases_go_on_as_they_did(step: float) -> None:
    rig = Rig()
    async with rig.running():
        await asyncio.sleep(200)
    rig.source.clocks.set_by = step
    async with rig.running() as watcher:
        held = list(watcher.account.monitor.roster.by_id.values())
        await asyncio.sleep(0)
        held = list(watcher.account.monitor.roster.by_id.values())
        assert max(w.answered_at for w in held) == pytest.approx(now() + step)
        ends = [r.lease_ends_at - now() - step for w in held for r in w.registrations]
        assert ends == [pytest.approx(3000, abs=70)] * 3
        await asyncio.sleep(200)
    assert rig.told == []


# --- a plan that lost its way --------------------------------------------------------------------


class Lost(Planner):
    """Puts off what nothing gives it reason to."""

    def next(self, *, now: Instant) -> Ask | Wait:
        return Wait(Instant(now + 1000))


async def test_a_poll_that_is_planned_too_far_ahead_is_a_stall_at_once() -> None:
    rig = Rig()
    watcher = rig.make()
    lost = Lost(watcher.account.planner.policy)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(watcher.run())
        await asyncio.sleep(100)
        assert not watcher.account.is_stalled(now=now())
        right, watcher.account.planner = watcher.account.planner, lost
        lost.watch(dict.fromkeys([ExtensionId(1)]))
        await asyncio.sleep(70)
        assert watcher.account.is_stalled(now=now())
        assert watcher.account.pulse(now=now()).is_stalled
        watcher.account.planner = right
        await asyncio.sleep(11)
        assert not watcher.account.is_stalled(now=now())
        running.cancel()


async def test_with_nobody_left_to_watch_nothing_stalls() -> None:
    rig = Rig(selection=Selection(discovery=Discovery(every_seconds=60.0)))
    async with rig.running() as watcher:
        await asyncio.sleep(10)
        rig.source.listing = listing()
        await asyncio.sleep(600)
        assert not watcher.account.is_stalled(now=now())


async def test_how_far_it_got_is_told_once_each() -> None:
    rig = Rig()
    async with rig.running() as watcher:
        await asyncio.sleep(0.05)
        assert rig.stages == [Stage.RESTORED]
        await until(lambda: watcher.account.first_sweep_done)
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
            held = watcher.account.monitor.roster.by_id
            assert [len(held[ExtensionId(i)].registrations) for i in (1, 2, 3)] == [75, 100, 75]
    said = [line for line in logs if line["event"] == "registrations_too_many"]
    assert [(line["extension_ids"], line["compared"]) for line in said] == [([2], 100)]


def polled(when: float, *, lost: bool = False) -> Recorded:
    held = () if lost else (registration(ends=9e4),)
    said = batch(answer(1, *held, when=when), answer(2, registration(ends=9e4), when=when))
    return Recorded(at=at(when), account=ACME, batch=said)


async def test_a_record_is_watched_as_a_pbx_is() -> None:
    reason = FailureReason.NETWORK
    records = [
        Recorded(at=at(0), account=ACME, listing=listing(1, 2)),
        *(polled(when, lost=when == 300) for when in (0, 240, 300, 600)),
        Recorded(at=at(900), account=ACME, failure=reason, detail="no connection"),
        polled(1500),
    ]
    clocks = Clocks()
    source = RecordedSource(records, ACME, clock=clocks.wall)
    source.clocks = clocks  # type: ignore[attr-defined]
    rig = Rig(source=source)  # type: ignore[arg-type]
    async with rig.running():
        await asyncio.sleep(1800)
    assert [(i.alert, i.state) for i in rig.told if i.state is not IncidentState.PENDING] == [
        (AlertName.SIGNED_OFF, IncidentState.FIRING),
        (AlertName.SIGNED_OFF, IncidentState.RESOLVED),
        (AlertName.API_UNAVAILABLE, IncidentState.FIRING),
        (AlertName.API_UNAVAILABLE, IncidentState.RESOLVED),
    ]


# --- bugs ----------------------------------------------------------------------------------------


async def cancels_itself(*_args: object, **_kwargs: object) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


async def test_a_request_that_is_cancelled_from_inside_is_a_failed_one_and_the_next_comes() -> None:
    rig = Rig()
    async with rig.running() as watcher:
        await asyncio.sleep(5)
        sound, rig.source.registrations = rig.source.registrations, cancels_itself  # type: ignore[method-assign, assignment]
        await asyncio.sleep(100)
        (met,) = rig.bugs.latest()
        assert (met.where, met.what) == (Where.POLL, "acme")
        assert met.why.startswith("StrayCancelError")
        rig.source.registrations = sound  # type: ignore[method-assign]
        asked = len(rig.source.asked)
        await asyncio.sleep(200)
        assert rig.bugs.latest() == [], "the next one went well"
        assert len(rig.source.asked) > asked, "whoever was asked for is asked for again"
        assert not watcher.account.is_stalled(now=now())


async def test_an_answer_that_cannot_be_taken_in_is_a_failed_poll_and_the_next_comes() -> None:
    rig = Rig()
    async with rig.running() as watcher:
        await asyncio.sleep(5)
        sound, failures = watcher.account.planner.quarantine, [1, 2]

        def buggy(*args: Any, **kwargs: Any) -> Any:
            if failures:
                failures.pop()
                raise KeyError("a bug")
            return sound(*args, **kwargs)

        watcher.account.planner.quarantine = buggy  # type: ignore[method-assign]
        await until(lambda: not failures)
        assert [(each.where, each.times) for each in rig.bugs.latest()] == [(Where.POLL, 2)]
        asked = len(rig.source.asked)
        await asyncio.sleep(200)
        assert len(rig.source.asked) > asked
    assert rig.bugs.latest() == []


async def test_time_that_meets_a_bug_holds_up_no_poll() -> None:
    rig = Rig()
    async with rig.running() as watcher:
        await asyncio.sleep(5)
        sound = watcher.account.tick

        def buggy(**_how: Any) -> Any:
            raise KeyError("a bug")

        watcher.account.tick = buggy  # type: ignore[method-assign]
        await asyncio.sleep(5)
        assert rig.bugs.trouble.startswith("tick died of KeyError at ")
        asked = len(rig.source.asked)
        rig.source.gone.add(3)
        await until(lambda: bool(rig.told))
        assert len(rig.source.asked) > asked
        watcher.account.tick = sound  # type: ignore[method-assign]
        await asyncio.sleep(200)
        assert (rig.bugs.trouble, rig.bugs.latest()) == ("", [])
