"""What the end of a poll means to both sides: the monitor learns, the planner plans."""

from collections.abc import Iterable

from msgspec.structs import replace

from regwatch.core.model import BatchAnswer, ExtensionId, FailureReason, Timestamp
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome, SetAside
from regwatch.core.planner import Planner

CONFIRM_SECONDS = 3.0
"""Between an answer that is doubted and the one that confirms it: a glitch may last a moment."""


def answered(monitor: Monitor, planner: Planner, batch: BatchAnswer, *, now: Timestamp) -> Outcome:
    """A poll brought answers, though perhaps not all."""
    planner.finished(batch.asked, failure=batch.failure, unanswered=batch.failed_ids, now=now)
    planner.quarantine(batch.refused, now=now)
    outcome = monitor.observe(batch, now=now)
    aside = appoint(monitor, planner, batch.answers, now=now)
    planner.confirm(outcome.doubted, at=Timestamp(now + CONFIRM_SECONDS))
    return replace(outcome, set_aside=(*outcome.set_aside, *aside)) if aside else outcome


def appoint(
    monitor: Monitor, planner: Planner, ids: Iterable[ExtensionId], *, now: Timestamp
) -> list[SetAside]:
    """When these are worth asking for again. One for whom a bug keeps that from being known is
    asked in its turn.
    """
    aside = []
    for extension_id in ids:
        try:
            planner.appoint(extension_id, monitor.next_occasion(extension_id, now=now))
        except Exception as error:  # noqa: BLE001 - a guard: the others are to be asked for
            aside.append(SetAside(extension_id, error))
            planner.appoint(extension_id, None)
    return aside


def failed(
    monitor: Monitor,
    planner: Planner,
    asked: tuple[ExtensionId, ...],
    reason: FailureReason,
    detail: str,
    *,
    retry_after: float | None = None,
    now: Timestamp,
) -> Outcome:
    """A poll brought nothing at all."""
    planner.finished(asked, failure=reason, unanswered=asked, retry_after=retry_after, now=now)
    return monitor.failed(reason, detail, now=now)
