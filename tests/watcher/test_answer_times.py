"""What is stored of phones that are well, when; and what a crash leaves of them."""

import asyncio
from copy import copy
from itertools import chain

import pytest
from fakes.clocks import Clocks
from fakes.observing import observed
from fakes.state import MemoryStore
from fakes.values import ACME, EVERY_ALERT, answer, at, batch, listing, registration
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import ExtensionId, Instant, Watched
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.answer_times import brought_up
from regwatch.core.phones.memory import Memory
from regwatch.core.sites import Sites
from regwatch.store.packing import packed
from regwatch.watcher import answer_times
from regwatch.watcher.answer_times import TIMES_SECONDS, TURNS, TURNS_TO_LEARN, AnswerTimes
from regwatch.watcher.keeper import FLUSH_SECONDS, Keeper, decode_memory

pytestmark = pytest.mark.looptime


def watching(*numbers: int) -> Monitor:
    monitor = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites())
    monitor.watch(listing(*numbers).extensions, now=at(0))
    return monitor


async def test_they_are_due_some_minutes_after_they_were_stored() -> None:
    times = AnswerTimes(watching().roster, now=Instant(0))
    assert not times.is_due(now=Instant(TIMES_SECONDS - 1))
    assert times.is_due(now=Instant(TIMES_SECONDS))
    times.stored(now=Instant(TIMES_SECONDS + 5))
    assert not times.is_due(now=Instant(2 * TIMES_SECONDS))


async def test_who_refreshed_has_a_turn_within_an_hour_and_neighbours_have_it_together() -> None:
    times = AnswerTimes(watching(*range(40, 0, -1)).roster, now=Instant(0))
    times.note(Outcome(refreshed=list(map(ExtensionId, range(1, 41)))))
    turns = [await times.rows() for _ in range(TURNS)]
    assert sorted(chain(*turns)) == list(range(1, 41))
    assert all(after == before + 1 for before, after in turns)
    assert [each for _ in range(TURNS) for each in await times.rows()] == []


async def test_what_was_learned_waits_for_less_and_not_beyond_the_stop() -> None:
    times = AnswerTimes(watching(1, 2).roster, now=Instant(0))
    times.note(Outcome(learned=[ExtensionId(2)]))
    assert [await times.rows() for _ in range(TURNS_TO_LEARN)][-1] == [2]
    times.note(Outcome(learned=[ExtensionId(1)]))
    assert list(await times.rows(is_last=True)) == [1]


async def test_no_time_is_stored_of_who_is_new_gone_or_not_stored_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answer_times, "PIECE", 2)
    monitor = watching(*range(1, 7))
    for number in range(2, 7):
        observed(monitor, answer(number, when=5))
    for _ in range(2):
        monitor.listed([1, 2, 3, 4, 5], now=at(6))
    times = AnswerTimes(monitor.roster, now=Instant(0))
    pieces = await times.pieces(without=[ExtensionId(4)])
    assert [[each.extension_id for each in piece] for piece in pieces] == [[2], [3], [5]]


# --- crashes ----------------------------------------------------------------------------------


class Life:
    """A monitor with its keeper, and all that its extensions ever were."""

    def __init__(self) -> None:
        self.clocks, self.store = Clocks(), MemoryStore()
        self.monitor = watching(1, 2)
        self.keeper = Keeper(
            self.monitor, self.store, clock=self.clocks.wall, steady=self.clocks.steady,
            on_incidents=lambda _: None,
        )  # fmt: skip
        self.ends = {1: 600.0, 2: 600.0}
        self.was: dict[int, list[Watched]] = {1: [], 2: []}

    async def answer(self, number: int, what: str) -> None:
        now = self.clocks.wall()
        when = now - at(0)
        if what == "refreshed":
            self.ends[number] = when + 600
        device = "Snom" if what == "another device" else "Yealink"
        held = [registration(f"desk-{number}", ends=self.ends[number], device=device)]
        found = answer(number, *([] if what == "gone" else held), when=when)
        await self.keeper.keep(observed(self.monitor, found, now=now))
        self.was[number].append(copy(self.monitor.roster.by_id[ExtensionId(number)]))

    def left_by_a_crash(self, number: int) -> tuple[Watched, Memory]:
        watched, memory = self.store.rows[ExtensionId(number)]
        time = self.store.times.get(ExtensionId(number))
        return brought_up(copy(watched), decode_memory(memory), time)


WHAT = st.sampled_from(["same", "same", "refreshed", "refreshed", "another device", "gone"])


@given(st.lists(st.tuples(st.sampled_from([1, 2]), WHAT, st.sampled_from([1, 30, 100, 400]))))
async def test_a_crash_leaves_each_as_it_was_at_one_answer_minutes_ago_at_most(
    answers: list[tuple[int, str, int]],
) -> None:
    life = Life()
    await life.keeper.keep(Outcome(touched=[ExtensionId(1), ExtensionId(2)], steps=()))
    await life.keeper.flush()
    for number, what, pause in answers:
        await life.answer(number, what)
        for each in (1, 2):
            known, memory = life.left_by_a_crash(each)
            former = life.was[each]
            assert known in former or known.answered_at is None
            if known in former[-1:]:
                tracks = life.monitor.memory(ExtensionId(each)).tracks
                assert memory.tracks.keys() == tracks.keys()
        await asyncio.sleep(pause)
        await life.keeper.keep(Outcome())
        await asyncio.sleep(FLUSH_SECONDS)
        await life.keeper.keep(Outcome())
        for each in (1, 2):
            known, _ = life.left_by_a_crash(each)
            assert all(known.state is w.state for w in life.was[each][-1:]), "stored soon"
            late = [w for w in life.was[each] if (w.answered_at or 0) > (known.answered_at or 0)]
            oldest = min((w.answered_at or 0 for w in late), default=life.clocks.wall())
            assert life.clocks.wall() - oldest <= TIMES_SECONDS + 400 + FLUSH_SECONDS


async def test_a_healthy_phone_takes_less_than_ten_bytes_each_time() -> None:
    monitor = watching(*range(1, 4001))
    for number in range(1, 4001):
        found = answer(number, registration(ends=number % 600), when=number / 70)
        monitor.observe(batch(found), now=at(number / 70))
    (piece,) = await AnswerTimes(monitor.roster, now=Instant(0)).pieces(without=())
    assert len(packed(piece)) < 10 * 4000
