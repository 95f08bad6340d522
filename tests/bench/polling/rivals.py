"""What others would do with the same requests: when they would have found the same losses."""

from collections.abc import Callable
from math import ceil, floor

from bench.polling.case import HOUR, LATENCY, Case
from bench.polling.world import Loss

from regwatch.core.model import ExtensionId

Finder = Callable[[Loss], float]
"""Seconds from when a loss shows to when it is found."""


def even_sweep(case: Case, requests_per_hour: float, ids: list[ExtensionId]) -> Finder:
    """Round and round at an even pace."""
    spacing = HOUR / requests_per_hour
    batches = ceil(len(ids) / case.batch)
    turn = {extension_id: index // case.batch for index, extension_id in enumerate(ids)}

    def lag(loss: Loss) -> float:
        first = turn[loss.extension_id] * spacing
        rounds = ceil((loss.visible_at - first) / (batches * spacing))
        return first + rounds * batches * spacing - loss.visible_at + LATENCY

    return lag


def sweep_seconds(case: Case, requests_per_hour: float) -> float:
    """How long one round takes."""
    return ceil(case.extensions / case.batch) * HOUR / requests_per_hour


def every_minute(case: Case, ids: list[ExtensionId]) -> Finder:
    """Everything each minute, until the hour's quota is used up: what most scripts do."""
    batches = ceil(len(ids) / case.batch)
    turn = {extension_id: index // case.batch for index, extension_id in enumerate(ids)}

    def lag(loss: Loss) -> float:
        own = turn[loss.extension_id]
        within = own / batches * 60
        minute = ceil((loss.visible_at - within) / 60)
        for later in range(minute, minute + 121):
            if (later % 60) * batches + own < case.quota:
                return later * 60 + within - loss.visible_at + LATENCY
        return float("inf")

    return lag


def clairvoyant(requests_per_hour: float) -> Finder:
    """Asks with each request for whom it pays: none can be faster at an even pace."""
    spacing = HOUR / requests_per_hour

    def lag(loss: Loss) -> float:
        return (floor(loss.visible_at / spacing) + 1) * spacing - loss.visible_at + LATENCY

    return lag


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def of_kind(losses: list[Loss], kind: str) -> list[Loss]:
    return [loss for loss in losses if loss.kind == kind]
