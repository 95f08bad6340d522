"""The first of many in order, without holding up the loop: a full sort of 100,000 extensions would,
for longer than a poll's answer should wait.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar

from regwatch.core.model import Incident, IncidentState

T = TypeVar("T")
CHUNK = 1000
"""Items between which the loop may do other work: some milliseconds of comparing at most."""

Key = Callable[[T], Any]


async def chunked(items: Iterable[T]) -> AsyncIterator[list[T]]:
    """The items in lists of at most `CHUNK`; the loop runs between them."""
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
        await asyncio.sleep(0)


async def window(runs: Sequence[Sequence[T]], key: Key[T], start: int, stop: int) -> list[T]:
    """Items `start` to `stop` of the sorted whole, of which `runs` are sorted parts."""
    merged = heapq.merge(*runs, key=key)
    taken: list[T] = []
    position = 0
    async for chunk in chunked(islice(merged, stop)):
        taken.extend(chunk[max(0, start - position) :])
        position += len(chunk)
    return taken


async def smallest(items: Iterable[T], key: Key[T], count: int) -> list[T]:
    """The first `count` in order."""
    best: list[T] = []
    async for chunk in chunked(items):
        best = heapq.nsmallest(count, best + chunk, key=key)
    return best


def worst_first(incident: Incident) -> tuple[bool, bool, int, float]:
    """Open incidents: those that fire, those nobody silenced, the severe ones, the latest."""
    is_pending = incident.state is IncidentState.PENDING
    return is_pending, incident.is_quiet, incident.severity.rank, -incident.started_at


def latest_first(incident: Incident) -> float:
    """Resolved incidents."""
    return -(incident.resolved_at or incident.started_at)
