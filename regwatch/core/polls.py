"""What the end of a poll means to both sides: the monitor learns, the planner plans."""

from regwatch.core.model import BatchAnswer, ExtensionId, FailureReason, Timestamp
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome
from regwatch.core.planner import Planner

CONFIRM_SECONDS = 3.0
"""Between an answer that is doubted and the one that confirms it: a glitch may last a moment."""


def answered(monitor: Monitor, planner: Planner, batch: BatchAnswer, *, now: Timestamp) -> Outcome:
    """A poll brought answers, though perhaps not all."""
    planner.finished(batch.asked, failure=batch.failure, unanswered=batch.failed_ids, now=now)
    planner.quarantine(batch.refused, now=now)
    outcome = monitor.observe(batch, now=now)
    for extension_id in batch.answers:
        planner.appoint(extension_id, monitor.next_occasion(extension_id, now=now))
    planner.confirm(outcome.doubted, at=Timestamp(now + CONFIRM_SECONDS))
    return outcome


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
