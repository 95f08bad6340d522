"""What the end of a poll means to both sides: the monitor learns, the planner plans."""

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from regwatch.core.model import BatchAnswer, ExtensionId, FailureReason, Timestamp
from regwatch.core.monitor import Monitor
from regwatch.core.now import Instant, Now
from regwatch.core.outcome import Outcome, SetAside
from regwatch.core.phones.appointments import Occasion
from regwatch.core.polling.agenda import Appointment
from regwatch.core.polling.planner import Planner

CONFIRM_SECONDS = 3.0
"""Between an answer that is doubted and the one that confirms it: a glitch may last a moment."""


def watch(
    monitor: Monitor, planner: Planner, ids: Iterable[ExtensionId], *, now: Now
) -> tuple[Collection[ExtensionId], list[SetAside]]:
    """These are to be asked, where they stand by their last answers; returns the new ones, and
    whom a bug kept from an appointment.
    """
    by_id = monitor.roster.by_id
    new = planner.watch({i: _past_instant(by_id[i].answered_at, now) for i in ids if i in by_id})
    return new, appoint(monitor, planner, new, now=now)  # what was restored has leases that go on


def _past_instant(at: Timestamp | None, now: Now) -> Instant | None:
    """A time in the future was stamped by a clock that was wrong, or is now."""
    return None if at is None else min(now.instant_of(at), now.steady)


def appoint(
    monitor: Monitor, planner: Planner, ids: Iterable[ExtensionId], *, now: Now
) -> list[SetAside]:
    """Ask each for its next occasion. One for whom a bug keeps that from being known is asked in
    its turn.
    """
    aside = []
    for extension_id in ids:
        try:
            occasion = monitor.next_occasion(extension_id, now=now.wall)
            planner.appoint(extension_id, _appointment(occasion, now))
        except Exception as error:  # noqa: BLE001 - a guard: the others are to be asked for
            aside.append(SetAside(extension_id, error))
            planner.appoint(extension_id, None)
    return aside


def _appointment(occasion: Occasion | None, now: Now) -> Appointment | None:
    if occasion is None:
        return None
    return Appointment(now.instant_of(occasion.at), occasion.is_firm)


def answered(monitor: Monitor, planner: Planner, batch: BatchAnswer, *, now: Now) -> Outcome:
    """A poll brought answers, though perhaps not all."""
    steady = now.steady
    planner.finished(batch.asked, failure=batch.failure, unanswered=batch.failed_ids, now=steady)
    planner.quarantine(batch.refused, now=steady)
    outcome = monitor.observe(batch, now=now.wall)
    aside = appoint(monitor, planner, batch.answers, now=now)
    planner.confirm(outcome.doubted, at=Instant(steady + CONFIRM_SECONDS))
    return replace(outcome, set_aside=(*outcome.set_aside, *aside)) if aside else outcome


def failed(
    monitor: Monitor,
    planner: Planner,
    asked: tuple[ExtensionId, ...],
    reason: FailureReason,
    detail: str,
    *,
    retry_after: float | None = None,
    now: Now,
) -> Outcome:
    """A poll brought nothing at all."""
    planner.finished(
        asked, failure=reason, unanswered=asked, retry_after=retry_after, now=now.steady
    )
    return monitor.failed(reason, detail, now=now.wall)
