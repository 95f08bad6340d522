"""One account as the outside meets it: what to ask next, what came of it, what time brings.

It decides, and does nothing: whoever drives it (the watcher, a replay, a simulation) does as `next`
says, and hands back what came of that. Two parts meet here that know nothing of each other: the
monitor learns from answers, the planner says whom to ask.

The driver's rules:

* `begin` first, once what was stored is restored.
* `next` whenever something came to its end, and at the time that it named.
* Each `Ask` and each `AskList` ends with `answered`, `listed` or `failed`.
* `tick` every second or so.
* Every outcome is stored and told, in order.
* `clock_set` when the wall clock was set, to its end before anything else.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from regwatch.core.bugs import SetAside, Where
from regwatch.core.heartbeat import Pulse
from regwatch.core.model import (
    FAR_OFF,
    AccountName,
    BatchAnswer,
    Extension,
    ExtensionId,
    Incident,
    IncidentId,
    Instant,
    Listing,
    Now,
    Quota,
    Timestamp,
)
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Listed, Outcome
from regwatch.core.polling.agenda import Purpose
from regwatch.core.polling.first_sweep import FirstSweep
from regwatch.core.polling.list_reading import ListRead, ListReading
from regwatch.core.polling.pace import Pace
from regwatch.core.polling.planner import Ask, Planner, Wait
from regwatch.core.polling.progress import Progress
from regwatch.core.polling.selection import Selection
from regwatch.core.polling.window import Allowance
from regwatch.core.steps import AskList, Failure, Tell
from regwatch.core.watches.api_health import Shortage

T = TypeVar("T")
GAP_SECONDS = 30.0
"""Without a look: the machine, or the process, was stopped. Far above what a busy loop takes."""
PIECE = 500
"""Extensions taken over in one go; then whoever drives the account may do something else."""


class Account:
    """One account, watched."""

    def __init__(
        self,
        monitor: Monitor,
        planner: Planner,
        selection: Selection,
        *,
        list_read: ListRead | None = None,
    ) -> None:
        """`list_read`: what another one read of the same PBX."""
        self.monitor = monitor
        self.planner = planner
        self._selection = selection
        discovery = selection.discovery
        self._list = ListReading(None if discovery is None else discovery.every_seconds)
        self.list_read = list_read
        """The last whole one; None: none was read yet."""
        self._sweep = FirstSweep()
        self._pace = Pace(planner.policy.interval)
        self._progress = Progress()
        self._crowded: set[ExtensionId] = set()
        """Of whom was said already that not all their registrations are compared."""
        self._last: Now | None = None
        """When the last answer, failure or tick came."""
        self._awoken: list[Incident] = []
        """Incidents that a gap moved, until they are told with the next tick."""

    # --- what to do ----------------------------------------------------------------------------

    def begin(self, *, now: Now) -> Iterator[Outcome]:
        """Plan for those restored, and watch those for whom no list is to be read; in pieces."""
        for piece in _pieces(list(self.monitor.roster.active_ids())):
            yield Outcome(set_aside=self._plan(piece, now))
        discovery, read = self._selection.discovery, self.list_read
        if discovery is None:
            yield from self.listed(Listing((), complete=True), now=now)
        elif read is not None and read.serves(discovery, now=now.steady):
            self._list.begin()
            yield from self._take_list(read.listing, now, read_at=read.at)

    def next(self, *, now: Now) -> Ask | AskList | Tell | Wait:
        """What is to be done now; a wait says when to ask again, if nothing comes to its end before
        that.
        """
        discovery = self._selection.discovery
        if discovery is not None and self._may_list(now.steady):
            self._list.begin()
            return AskList(discovery)
        step = self.planner.next(now=now.steady)
        if isinstance(step, Ask):
            return step
        shortage = self._shortage(now)
        if shortage is not None:
            return Tell(shortage)
        self._note_plan(step.until, now.steady)
        until = min(self._list.due_at, FAR_OFF if step.until is None else step.until)
        return Wait(None if until == FAR_OFF else Instant(until))

    def _may_list(self, now: Instant) -> bool:
        if now < self._list.due_at:
            return False
        is_of_others = self.planner.pacer.left(now=now) < 1
        if self._sweep.list_is_known and is_of_others:
            self._put_off_list(now)
            return False
        return True

    def _put_off_list(self, now: Instant) -> None:
        shortage = self.planner.shortage(now=now)
        until = Instant(0.0) if shortage is None else shortage.until
        self._list.put_off(max(self.planner.blocked_until, until), now=now)

    def _shortage(self, now: Now) -> Outcome | None:
        """That the quota leaves us nothing, or does again; None if both is known."""
        found, told = self.planner.shortage(now=now.steady), self.monitor.health.shortage
        if found is None:
            return None if told is None else self.monitor.quota_exhausted(None, now=now.wall)
        if told is not None and (found.pause is None) == (told.pause is None):
            return None
        age = self.planner.sweep_seconds(now=now.steady)
        until = now.time_of(found.until)
        shortage = Shortage(now.wall, until, age, found.remaining, found.pause)
        return self.monitor.quota_exhausted(shortage, now=now.wall)

    def _note_plan(self, until: Instant | None, now: Instant) -> None:
        if until is not None and self.planner.is_too_far(until, now=now):
            self._progress.lose()
        elif until is not None:
            self._progress.expect(until)
        elif self.planner.is_idle:
            self._progress.expect_nothing()

    # --- what came of it -----------------------------------------------------------------------

    def answered(self, batch: BatchAnswer, *, batch_limit: int | None = None, now: Now) -> Outcome:
        """A poll brought answers, though perhaps not all. `batch_limit`: the most ids in a request
        that the PBX was found to take.
        """
        self._look(now)
        steady, failed_ids = now.steady, batch.failed_ids
        if batch_limit is not None:
            self.planner.batch_limit = batch_limit
        self.planner.finished(
            batch.asked,
            failure=batch.failure,
            unanswered=failed_ids,
            retry_after=batch.retry_after,
            now=steady,
        )
        quarantined = self.planner.quarantine(batch.refused, now=steady)
        outcome = self.monitor.observe(batch, now=now.wall)
        aside = self._appoint(batch.answers, now)
        self.planner.confirm(outcome.wanted, Purpose.PLACE)
        self._progress.expect(steady)
        if batch.answers and batch.failure is None:
            self._progress.whole_poll_at = steady
        self._sweep.cross_off(set(batch.asked).difference(failed_ids))
        return replace(
            outcome,
            set_aside=[*outcome.set_aside, *aside],
            crowded=self._newly_crowded(outcome.crowded, batch.answers),
            quarantined=quarantined,
            is_swept=self._sweep.ends(),
        )

    def _newly_crowded(
        self, crowded: Collection[ExtensionId], answered: Iterable[ExtensionId]
    ) -> Sequence[ExtensionId]:
        if not crowded and not self._crowded:
            return ()
        before, now = self._crowded, set(crowded)
        self._crowded = before.difference(answered) | now
        return sorted(now - before)

    def failed(self, asked: Ask | AskList, failure: Failure, *, now: Now) -> Outcome:
        """What was asked for brought nothing at all."""
        self._look(now)
        steady, reason, retry_after = now.steady, failure.reason, failure.retry_after
        if isinstance(asked, AskList):
            self.planner.slow_down(reason, now=steady, retry_after=retry_after)
            self._put_off_list(steady)
        else:
            self.planner.finished(
                asked.ids, failure=reason, unanswered=asked.ids, retry_after=retry_after, now=steady
            )
            self._progress.expect(steady)
        return self.monitor.failed(reason, failure.detail, now=now.wall)

    def listed(self, listing: Listing, *, now: Now) -> Iterator[Outcome]:
        """Take over the PBX's list, and the explicit ids that it does not name: in pieces, since it
        may be long, and the polls are to go on meanwhile.
        """
        yield from self._take_list(listing, now, read_at=None)

    def _take_list(
        self, listing: Listing, now: Now, *, read_at: Instant | None
    ) -> Iterator[Outcome]:
        """`read_at`: None: just now."""
        listed: set[ExtensionId] = set()
        is_list = self._selection.discovery is not None
        named = {extension.id for extension in listing.extensions} if is_list else None
        unlisted = self._selection.unlisted({e.id for e in listing.extensions})
        for piece in _pieces([*listing.extensions, *unlisted]):
            wanted = [e for e in piece if self._selection.wants(e)]
            listed.update(extension.id for extension in wanted)
            yield self._watch(wanted, self._latest(now))
        now = self._latest(now)
        self._sweep.list_is_known = True
        last = Outcome()
        if listing.complete:
            self._note_list(listing, now.steady if read_at is None else read_at)
            last = self.monitor.listed(listed, named=named, now=now.wall)
            self.planner.confirm(last.wanted, Purpose.PLACE)
            self.planner.forget(last.removed)
            self._sweep.cross_off(last.removed)
            self._crowded.difference_update(last.removed)
        else:
            self._put_off_list(now.steady)
        yield replace(
            last,
            listed=Listed(len(listed), listing.complete),
            is_swept=self._sweep.ends(),
        )

    def _note_list(self, listing: Listing, read_at: Instant) -> None:
        self._list.done(read_at=read_at)
        if (discovery := self._selection.discovery) is not None:
            self.list_read = ListRead(discovery, listing, read_at)

    def _watch(self, wanted: Sequence[Extension], now: Now) -> Outcome:
        outcome = self.monitor.watch(map(self._known, wanted), now=now.wall)
        aside = self._plan((extension.id for extension in wanted), now)
        return replace(outcome, set_aside=[*outcome.set_aside, *aside])

    def _latest(self, begun: Now) -> Now:
        """The present of a piece: whoever takes the pieces lets others come in between, and nothing
        is to be judged by an earlier time than what they brought.
        """
        last = self._last
        return begun if last is None or last.steady < begun.steady else last

    def _known(self, extension: Extension) -> Extension:
        """As it was named before, if all that is known now is its id."""
        watched = self.monitor.roster.by_id.get(extension.id)
        return watched.extension if watched and not extension.name else extension

    def request_made(self, quota: Quota | None, *, now: Now) -> None:
        """A request of ours was made, whatever it was for, and its answer's headers said this."""
        self.planner.request_made(now=now.steady)
        if quota is not None:
            self.planner.quota_seen(Allowance.of(quota, now=now))

    # --- whom to ask when ----------------------------------------------------------------------

    def _plan(self, ids: Iterable[ExtensionId], now: Now) -> list[SetAside]:
        """These are to be asked, where they stand by their last answers; returns whom a bug kept
        from an appointment.
        """
        by_id = self.monitor.roster.by_id
        answered_at = {i: _past(by_id[i].answered_at, now) for i in ids if i in by_id}
        new = self.planner.watch(answered_at)
        self._sweep.wait_for(new)
        return self._appoint(new, now)  # what was restored has leases that go on

    def _appoint(self, ids: Iterable[ExtensionId], now: Now) -> list[SetAside]:
        """Ask each when its answer will tell something. One for whom a bug keeps that from being
        known is asked in its turn.
        """
        aside = []
        for extension_id in ids:
            try:
                appointment = self.monitor.next_appointment(extension_id, now=now)
                self.planner.appoint(extension_id, appointment)
            except Exception as error:  # noqa: BLE001 - a guard: the others are to be asked for
                aside.append(SetAside(extension_id, error, Where.ANSWER))
                self.planner.appoint(extension_id, None)
        return aside

    # --- time, and people ----------------------------------------------------------------------

    def tick(self, *, now: Now) -> Outcome:
        """What time alone brings."""
        self._look(now)
        turn = self._pace.look(self.planner.sweep_seconds(now=now.steady))
        outcome = self.monitor.tick(sweep_seconds=self._pace.sweep_seconds, now=now.wall)
        self.planner.confirm(outcome.wanted, Purpose.PLACE)
        awoken, self._awoken = self._awoken, []
        return replace(outcome, pace=turn, moved=awoken)

    def clock_set(self, by: float) -> Iterator[Outcome]:
        """The wall clock was set forward by so many seconds. In pieces, since much may be held; all
        else waits until the last of them.
        """
        self._awoken.clear()  # they are told anew with all the others
        if self._last is not None:
            self._last = Now(self._last.steady, Timestamp(self._last.wall + by))
        return self.monitor.clock_set(by)

    def _look(self, now: Now) -> None:
        """What nobody saw for so long tells nothing by that: a gap is no silence."""
        last, self._last = self._last, now
        seconds = 0.0 if last is None else now.steady - last.steady
        if seconds > GAP_SECONDS:
            self._progress.slept(seconds)
            self._awoken.extend(self.monitor.slept(seconds))

    def acknowledge(
        self, incident_id: IncidentId, by: str, comment: str, *, now: Now
    ) -> Outcome | None:
        """Somebody is at it: nobody is reminded. None if no such incident is open."""
        return self.monitor.acknowledge(incident_id, by, comment, now=now.wall)

    # --- how it goes ---------------------------------------------------------------------------

    @property
    def name(self) -> AccountName:
        """The account's name."""
        return self.monitor.account

    @property
    def first_sweep_done(self) -> bool:
        """Whether every extension was asked for since the start."""
        return self._sweep.is_done

    @property
    def sweep_seconds(self) -> float:
        """How long a sweep takes at the present pace: so old answers get."""
        return self._pace.sweep_seconds

    @property
    def ids_asked(self) -> Mapping[Purpose, int]:
        """For what extensions were asked since the start, how often."""
        return {purpose: self.planner.asked[purpose] for purpose in Purpose}

    def is_stalled(self, *, now: Instant) -> bool:
        """Whether neither a poll ended nor one was planned for far too long, or the next one is
        planned too far ahead: what the service manager's watchdog is told of.
        """
        return self._progress.is_stalled(now=now)

    def pulse(self, *, now: Instant) -> Pulse:
        """How its polling goes."""
        pause = max(self.planner.policy.interval, self.planner.spacing(now=now) or 0.0)
        return Pulse(
            self.name, self._progress.whole_poll_at, pause, self._progress.is_stalled(now=now)
        )


def _past(at: Timestamp | None, now: Now) -> Instant | None:
    """A time in the future was stamped by a clock that was wrong, or is now."""
    return None if at is None else min(now.instant_of(at), now.steady)


def _pieces(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[begin : begin + PIECE] for begin in range(0, len(items), PIECE))
