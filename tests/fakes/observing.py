"""Answers of which nothing is in doubt: what surprises is seen twice, a moment apart."""

from collections.abc import Sequence

from fakes.values import batch
from msgspec.structs import replace

from regwatch.core.model import Answer, Timestamp
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome

MOMENT = 0.001


def observed(monitor: Monitor, *answers: Answer, now: Timestamp | None = None) -> Outcome:
    """What came of the answers and, where some of them were doubted, of the same a moment later."""
    now = answers[0].answered_at if now is None else now
    first = monitor.observe(batch(*answers), now=now)
    if not first.doubted:
        return first
    return joined(first, confirmed(monitor, answers, first, now))


def confirmed(
    monitor: Monitor, answers: Sequence[Answer], first: Outcome, now: Timestamp
) -> Outcome:
    """The answer to the question that a doubt brings about."""
    later = Timestamp(now + MOMENT)
    again = (replace(a, answered_at=later) for a in answers if a.extension_id in first.doubted)
    return monitor.observe(batch(*again), now=later)


def joined(*outcomes: Outcome) -> Outcome:
    """All of it as one."""
    return Outcome(
        changes=[change for each in outcomes for change in each.changes],
        steps=[step for each in outcomes for step in each.steps],
        losses=[loss for each in outcomes for loss in each.losses],
        touched={i: None for each in outcomes for i in each.touched},
        set_aside=[aside for each in outcomes for aside in each.set_aside],
        crowded=[i for each in outcomes for i in each.crowded],
    )
