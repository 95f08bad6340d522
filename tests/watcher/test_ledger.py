"""What of an account is not stored yet, whatever ends a save."""

import asyncio

import pytest
from fakes.stored import happening, incident
from fakes.values import ACME, at
from msgspec.structs import replace
from structlog.testing import capture_logs

from regwatch.core.bugs import Where
from regwatch.core.model import ExtensionId, Incident, Severity
from regwatch.guard import Bugs
from regwatch.store.errors import StoreRefusedError, StoreUnavailableError
from regwatch.watcher.held import MOST_HAPPENINGS
from regwatch.watcher.ledger import MOST_WAITING, Ledger
from regwatch.watcher.unsaved import Unsaved

pytestmark = pytest.mark.looptime
SECONDS = 0.06
FULL = StoreUnavailableError("disk full")


class Rig:
    """A ledger, and a store that takes its time."""

    def __init__(self) -> None:
        self.saved: list[Unsaved] = []
        self.told: list[Incident] = []
        self.counted: list[Where] = []
        self.bugs = Bugs(clock=lambda: at(0), count=self.counted.append)
        self.error: Exception | None = None
        self.ledger = Ledger(
            ACME, self.save, on_incidents=self.told.extend, bugs=self.bugs, where=Where.STATE
        )

    async def save(self, part: Unsaved) -> None:
        await asyncio.sleep(SECONDS)
        if self.error is not None:
            raise self.error
        self.saved.append(part)

    async def keep(self, number: int) -> None:
        self.ledger.note(touched=[ExtensionId(number)], happenings=[happening(number)])
        await self.ledger.flush()

    @property
    def touched(self) -> list[int]:
        return [each for part in self.saved for each in part.touched]


async def test_steps_that_outrun_the_store_are_stored_together() -> None:
    """24 a second at 60 ms a save: before, each of those that waited made a save of its own."""
    rig, most = Rig(), 0
    async with asyncio.TaskGroup() as group:
        tasks: set[asyncio.Task[None]] = set()
        for number in range(480):
            task = group.create_task(rig.keep(number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            await asyncio.sleep(1 / 24)
            most = max(most, len(tasks))
    assert most <= 8
    assert rig.touched == list(range(480))


async def test_with_many_that_wait_the_polls_wait_too() -> None:
    rig = Rig()
    await rig.ledger.caught_up()
    assert asyncio.get_running_loop().time() == 0.0
    async with asyncio.TaskGroup() as group:
        for number in range(MOST_WAITING):
            group.create_task(rig.keep(number))
        await asyncio.sleep(SECONDS / 2)
        await rig.ledger.caught_up()
        assert len(rig.touched) == MOST_WAITING


@pytest.mark.parametrize("error", [FULL, KeyError("a bug"), StoreRefusedError("half a character")])
async def test_what_is_told_is_told_once_whatever_the_store_does(error: Exception) -> None:
    rig = Rig()
    rig.error = error
    rig.ledger.note(incidents=[incident()])
    await rig.ledger.flush()
    is_lost = isinstance(error, StoreRefusedError)
    assert len(rig.counted) == (error is not FULL)
    assert rig.told == ([] if is_lost else [incident()])
    worse = replace(incident(), severity=Severity.CRITICAL, summary="worse")
    rig.ledger.note(incidents=[worse])
    await rig.ledger.flush()
    rig.error = None
    await rig.ledger.flush()
    assert rig.told == ([] if is_lost else [incident(), worse])
    assert [part.incidents for part in rig.saved] == ([] if is_lost else [(worse,)])


async def test_what_a_cancelled_save_held_is_put_back() -> None:
    rig = Rig()
    rig.ledger.note(touched=[ExtensionId(1)], incidents=[incident()])
    cut_off = asyncio.ensure_future(rig.ledger.flush())
    await asyncio.sleep(SECONDS / 2)
    rig.ledger.note(touched=[ExtensionId(2)], removed=[ExtensionId(1)])
    cut_off.cancel()
    await asyncio.gather(cut_off, return_exceptions=True)
    await rig.ledger.flush()
    assert rig.told == [incident()]
    assert rig.touched == [2]
    assert [part.removed for part in rig.saved if part.removed] == [(1,)]


async def test_a_bug_that_meets_everything_is_said_once() -> None:
    rig = Rig()
    rig.error = ZeroDivisionError("everywhere")
    with capture_logs() as logs:
        for number in range(5):
            await rig.keep(number)
    assert [line["event"] for line in logs] == ["state_not_stored"]
    assert len(rig.counted) == 5
    rig.error = None
    await rig.ledger.flush()
    assert rig.touched == list(range(5)), "nothing of it is at fault"


async def test_history_that_did_not_fit_is_said_once_it_is_stored_again() -> None:
    rig = Rig()
    rig.error = FULL
    rig.ledger.note(happenings=[happening(1)] * (MOST_HAPPENINGS + 7))
    await rig.ledger.flush()
    rig.error = None
    with capture_logs() as logs:
        await rig.ledger.flush()
        await rig.ledger.flush()
    assert [(line["event"], line["lines"]) for line in logs] == [("history_cut", 7)]


async def test_what_is_left_at_the_end_is_said() -> None:
    rig = Rig()
    rig.error = FULL
    await rig.keep(1)
    with capture_logs() as logs:
        rig.ledger.say_what_is_left()
        rig.error = None
        await rig.ledger.flush()
        rig.ledger.say_what_is_left()
    assert [(each["event"], each["extensions"]) for each in logs] == [("state_left_behind", 1)]
