"""Long work in short pieces: at 100,000 extensions nobody may keep the others waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")
SORTED_AT_ONCE = 2000

HELD_SECONDS = 0.005
"""Of the loop's time that is taken in one go."""


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of that size, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


async def unhurried(pieces: Iterable[T]) -> AsyncIterator[T]:
    """The pieces, as they are worked out; others have their turn in between. Whoever is cancelled
    in the midst of an iterator can go on with it.
    """
    loop = asyncio.get_running_loop()
    since = loop.time()
    for piece in pieces:
        yield piece
        if loop.time() - since > HELD_SECONDS:
            await asyncio.sleep(0)
            since = loop.time()


async def in_order(items: Iterable[T], *, key: Callable[[T], Any]) -> Sequence[T]:
    """The items sorted by that; others get their turn meanwhile."""
    pieces: list[list[T]] = []
    for piece in batched(items, SORTED_AT_ONCE):
        pieces.append(sorted(piece, key=key))
        await asyncio.sleep(0)
    found: list[T] = []
    for piece in batched(merge(*pieces, key=key), SORTED_AT_ONCE):
        found += piece
        await asyncio.sleep(0)
    return found
