"""What others would do with as many requests, and when they would have found the same losses."""

from collections.abc import Callable
from math import ceil, floor

from bench.polling.case import HOUR, LATENCY, Case
from bench.polling.world import Loss

from regwatch.core.model import ExtensionId

Finder = Callable[[Loss], float]
"""Seconds from when a loss shows to when it is found."""
MINUTE = 60.0


def sweep_seconds(case: Case, requests_per_hour: float) -> float:
    """How long an even sweep takes; on average a loss is found after half of it."""
    return batches(case) * HOUR / requests_per_hour


def batches(case: Case) -> int:
    """Requests that a sweep takes."""
    return ceil(case.extensions / case.batch)


def every_minute(case: Case, ids: list[ExtensionId]) -> Finder:
    """Everything each minute, until the hour's quota is used up: what most scripts do."""
    of_sweep = batches(case)
    turn = {extension_id: index // case.batch for index, extension_id in enumerate(ids)}

    def lag(loss: Loss) -> float:
        own = turn[loss.extension_id]
        within = own / of_sweep * MINUTE
        minute = ceil((loss.visible_at - within) / MINUTE)
        for later in range(minute, minute + 121):
            if (later % 60) * of_sweep + own < case.quota:
                return later * MINUTE + within - loss.visible_at + LATENCY
        return float("inf")

    return lag


def clairvoyant(requests_per_hour: float) -> Finder:
    """Asks with each request for whom it pays: none can be faster at an even pace."""
    spacing = HOUR / requests_per_hour

    def lag(loss: Loss) -> float:
        return (floor(loss.visible_at / spacing) + 1) * spacing - loss.visible_at + LATENCY

    return lag
