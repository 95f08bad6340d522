"""No loop ends unseen: however it ends, that is said, counted, and it is begun again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fakes.bugs import Ending, dies, is_cancelled_from_inside, returns
from structlog.testing import capture_logs

from regwatch.core.bugs import Where
from regwatch.core.model import Timestamp
from regwatch.guard import (
    LONGEST_PAUSE_SECONDS,
    MOST_FRAMES,
    SETTLED_SECONDS,
    Bugs,
    Guard,
    StrayCancelError,
    lived,
    pause_after,
)

pytestmark = pytest.mark.looptime


def now() -> float:
    return asyncio.get_running_loop().time()


class Counted(Bugs):
    def __init__(self) -> None:
        self.counts: Counter[Where] = Counter()
        super().__init__(clock=lambda: Timestamp(now()), count=self._add)

    def _add(self, where: Where) -> None:
        self.counts[where] += 1


async def lets_a_cancel_through() -> None:
    raise asyncio.CancelledError


async def dies_in_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(dies())  # type: ignore[arg-type]


async def dies_of_many() -> None:
    raise BaseExceptionGroup("two", [RuntimeError("hunter2"), asyncio.CancelledError()])


async def goes_round_in_circles() -> None:
    await goes_round_in_circles()


async def runs_out_of_memory() -> None:
    raise MemoryError


ENDINGS: dict[str, tuple[Ending, str]] = {
    "dies": (dies, "RuntimeError"),
    "returns": (returns, "ReturnedError"),
    "is cancelled from inside": (is_cancelled_from_inside, "StrayCancelError"),
    "lets a cancel through that nobody asked for": (lets_a_cancel_through, "StrayCancelError"),
    "dies in a group": (dies_in_a_group, "RuntimeError"),
    "dies of a group that is no Exception": (dies_of_many, "BaseExceptionGroup"),
    "recurses for ever": (goes_round_in_circles, "RecursionError"),
    "runs out of memory": (runs_out_of_memory, "MemoryError"),
}
TABLE = pytest.mark.parametrize(("ending", "name"), ENDINGS.values(), ids=ENDINGS)


class Loop:
    """Ends so often in this way, then goes on; and keeps when it began."""

    def __init__(self, ending: Ending, times: float = float("inf"), after: float = 0.0) -> None:
        self.ending, self.times, self.after = ending, times, after
        self.begun_at: list[float] = []

    async def __call__(self) -> None:
        self.begun_at.append(now())
        if len(self.begun_at) <= self.times:
            await asyncio.sleep(self.after)
            await self.ending()
        else:
            await asyncio.Event().wait()


@asynccontextmanager
async def kept(
    work: Callable[[], Awaitable[None]], **how: Any
) -> AsyncIterator[tuple[Guard, Counted, list[Any]]]:
    bugs = Counted()
    guard = Guard("watch acme", Where.WATCH, bugs, **how)
    with capture_logs() as logs:
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(guard.keep(work))
            yield guard, bugs, logs
            keeping.cancel()


@TABLE
async def test_however_it_ends_once_it_is_said_counted_and_begun_again(
    ending: Ending, name: str
) -> None:
    loop, heard = Loop(ending, times=1), list[float]()
    async with kept(loop, on_death=lambda: heard.append(now())) as (guard, bugs, logs):
        await asyncio.sleep(0.5)
        assert guard.trouble == bugs.trouble
        assert guard.trouble.startswith(f"watch acme died of {name}")
        assert "hunter2" not in guard.trouble, "its words may quote a secret"
        (entry,) = bugs.latest()
        assert (entry.where, entry.what, entry.times) == (Where.WATCH, "watch acme", 1)
        assert entry.why.startswith(name)
        await asyncio.sleep(0.7)
        assert loop.begun_at == [0.0, 1.0]
        assert guard.trouble, "it is not well before it has lived for as long as it was waited for"
        await asyncio.sleep(1)
        assert (guard.trouble, bugs.trouble, bugs.latest()) == ("", "", [])
    assert bugs.counts == {Where.WATCH: 1}
    assert heard == [0.0]
    assert [(each["event"], each["part"]) for each in logs] == [
        ("part_died", "watch acme"),
        ("part_lives_again", "watch acme"),
    ]
    assert logs[0]["exc_info"] is not None


@TABLE
async def test_ending_each_time_it_neither_spins_nor_floods_the_log(
    ending: Ending, name: str
) -> None:
    loop = Loop(ending)
    async with kept(loop) as (guard, bugs, logs):
        await asyncio.sleep(1000)
        assert guard.trouble.startswith(f"watch acme died of {name}")
        (entry,) = bugs.latest()
        assert entry.times == bugs.counts[Where.WATCH] == len(loop.begun_at)
    pauses = [later - at for at, later in zip(loop.begun_at, loop.begun_at[1:], strict=False)]
    assert pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [each["event"] for each in logs] == ["part_died"], "one line, one traceback"


async def test_dying_a_little_later_each_time_it_is_not_called_well_in_between() -> None:
    async with kept(Loop(dies, after=1.5)) as (guard, _, logs):
        await asyncio.sleep(20)
        for _ in range(100):
            assert guard.trouble
            await asyncio.sleep(1)
    assert [each["event"] for each in logs] == ["part_died", "part_lives_again", "part_died"]


async def test_who_lived_well_is_begun_again_soon() -> None:
    loop = Loop(dies, after=SETTLED_SECONDS)
    async with kept(loop):
        await asyncio.sleep(200)
    assert loop.begun_at == [lives * (SETTLED_SECONDS + 1) for lives in range(4)]


async def test_the_same_traceback_stands_in_the_log_once() -> None:
    async with kept(Loop(dies, after=SETTLED_SECONDS)) as (_, _, logs):
        await asyncio.sleep(1000)
    died = [each for each in logs if each["event"] == "part_died"]
    assert len(died) > 10
    assert ["exc_info" in each for each in died] == [True] + [False] * (len(died) - 1)


async def test_what_it_may_die_of_is_said_and_is_no_bug() -> None:
    async with kept(Loop(dies), no_bugs=(RuntimeError,)) as (guard, bugs, logs):
        await asyncio.sleep(100)
        assert guard.trouble.startswith("watch acme died of RuntimeError")
    assert (bugs.counts, bugs.latest()) == ({}, [])
    assert [(each["event"], "exc_info" in each) for each in logs] == [("part_died", False)]


async def test_let_end_it_ends() -> None:
    guard = Guard("it", Where.OUTBOX, bugs := Counted())
    guard.let_end()
    await guard.keep(returns)
    assert bugs.counts == {}


async def test_failing_after_it_was_let_end_it_is_said_and_it_is_not_begun_again() -> None:
    guard = Guard("it", Where.OUTBOX, bugs := Counted())
    guard.let_end()
    with capture_logs() as logs:
        await guard.keep(dies)
    assert (bugs.counts, bugs.trouble) == ({Where.OUTBOX: 1}, "")
    assert [(each["event"], each["at_stop"]) for each in logs] == [("part_died", True)]


def test_what_ends_the_process_is_let_through() -> None:
    async def work() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        asyncio.run(Guard("it", Where.WATCH, Bugs()).keep(work))


async def test_whoever_hears_of_a_death_and_fails_ends_nothing() -> None:
    def fails() -> None:
        raise MemoryError

    loop = Loop(dies, times=1)
    async with kept(loop, on_death=fails) as (_, bugs, _logs):
        await asyncio.sleep(5)
        assert bugs.counts == {Where.WATCH: 1}
    assert loop.begun_at == [0.0, 1.0]


async def test_a_pause_may_have_a_bound_of_its_own() -> None:
    loop = Loop(dies)
    async with kept(loop, longest_pause=3.0):
        await asyncio.sleep(10)
    assert loop.begun_at == [0, 1, 3, 6, 9]


async def test_of_an_endless_recursion_the_last_frames_are_logged() -> None:
    async with kept(Loop(goes_round_in_circles)) as (_, _, logs):
        await asyncio.sleep(1)
    depth, trace = 0, logs[0]["exc_info"].__traceback__
    while trace is not None:
        depth, trace = depth + 1, trace.tb_next
    assert depth == MOST_FRAMES


async def test_what_became_of_it_is_handed_on() -> None:
    async def answer() -> int:
        return 42

    assert await lived(answer()) == 42
    with pytest.raises(RuntimeError):
        await lived(dies())
    with pytest.raises(StrayCancelError):
        await lived(is_cancelled_from_inside())


async def test_each_cancel_that_was_asked_for_is_handed_on() -> None:
    cancels = list[float]()

    async def stubborn() -> None:
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancels.append(now())

    task = asyncio.ensure_future(lived(stubborn()))
    for _ in range(2):
        await asyncio.sleep(1)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancels == [1.0, 2.0]


async def test_a_bug_is_said_once_and_again_if_another_is_met() -> None:
    bugs = Counted()
    with capture_logs() as logs:
        for error in (KeyError("a"), KeyError("b"), ValueError("c")):
            bugs.met("it_failed", Where.HTTP, "GET /", error, path="/")
    assert [(each["why"], each["path"]) for each in logs] == [
        ("KeyError", "/"),
        ("ValueError", "/"),
    ]
    assert (bugs.counts[Where.HTTP], bugs.kept) == (3, 1)
    assert bugs.mended(Where.HTTP, "GET /") == 3
    assert (bugs.mended(Where.HTTP, "GET /"), bugs.kept) == (0, 0)


async def test_what_was_said_by_others_is_counted_and_kept() -> None:
    bugs = Counted()
    bugs.lost(Where.STATE, "incident i1", "it can never be stored")
    (entry,) = bugs.latest()
    assert (entry.what, entry.why, bugs.counts) == (
        "incident i1",
        "it can never be stored",
        {Where.STATE: 1},
    )


async def test_who_tells_of_a_bug_never_fails_of_telling() -> None:
    def fails(_where: Where) -> None:
        raise MemoryError

    Bugs(count=fails).met("it_failed", Where.HTTP, "GET /", KeyError("a"))


@pytest.mark.parametrize(("deaths", "pause"), [(1, 1.0), (2, 2.0), (7, 60.0), (100_000, 60.0)])
def test_the_pause_grows_and_is_bounded(deaths: int, pause: float) -> None:
    assert pause_after(deaths) == pause
    assert pause <= LONGEST_PAUSE_SECONDS
