"""The loops of one account: do as it says, feed it what came of that, keep and tell the outcome."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum

import structlog

from regwatch.batching import unhurried
from regwatch.clock import Clock, SteadyClock
from regwatch.core.account import Account
from regwatch.core.bugs import Where
from regwatch.core.clock_steps import answers_by_now
from regwatch.core.model import (
    AccountName,
    ExtensionId,
    FailureReason,
    Incident,
    IncidentId,
    Instant,
    Now,
)
from regwatch.core.outcome import NOTHING_CAME, Outcome
from regwatch.core.polling.planner import Ask
from regwatch.core.steps import AskList, Failure, Tell
from regwatch.guard import Bugs, Guard, lived
from regwatch.sources.source import Source, SourceError
from regwatch.watcher.keeper import Keeper
from regwatch.watcher.telling import Telling

TICK_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 10.0
"""The longest sleep: a plan is looked at again, in case the machine slept meanwhile."""
A_BUG = Failure(FailureReason.BAD_ANSWER, "a bug in regwatch")

log = structlog.get_logger(__name__)


class Stage(StrEnum):
    """How far a watcher has got after its start."""

    RESTORED = "restored"
    SWEPT = "swept"
    """Every extension was asked for."""


OutcomeListener = Callable[[AccountName, Outcome], None]


class Watcher:
    """Watches one account until cancelled."""

    def __init__(
        self,
        account: Account,
        source: Source,
        keeper: Keeper,
        *,
        clock: Clock,
        steady: SteadyClock,
        on_outcome: OutcomeListener = lambda _account, _outcome: None,
        on_stage: Callable[[Stage], None] = lambda _stage: None,
        ticking: Guard | None = None,
    ) -> None:
        """`ticking`: guards the loop that time drives; the other one is the account's life."""
        self.account = account
        self._source = source
        self._keeper = keeper
        self._clock = clock
        self._steady = steady
        self._on_outcome = on_outcome
        self._on_stage = on_stage
        self._changed = asyncio.Event()
        self._moves: deque[Iterator[Outcome]] = deque()
        """What is still to be moved since the clock was set; nothing is decided before that."""
        self._moving = asyncio.Lock()
        self._moved: list[Outcome] = []
        """What was moved, and is not kept yet."""
        self._set_by = 0.0
        """By how much the clock was set since the start, in sum."""
        self._ticking = ticking or Guard("tick", Where.WATCH, Bugs(clock=clock))
        self._telling = Telling(account.name, self._ticking.bugs)
        self._log = log.bind(account=account.name)

    async def run(self) -> None:
        """Watch until cancelled; what is not stored by then is stored on the way out."""
        restored = await self._keeper.restore()
        if restored:
            self._log.info("state_restored", extensions=restored)
        try:
            await self._walk(self.account.begin(now=await self._present()))
            self._on_stage(Stage.RESTORED)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ticking.keep(self._tick_forever))
                await self._ask_forever(group)
        finally:
            await self._keeper.close()

    def forget_saves(self) -> None:
        """What was stored is gone: all that is known is to be stored again."""
        self._keeper.forget_saves()

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        """Somebody is at it; None if no such incident is open here."""
        now = await self._present()
        outcome = self.account.acknowledge(incident_id, by, comment, now=now)
        if outcome is None:
            return None
        await self._accept(outcome)
        return outcome.incidents[0]

    # --- asking --------------------------------------------------------------------------------

    async def _ask_forever(self, group: asyncio.TaskGroup) -> None:
        while True:
            # Cleared before the account is asked: what changes from now on is not slept over.
            self._changed.clear()
            step = self.account.next(now=await self._present())
            if isinstance(step, Ask):
                await self._keeper.caught_up()
                group.create_task(self._poll(step))
            elif isinstance(step, AskList):
                group.create_task(self._list(step))
            elif isinstance(step, Tell):
                await self._accept(step.outcome)
            else:
                await self._sleep_until(step.until)

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

    async def _poll(self, asked: Ask) -> None:
        asked_at, set_by = self._now(), self._set_by
        try:
            batch = await lived(self._source.registrations(asked.ids))
            now = await self._present()
            if self._set_by != set_by:
                batch = answers_by_now(batch, self._set_by - set_by, asked=asked_at, now=now)
            outcome = self.account.answered(batch, batch_limit=self._source.batch_limit, now=now)
        except Exception as error:  # noqa: BLE001 - the poll guard: whatever it was, the next comes
            await self._accept(await self._failed(asked, error))
            return
        self._changed.set()
        self._telling.tell_well(Where.POLL)
        self._log.debug(
            "polled",
            asked=len(batch.asked),
            answered=len(batch.answers),
            contradictions=batch.contradictions,
        )
        await self._accept(outcome, answered=batch.answers)

    async def _list(self, asked: AskList) -> None:
        try:
            listing = await lived(
                self._source.extensions(type=asked.of.type, status=asked.of.status)
            )
            await self._walk(self.account.listed(listing, now=await self._present()))
        except Exception as error:  # noqa: BLE001 - the same guard: the list is asked for again
            await self._accept(await self._failed(asked, error))

    async def _failed(self, asked: Ask | AskList, error: Exception) -> Outcome:
        if isinstance(error, SourceError):
            self._log.debug("poll_failed", reason=error.reason.value, error=str(error))
            failure = Failure(error.reason, str(error), error.retry_after)
        else:
            self._telling.tell_bug("poll_crashed", Where.POLL, error)
            failure = A_BUG
        outcome = self.account.failed(asked, failure, now=await self._present())
        self._changed.set()
        return outcome

    # --- what came of it -----------------------------------------------------------------------

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await self._accept(self.account.tick(now=await self._present()))
            moved, self._moved = self._moved, []
            async for outcome in unhurried(moved):
                await self._accept(outcome)

    async def _walk(self, outcomes: Iterator[Outcome]) -> None:
        """Piece by piece: the polls go on meanwhile."""
        while True:
            await self._settle()
            outcome = next(outcomes, None)
            if outcome is None:
                return
            self._changed.set()
            await self._accept(outcome)
            await asyncio.sleep(0)

    async def _accept(self, outcome: Outcome, answered: Collection[ExtensionId] = ()) -> None:
        self._telling.tell(outcome, answered=answered)
        if outcome.is_swept:
            self._on_stage(Stage.SWEPT)
        try:
            self._on_outcome(self.account.name, outcome)
        except Exception as error:  # noqa: BLE001 - a guard: it is stored and told all the same
            self._telling.tell_bug("outcome_listener_bug", Where.LISTENER, error)
        else:
            self._telling.tell_well(Where.LISTENER)
        try:
            await self._keeper.keep(outcome)
        except Exception as error:  # noqa: BLE001 - a guard: the next polls come
            self._telling.tell_bug("outcome_not_kept", Where.STATE, error)

    def _now(self) -> Now:
        return Now(self._steady(), self._clock())

    # --- clocks --------------------------------------------------------------------------------

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds: what is known moves along, before
        anything else is decided.
        """
        self._set_by += by
        self._moves.append(self.account.clock_set(by))

    async def _present(self) -> Now:
        """To decide something by, once all that is known stands by this setting of the clock."""
        await self._settle()
        return self._now()

    async def _settle(self) -> None:
        async with self._moving:
            while self._moves:
                async for outcome in unhurried(self._moves[0]):
                    if outcome is not NOTHING_CAME:
                        self._moved.append(outcome)
                self._moves.popleft()
