"""One writer for all: together, in order, and nobody waits for a store that is away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from regwatch.guard import FIRST_PAUSE_SECONDS
from regwatch.store.errors import StoreRefusedError, StoreUnavailableError
from regwatch.store.writer import (
    CUT_OFF_SECONDS,
    LONGEST_PAUSE_SECONDS,
    PATIENCE_SECONDS,
    Listeners,
    Work,
    Writer,
    pause_after,
)

pytestmark = pytest.mark.looptime
SECONDS_PER_COMMIT = 0.06


class Disk:
    """What a database would do: all of a transaction or nothing of it, and in its time."""

    def __init__(self) -> None:
        self.commits: list[list[str]] = []
        self.tries: list[float] = []
        self.seconds = SECONDS_PER_COMMIT
        self.error: Exception | None = None
        self.turns: list[str] = []
        self.took: list[float] = []
        self._under_way: list[str] = []

    def writer(self, **more: Any) -> Writer:
        made = Writer(self.transact, self.noting("probe"), **more)
        made.listeners = Listeners(self.took.append, self.turns.append)
        return made

    def noting(self, word: str) -> Work:
        async def work(_connection: object) -> None:
            if word.startswith("bad"):
                raise StoreRefusedError(word)
            if word.startswith("bug"):
                raise KeyError(word)
            self._under_way.append(word)

        return work

    async def transact(self, works: Sequence[Callable[[Any], Awaitable[None]]]) -> None:
        self.tries.append(asyncio.get_running_loop().time())
        if self.error is not None:
            raise self.error
        await asyncio.sleep(self.seconds)
        self._under_way = []
        for work in works:
            await work(None)
        self.commits.append(self._under_way)

    @property
    def stored(self) -> list[str]:
        return [word for commit in self.commits for word in commit]


FULL = StoreUnavailableError("database or disk is full")


async def test_what_comes_meanwhile_goes_together_and_what_is_urgent_first() -> None:
    disk = Disk()
    writer = disk.writer()
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.write(disk.noting("first"), is_urgent=False))
        await asyncio.sleep(SECONDS_PER_COMMIT / 2)
        for word in ("later 1", "later 2"):
            group.create_task(writer.write(disk.noting(word), is_urgent=False))
        for word in ("urgent 1", "urgent 2"):
            group.create_task(writer.write(disk.noting(word), is_urgent=True))
    assert disk.commits == [["first"], ["urgent 1", "urgent 2"], ["later 1", "later 2"]]


async def test_what_is_urgent_does_not_keep_the_rest_from_ever_being_stored() -> None:
    disk = Disk()
    writer = disk.writer()

    async def insist() -> None:
        for _ in range(50):
            await writer.write(disk.noting("urgent"), is_urgent=True)

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(insist())
        await asyncio.sleep(1)
        await writer.write(disk.noting("later"), is_urgent=False)
        assert asyncio.get_running_loop().time() < 1.5


async def test_a_writer_that_is_outrun_keeps_no_more_waiting_than_came_in_one_commit() -> None:
    disk = Disk()
    writer, waiting = disk.writer(), 0

    async def write(number: int) -> None:
        nonlocal waiting
        waiting += 1
        await writer.write(disk.noting(str(number)), is_urgent=True)
        waiting -= 1

    async with asyncio.TaskGroup() as group:
        for number in range(480):
            group.create_task(write(number))
            await asyncio.sleep(1 / 24)
            assert waiting <= 4
    assert disk.stored == [str(number) for number in range(480)]


async def test_one_that_can_never_be_stored_fails_alone() -> None:
    disk = Disk()
    writer = disk.writer()
    words = ["a", "bad 1", "b", "bug", "c"]
    works = (writer.write(disk.noting(word), is_urgent=True) for word in words)
    found = await asyncio.gather(*works, return_exceptions=True)
    assert [type(each) for each in found] == [
        type(None), StoreRefusedError, type(None), KeyError, type(None),
    ]  # fmt: skip
    assert disk.stored == ["a", "b", "c"]
    assert writer.problem == "", "it says nothing of the store"


async def test_who_is_cancelled_takes_nobody_along_and_knows_whether_it_was_stored() -> None:
    disk, known = Disk(), list[str]()
    writer = disk.writer()

    async def write(word: str) -> None:
        await writer.write(disk.noting(word), is_urgent=True)
        known.append(word)
        await asyncio.sleep(1)
        known.append("never reached")

    under_way, other = [asyncio.ensure_future(write(word)) for word in ("under way", "other")]
    await asyncio.sleep(SECONDS_PER_COMMIT / 2)
    waiting = asyncio.ensure_future(write("waiting"))
    await asyncio.sleep(0)
    under_way.cancel()
    waiting.cancel()
    await asyncio.wait([under_way, waiting])
    other.cancel()
    assert under_way.cancelled()
    assert waiting.cancelled()
    assert disk.stored == known == ["under way", "other"]


async def test_who_is_cancelled_while_the_store_hangs_is_not_held_up_and_not_stored() -> None:
    disk = Disk()
    writer = disk.writer()
    disk.seconds = 4.0
    one = asyncio.ensure_future(writer.write(disk.noting("one"), is_urgent=True))
    await asyncio.sleep(0.5)
    one.cancel()
    await asyncio.wait([one])
    assert one.cancelled()
    assert asyncio.get_running_loop().time() == pytest.approx(0.5 + CUT_OFF_SECONDS)
    await asyncio.sleep(10)
    assert disk.stored == []


async def test_while_it_is_away_nobody_waits_and_what_is_lasting_is_stored_in_order_later() -> None:
    disk, held = Disk(), list[str]()
    writer = disk.writer()
    disk.error = FULL
    with capture_logs() as logs:
        with pytest.raises(StoreUnavailableError):
            await writer.write(disk.noting("brought again"), is_urgent=True)
        begun_at = asyncio.get_running_loop().time()
        for word in ("m1", "m2", "m3"):
            assert not await writer.record(disk.noting(word), lambda word=word: held.append(word))
        with pytest.raises(StoreUnavailableError):
            await writer.write(disk.noting("brought again"), is_urgent=False)
        assert asyncio.get_running_loop().time() == begun_at
        assert held == ["m1", "m2", "m3"]
        await asyncio.sleep(3600)
        disk.error = None
        await asyncio.sleep(LONGEST_PAUSE_SECONDS + 1)
    assert disk.commits == [["m1", "m2", "m3"]]
    assert held == ["m1", "m2", "m3"], "they held once"
    assert disk.turns == [str(FULL), ""]
    assert [line["event"] for line in logs] == ["store_away", "store_back"]
    assert len(disk.tries) < 3600 / LONGEST_PAUSE_SECONDS + 10, "ever more slowly"
    assert len(disk.took) == len(disk.tries)


async def test_one_that_was_away_with_nothing_to_store_is_found_out_to_be_back() -> None:
    disk = Disk()
    writer = disk.writer()
    disk.error = FULL
    with pytest.raises(StoreUnavailableError):
        await writer.write(disk.noting("x"), is_urgent=True)
    disk.error = None
    await asyncio.sleep(FIRST_PAUSE_SECONDS + 1)
    assert writer.problem == ""
    assert disk.stored == ["probe"]


async def test_a_person_who_asks_whether_it_is_back_need_not_wait_for_the_next_attempt() -> None:
    disk = Disk()
    writer = disk.writer()
    disk.error = FULL
    with pytest.raises(StoreUnavailableError):
        await writer.write(disk.noting("x"), is_urgent=True)
    await asyncio.sleep(600)
    with pytest.raises(StoreUnavailableError):
        await writer.try_now(disk.noting("asked"))
    disk.error = None
    begun_at = asyncio.get_running_loop().time()
    await writer.try_now(disk.noting("asked"))
    assert asyncio.get_running_loop().time() - begun_at < 1
    assert writer.problem == ""


async def test_one_that_does_not_answer_is_waited_for_by_nobody_and_nothing_is_done_twice() -> None:
    disk, held = Disk(), list[str]()
    writer = disk.writer()
    disk.seconds = 60.0
    message = asyncio.ensure_future(writer.record(disk.noting("m"), lambda: held.append("m")))
    with pytest.raises(StoreUnavailableError, match="has not answered"):
        await writer.write(disk.noting("brought again"), is_urgent=True)
    assert asyncio.get_running_loop().time() == pytest.approx(PATIENCE_SECONDS, abs=0.1)
    assert not await message
    assert held == ["m"]
    disk.seconds = SECONDS_PER_COMMIT
    await asyncio.sleep(120)
    assert disk.stored == ["m"], "what was taken back is not stored besides"
    assert writer.problem == ""


async def test_what_never_survives_says_so_and_fails_nobody() -> None:
    disk = Disk()
    writer = disk.writer(stand_in_because="no such directory")
    await writer.write(disk.noting("a"), is_urgent=True)
    assert not await writer.record(disk.noting("b"), lambda: None)
    assert writer.problem == "no such directory"
    assert disk.stored == ["a", "b"]


async def test_a_bug_in_what_follows_or_listens_does_not_end_the_writing() -> None:
    disk = Disk()
    writer = disk.writer()

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    writer.listeners = Listeners(fails, fails)
    with pytest.raises(ZeroDivisionError):
        await writer.record(disk.noting("a"), fails)
    await writer.write(disk.noting("b"), is_urgent=True)
    assert disk.stored == ["a", "b"]


async def test_closed_it_stores_what_is_left_and_says_what_it_could_not() -> None:
    disk = Disk()
    writer = disk.writer()
    await writer.close()
    writing = asyncio.ensure_future(writer.write(disk.noting("a"), is_urgent=True))
    await asyncio.sleep(0)
    await writer.close()
    await writing
    assert disk.stored == ["a"]
    disk.error = FULL
    away = disk.writer()
    with capture_logs() as logs:
        await away.record(disk.noting("b"), lambda: None)
        await away.close()
        await away.close()
    assert [line["event"] for line in logs] == ["store_away", "store_left_behind"]
    assert logs[-1]["operations"] == 1


async def test_work_that_is_refused_when_it_is_back_is_lost_loudly() -> None:
    disk, over = Disk(), list[str]()
    writer = disk.writer()
    disk.error = FULL
    with capture_logs() as logs:
        for word in ("bad", "late"):
            await writer.record(
                disk.noting(word), lambda: None, over=lambda word=word: over.append(word)
            )
        assert not over, "as long as they wait"
        disk.error = None
        await asyncio.sleep(LONGEST_PAUSE_SECONDS)
        assert over == ["bad", "late"]
        assert await writer.record(disk.noting("sound"), lambda: None)
    assert "store_work_lost" in [line["event"] for line in logs]
    assert disk.stored[-1] == "sound"


def test_pauses_grow_to_their_bound() -> None:
    assert [pause_after(failures) for failures in (0, 1, 2, 3)] == [1.0, 1.0, 2.0, 4.0]
    assert pause_after(100_000) == LONGEST_PAUSE_SECONDS
