"""The loops of one account: poll, tick, discover."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from itertools import chain

import structlog

from regwatch.batching import batched
from regwatch.clock import Clock, SteadyClock
from regwatch.core import polls
from regwatch.core.durations import humanise
from regwatch.core.heartbeat import Pulse
from regwatch.core.model import (
    LONG_AGO,
    AccountName,
    BatchAnswer,
    Extension,
    ExtensionId,
    FailureReason,
    Incident,
    IncidentId,
    Listing,
)
from regwatch.core.monitor import Monitor
from regwatch.core.now import Instant, Now
from regwatch.core.outcome import Outcome
from regwatch.core.phones.crowds import MOST_REGISTRATIONS
from regwatch.core.polling.planner import Ask, Planner
from regwatch.sources.source import Source, SourceError
from regwatch.watcher.keeper import Keeper
from regwatch.watcher.selection import Discovery, Selection
from regwatch.watcher.setbacks import Setbacks

TICK_SECONDS = 1.0
DISCOVERY_RETRY_SECONDS = 10.0
SLOW = 1.5
"""Times the interval that a sweep may take before that is worth a log line."""
LISTED_IN_A_LOG_LINE = 20
PIECE = 500
"""Extensions taken over in one go; then the event loop gets its turn."""
LOOK_AGAIN_SECONDS = 10.0
"""The longest sleep: a plan is looked at again, in case the machine slept meanwhile."""
GRACE_SECONDS = 180.0
"""How much later than planned a poll may come to its end before polling counts as stalled. Far
above any sum of timeouts: beyond it something hangs that should not."""

log = structlog.get_logger(__name__)


class Stage(StrEnum):
    """How far a watcher has got after its start."""

    RESTORED = "restored"
    SWEPT = "swept"
    """Every extension was asked for."""


OutcomeListener = Callable[[AccountName, Outcome], None]


class Watcher:
    """Watches one account until cancelled."""

    def __init__(  # noqa: PLR0913 - its parts, its clocks, and who hears of it
        self,
        monitor: Monitor,
        planner: Planner,
        source: Source,
        keeper: Keeper,
        selection: Selection,
        *,
        clock: Clock,
        steady: SteadyClock,
        on_outcome: OutcomeListener = lambda _account, _outcome: None,
        on_stage: Callable[[Stage], None] = lambda _stage: None,
    ) -> None:
        self.monitor = monitor
        self.planner = planner
        self._source = source
        self._keeper = keeper
        self._selection = selection
        self._clock = clock
        self._steady = steady
        self._on_outcome = on_outcome
        self._on_stage = on_stage
        self._changed = asyncio.Event()
        self.first_sweep_done = False
        """Whether every extension was asked for since the start."""
        self.sweep_seconds = planner.policy.interval
        """How long a sweep takes at the present pace: so old answers get."""
        self.whole_poll_at: Instant | None = None
        """When the PBX last answered a request for all that was asked."""
        self._is_slow = False
        self._awaited: set[ExtensionId] = set()
        self._crowded: set[ExtensionId] = set()
        """Of which was said already that not all registrations are compared."""
        self._list_is_known = False
        self._progress_due_at: Instant | None = None
        self._setbacks = Setbacks(monitor.account)
        self._log = log.bind(account=monitor.account)

    def is_stalled(self, *, now: Instant) -> bool:
        """Whether neither a poll ended nor one was planned for far too long, or the next one is
        planned too far ahead: what the service manager's watchdog is told of.
        """
        return self._progress_due_at is not None and now > self._progress_due_at

    def pulse(self, *, now: Instant) -> Pulse:
        """How its polling goes."""
        pause = max(self.planner.policy.interval, self.planner.spacing(now=now) or 0.0)
        stalled = self.is_stalled(now=now)
        return Pulse(self.monitor.account, self.whole_poll_at, pause, stalled)

    async def run(self) -> None:
        """Watch until cancelled; what is not stored by then is stored on the way out."""
        restored = await self._keeper.restore()
        if restored:
            self._log.info("state_restored", extensions=restored)
        await self._plan_restored()
        self._on_stage(Stage.RESTORED)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._discover_forever())
                group.create_task(self._tick_forever())
                await self._poll_forever(group)
        finally:
            await self._keeper.flush()

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        """Somebody is at it; None if no such incident is open here."""
        outcome = self.monitor.acknowledge(incident_id, by, comment, now=self._clock())
        if outcome is None:
            return None
        await self._accept(outcome)
        return outcome.incidents[0]

    # --- polling -------------------------------------------------------------------------------

    async def _poll_forever(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._changed.clear()
            step = self.planner.next(now=self._steady())
            await self._report_quota()
            if isinstance(step, Ask):
                group.create_task(self._poll(step.ids))
                continue
            self._note_plan(step.until)
            await self._sleep_until(step.until)

    def _note_plan(self, until: Instant | None) -> None:
        if until is not None and self.planner.is_too_far(until, now=self._steady()):
            self._progress_due_at = Instant(LONG_AGO)
        elif until is not None:
            self._progressed(until)
        elif self.planner.is_idle:
            self._progress_due_at = None

    def _progressed(self, next_at: Instant) -> None:
        self._progress_due_at = Instant(next_at + GRACE_SECONDS)

    async def _sleep_until(self, until: Instant | None) -> None:
        """Or until something changes; it looks again before, whatever was planned."""
        seconds = LOOK_AGAIN_SECONDS
        if until is not None:
            seconds = min(max(0.0, until - self._steady()), seconds)
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _poll(self, ids: tuple[ExtensionId, ...]) -> None:
        try:
            batch = await self._source.registrations(ids)
        except SourceError as error:
            outcome = self._failed(ids, error)
        except Exception:  # noqa: BLE001 - the poll guard: whatever it was, the next poll comes
            self._log.exception("poll_crashed", extensions=len(ids))
            bug = SourceError("a bug in regwatch", reason=FailureReason.BAD_ANSWER)
            outcome = self._failed(ids, bug)
        else:
            outcome = self._answered(batch)
        self._progressed(self._steady())
        self._changed.set()
        await self._accept(outcome)

    def _answered(self, batch: BatchAnswer) -> Outcome:
        now = self._now()
        self.planner.batch_limit = self._source.batch_limit
        self._log_refused(batch.refused)
        outcome = polls.answered(self.monitor, self.planner, batch, now=now)
        self._setbacks.tell(outcome, answered=batch.answers)
        self._log_crowded(outcome.crowded)
        if outcome.doubted:
            self._log.warning("mass_loss_doubted", extensions=len(outcome.doubted))
        if batch.answers and batch.failure is None:
            self.whole_poll_at = now.steady
        self._awaited.difference_update(set(batch.asked).difference(batch.failed_ids))
        self._note_sweep()
        self._log.debug(
            "polled",
            asked=len(batch.asked),
            answered=len(batch.answers),
            contradictions=batch.contradictions,
        )
        return outcome

    def _failed(self, ids: tuple[ExtensionId, ...], error: SourceError) -> Outcome:
        self._log.debug("poll_failed", reason=error.reason.value, error=str(error))
        return polls.failed(
            self.monitor,
            self.planner,
            ids,
            error.reason,
            str(error),
            retry_after=error.retry_after,
            now=self._now(),
        )

    def _note_sweep(self) -> None:
        if self._list_is_known and not self._awaited and not self.first_sweep_done:
            self.first_sweep_done = True
            self._on_stage(Stage.SWEPT)

    def _log_refused(self, refused: Collection[ExtensionId]) -> None:
        new = sorted(i for i in refused if i not in self.planner.quarantined)
        if new:
            listed = new[:LISTED_IN_A_LOG_LINE]
            self._log.warning("extensions_quarantined", count=len(new), extension_ids=listed)

    def _log_crowded(self, crowded: Collection[ExtensionId]) -> None:
        new = sorted(set(crowded) - self._crowded)
        if new:
            self._crowded.update(new)
            listed = new[:LISTED_IN_A_LOG_LINE]
            self._log.warning(
                "registrations_too_many",
                count=len(new),
                extension_ids=listed,
                compared=MOST_REGISTRATIONS,
            )

    async def _report_quota(self) -> None:
        until = self.planner.exhausted_until
        if (until is None) == (self.monitor.health.shortage is None):
            return
        now = self._now()
        age = self.planner.sweep_seconds(now=now.steady)
        told_until = None if until is None else now.time_of(until)
        await self._accept(self.monitor.quota_exhausted(told_until, age, now=now.wall))

    # --- time ----------------------------------------------------------------------------------

    def _now(self) -> Now:
        return Now(self._steady(), self._clock())

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._note_pace(self._steady())
            tick = self.monitor.tick(sweep_seconds=self.sweep_seconds, now=self._clock())
            await self._accept(tick)

    def _note_pace(self, now: Instant) -> None:
        """Say so, once, when the quota makes answers older than the interval asks for."""
        self.sweep_seconds = self.planner.sweep_seconds(now=now)
        interval = self.planner.policy.interval
        was_slow, is_slow = self._is_slow, self.sweep_seconds > SLOW * interval
        if is_slow and not was_slow:
            self._log.warning(
                "polling_slowed",
                answers_up_to=humanise(self.sweep_seconds),
                interval=humanise(interval),
                reason="the hourly request quota leaves too few requests",
            )
        self._is_slow = self.sweep_seconds > interval if was_slow else is_slow
        if was_slow and not self._is_slow:
            self._log.info("polling_at_full_pace", interval=humanise(interval))

    # --- the list ------------------------------------------------------------------------------

    async def _discover_forever(self) -> None:
        discovery = self._selection.discovery
        if discovery is None:
            await self._take_over(Listing((), complete=True))
            return
        while True:
            done = await self._discover(discovery)
            await asyncio.sleep(discovery.every_seconds if done else self._discovery_pause())

    def _discovery_pause(self) -> float:
        """After a failure: as long as the planner asks nothing, since each page costs quota."""
        quiet_until = max(self.planner.blocked_until, self.planner.exhausted_until or 0.0)
        return max(DISCOVERY_RETRY_SECONDS, quiet_until - self._steady())

    async def _discover(self, discovery: Discovery) -> bool:
        if self._list_is_known and self.planner.left(now=self._steady()) < 1:
            return False  # what is left is others'
        try:
            listing = await self._source.extensions(type=discovery.type, status=discovery.status)
        except SourceError as error:
            now = self._now()
            self.planner.slow_down(error.reason, now=now.steady, retry_after=error.retry_after)
            await self._accept(self.monitor.failed(error.reason, str(error), now=now.wall))
            return False
        await self._take_over(listing)
        return listing.complete

    async def _take_over(self, listing: Listing) -> None:
        """In pieces: a list may be long, and the polls go on."""
        listed: set[ExtensionId] = set()
        unlisted = self._selection.unlisted({e.id for e in listing.extensions})
        for piece in batched(chain(listing.extensions, unlisted), PIECE):
            wanted = [e for e in piece if self._selection.wants(e)]
            listed.update(extension.id for extension in wanted)
            outcome = self.monitor.watch(map(self._known, wanted), now=self._clock())
            self._plan(extension.id for extension in wanted)
            await self._accept(outcome)
            await asyncio.sleep(0)
        if listing.complete:
            await self._drop(self.monitor.listed(listed, now=self._clock()))
        self._list_is_known = True
        self._note_sweep()
        self._log.info("extensions_listed", watched=len(listed), complete=listing.complete)

    def _known(self, extension: Extension) -> Extension:
        """As it was named before, if all that is known now is its id."""
        watched = self.monitor.roster.by_id.get(extension.id)
        return watched.extension if watched and not extension.name else extension

    async def _drop(self, outcome: Outcome) -> None:
        self._setbacks.forget(outcome.removed)
        self.planner.forget(outcome.removed)
        self._awaited.difference_update(outcome.removed)
        await self._accept(outcome)

    async def _plan_restored(self) -> None:
        for piece in batched(list(self.monitor.roster.active_ids()), PIECE):
            self._plan(piece)
            await asyncio.sleep(0)

    def _plan(self, ids: Iterable[ExtensionId]) -> None:
        new, aside = polls.watch(self.monitor, self.planner, ids, now=self._now())
        self._setbacks.tell(Outcome(set_aside=aside))
        if not self.first_sweep_done:
            self._awaited.update(new)
        self._changed.set()

    async def _accept(self, outcome: Outcome) -> None:
        self._setbacks.tell(outcome)
        try:
            self._on_outcome(self.monitor.account, outcome)
        except Exception as error:  # noqa: BLE001 - a guard: it is stored and told all the same
            if self._setbacks.is_new(error):
                self._log.error("outcome_listener_bug", exc_info=error)
        try:
            await self._keeper.keep(outcome)
        except Exception as error:  # noqa: BLE001 - a guard: the next polls come
            if self._setbacks.is_new(error):
                self._log.error("outcome_not_kept", exc_info=error)
