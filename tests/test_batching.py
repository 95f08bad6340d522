"""Long work in short pieces."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regwatch import batching
from regwatch.batching import HELD_SECONDS, batched, in_order, unhurried


@given(st.lists(st.integers()), st.integers(1, 7))
def test_nothing_is_lost_and_only_the_last_piece_is_shorter(items: list[int], size: int) -> None:
    pieces = list(batched(items, size))
    assert [each for piece in pieces for each in piece] == items
    assert all(len(piece) == size for piece in pieces[:-1])
    assert all(0 < len(piece) <= size for piece in pieces)


def test_no_more_is_taken_than_the_piece_that_is_asked_for() -> None:
    taken: list[int] = []
    pieces = batched((taken.append(n) or n for n in range(100)), 3)
    assert next(pieces) == [0, 1, 2]
    assert taken == [0, 1, 2]


async def test_others_have_their_turn_between_pieces_that_take_long() -> None:
    loop, turns = asyncio.get_running_loop(), list[str]()

    def laborious() -> Iterator[str]:
        for piece in "abc":
            until = loop.time() + 2 * HELD_SECONDS
            while loop.time() < until:
                pass
            yield piece

    async def other() -> None:
        while True:
            turns.append("other")
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(other())
        async for piece in unhurried(laborious()):
            turns.append(piece)
        running.cancel()
    assert turns[:5] == ["a", "other", "b", "other", "c"]


@pytest.mark.looptime
async def test_whoever_is_cancelled_can_go_on_where_it_was() -> None:
    left, seen = iter(range(5)), list[int]()

    async def work() -> None:
        async for piece in unhurried(left):
            seen.append(piece)
            await asyncio.sleep(1)

    working = asyncio.ensure_future(work())
    await asyncio.sleep(1.5)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    async for piece in unhurried(left):
        seen.append(piece)
    assert seen == [0, 1, 2, 3, 4]


@given(st.lists(st.integers(), max_size=50))
async def test_what_is_sorted_in_pieces_is_sorted_and_of_equals_the_first_comes_first(
    items: list[int],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "SORTED_AT_ONCE", 7)
        assert list(await in_order(items, key=abs)) == sorted(items, key=abs)
