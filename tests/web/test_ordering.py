"""Parts of a sorted whole, as a full sort would give them."""

import asyncio

import pytest

from regwatch.web.ordering import CHUNK, chunked, smallest, window


def ident(value: int) -> int:
    return value


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 10), (5, 15), (995, 1005), (2990, 3100), (5000, 5010)]
)
async def test_a_window_is_that_of_the_sorted_whole(start: int, stop: int) -> None:
    runs = [list(range(first, 3000, 3)) for first in range(3)]
    assert await window(runs, ident, start, stop) == list(range(3000))[start:stop]


async def test_the_smallest_are_the_first_of_the_sorted_whole() -> None:
    values = [(n * 7919) % 5003 for n in range(5003)]
    assert await smallest(values, ident, 20) == list(range(20))
    assert await smallest([], ident, 20) == []


async def test_the_loop_runs_between_chunks() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(others())
        sizes = [len(chunk) async for chunk in chunked(range(3 * CHUNK + 1))]
        task.cancel()
    assert sizes == [CHUNK, CHUNK, CHUNK, 1]
    assert turns >= 3
