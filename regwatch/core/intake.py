"""Taking in answers: each is compared with the one before, and shown to all that watch.

A bug of ours met by one answer sets that extension aside, as unknown, and is taken back: it must
neither end the watching nor leave half an answer for the next one to be compared with.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import islice, takewhile

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.clock_steps import moved
from regwatch.core.durations import humanise
from regwatch.core.expectations import Expectations
from regwatch.core.model import (
    Answer,
    ExtensionId,
    ExtensionState,
    Registration,
    RegistrationId,
    Timestamp,
    Watched,
)
from regwatch.core.outcome import Gathered
from regwatch.core.phones.crowds import is_crowded, thinned
from regwatch.core.phones.deletions import Deletions
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.doubt import Doubt, Standing, Weighed, judge, weigh
from regwatch.core.phones.gaps import Gaps
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Memory
from regwatch.core.phones.observation import Observation, compare, undoubted
from regwatch.core.phones.presence import is_bare
from regwatch.core.phones.roster import Roster
from regwatch.core.phones.slow_answers import steadied
from regwatch.core.phones.warned import LAST_OF_ONE, TrackRecord
from regwatch.core.phones.warning_ends import warning_ends
from regwatch.core.remarks import Remark, Untold
from regwatch.core.sites import Sites
from regwatch.core.watches.phone_watch import PhoneWatch
from regwatch.core.watches.presence_watch import PresenceWatch
from regwatch.core.watches.restarts import Restarts
from regwatch.core.watches.site_watch import SiteWatch

NOTHING_WEIGHED = Weighed()
MOST_BELIEVED = 500
"""Of those that could not be asked again, in one step."""
ASKED_AGAIN = "gone while its lease ran on: it is asked again before anybody is told"
AMONG_MANY = "many vanished at once: it is looked at what that is before any of them is told"


class Watches(Struct, frozen=True):
    """All that look at each answer, in the order in which they do."""

    restarts: Restarts
    presence: PresenceWatch
    places: SiteWatch
    phones: PhoneWatch

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        yield from self.restarts.clock_set(by)
        yield from self.places.clock_set(by)
        yield from self.phones.clock_set(by)


class _Known(Struct, frozen=True, gc=False):
    """What was known before an answer: what a bug met by it takes us back to."""

    before: Watched
    memory: Memory


class _Taken(Struct, frozen=True):
    """An answer that was taken in, until all others of its batch were."""

    watched: Watched
    seen: Observation
    is_explained: bool


class Intake:
    """Where the answers of one account come in."""

    def __init__(
        self,
        roster: Roster,
        sites: Sites,
        expectations: Expectations,
        models: DeviceModels,
        record: TrackRecord,
        watches: Watches,
        *,
        learn_after: int,
    ) -> None:
        """`record`: what became of warnings; `learn_after`: refreshes after which a habit is good
        enough for them, and tells of its device's model.
        """
        self._roster = roster
        self._sites = sites
        self._expectations = expectations
        self._models = models
        self._record = record
        self._watches = watches
        self._learn_after = learn_after
        self._memories: dict[ExtensionId, Memory] = {}
        self.doubts: dict[ExtensionId, Doubt] = {}
        """The answers that are not believed yet, the oldest first."""
        self._deletions = Deletions()
        self.gaps = Gaps()
        """When nobody could look."""

    def memory(self, extension_id: ExtensionId) -> Memory:
        """What is remembered of an extension."""
        return self._memories.get(extension_id, NOTHING_REMEMBERED)

    @property
    def unconfirmed(self) -> int:
        """How many were missing from their last answer, and could not be asked again yet."""
        return len(self.doubts)

    def deleting(self, registration_ids: Iterable[RegistrationId], *, now: Timestamp) -> None:
        """We are about to delete these ourselves: their absence is our own doing."""
        self._deletions.announced(registration_ids, now=now)

    def not_deleting(self, registration_ids: Iterable[RegistrationId]) -> None:
        """It came to nothing."""
        self._deletions.ended(registration_ids)

    def restore(self, watched: Watched, memory: Memory, *, now: Timestamp) -> None:
        """What was remembered before a restart of ours."""
        self.gaps.restored(watched.answered_at)
        self._watches.places.restore(watched, memory, now=now)
        if memory == NOTHING_REMEMBERED:
            return
        if memory.lately is not None:
            self._watches.phones.restore(watched.extension.id, memory.lately)
            memory = replace(memory, lately=None)
        if memory.doubt is not None:
            self.doubts[watched.extension.id] = memory.doubt
        self._watches.restarts.restore(watched, memory, now=now)
        self._record.add(memory.warned)
        self._learn_models(watched.extension.id, watched.registrations, memory, now)
        self._memories[watched.extension.id] = memory

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds; extensions move singly, by `move`."""
        self._deletions.clock_set(by)
        self._record.clock_set(by)
        self.gaps.clock_set(by)

    def move(self, watched: Watched, by: float) -> None:
        """An extension moves along with the clock, and what is remembered of it."""
        moved(watched, by)
        memory = self._memories.get(watched.extension.id)
        if memory is not None:
            memory = self._memories[watched.extension.id] = moved(memory, by)
            if memory.doubt is not None:
                self.doubts[watched.extension.id] = memory.doubt

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        self._memories.pop(extension_id, None)
        self.doubts.pop(extension_id, None)
        self._models.forget(extension_id)
        self._expectations.forget(extension_id)
        self._watches.restarts.drop(extension_id)
        self._watches.places.forget(extension_id)
        self._watches.phones.forget(extension_id)

    # --- answers -------------------------------------------------------------------------------

    def take(
        self, answers: Mapping[ExtensionId, Answer], gathered: Gathered, *, now: Timestamp
    ) -> None:
        """Take in those that are believed."""
        self.gaps.answered(now=now)
        known, registered = self._roster.by_id, self._roster.registered
        weighed = weigh(answers, known, self.doubts, registered=registered)
        if weighed.is_mass:
            self._watches.restarts.suspect(now=now)
        each = list(answers.values())
        if weighed.confirms_mass:  # first those who show that it is one: it explains the others
            each.sort(key=lambda answer: not self._is_of_mass(answer.extension_id))
        self._settle([self._take_one(answer, weighed, gathered) for answer in each], gathered, now)

    def _is_of_mass(self, extension_id: ExtensionId) -> bool:
        doubt = self.doubts.get(extension_id)
        return doubt is not None and doubt.is_mass and not doubt.answer.registered

    def believe(self, gathered: Gathered, *, before: Timestamp, now: Timestamp) -> None:
        """Take in what was seen once by then and could not be asked again: it is told as such. So
        many at most; the others follow with the next.
        """
        oldest = takewhile(lambda doubt: doubt.at <= before, self.doubts.values())
        answers = [replace(d.answer, answered_at=now) for d in islice(oldest, MOST_BELIEVED)]
        if answers:
            taken = (self._take_one(a, NOTHING_WEIGHED, gathered, is_last=True) for a in answers)
            self._settle(list(taken), gathered, now)

    def _settle(self, taken: Sequence[_Taken | None], gathered: Gathered, now: Timestamp) -> None:
        # Only the whole answer tells whether what one phone does is explained by its place.
        with gathered.guarding():
            gathered.add(self._watches.places.judge(now=now))
            gathered.want(self._watches.places.take_wanted())
        for each in filter(None, taken):
            self._look_at_phone(each, gathered)

    def _take_one(
        self, answer: Answer, weighed: Weighed, gathered: Gathered, *, is_last: bool = False
    ) -> _Taken | None:
        """None: it is not watched, not believed, or a bug was met by it. `is_last`: no other answer
        can be had.
        """
        extension_id = answer.extension_id
        watched = self._roster.by_id.get(extension_id)
        if watched is None or watched.state is ExtensionState.REMOVED:
            return None
        if is_bare(answer, watched) and extension_id not in self.doubts:
            self._roster.answer(watched, watched.registrations, watched.site, answer.answered_at)
            return None
        known = _Known(copy(watched), self.memory(extension_id))
        losses = len(gathered.losses)
        try:
            if extension_id in weighed.unweighed:
                raise weighed.unweighed[extension_id]
            seen = self._compared(known, answer, gathered)
            if not self._is_believed(seen, weighed, gathered, is_last=is_last):
                return None
            doubt = known.memory.doubt
            is_mass = doubt is not None and doubt.is_mass and weighed.confirms_mass
            seen = undoubted(seen, is_last=is_last)
            return self._observe(watched, seen, gathered, is_mass=is_mass)
        except Exception as error:  # noqa: BLE001 - the guard of an answer: the others go on
            gathered.put_aside(extension_id, gathered.losses[losses:], error)
            self._take_back(watched, known.before, known.memory, now=answer.answered_at)
            return None

    def _compared(self, known: _Known, answer: Answer, gathered: Gathered) -> Observation:
        if is_crowded(answer):
            gathered.crowded.append(answer.extension_id)
            answer = thinned(answer, known.before)
        answer = steadied(answer, known.before)
        deleted = self._deletions.excusing(answer)
        return compare(known.before, known.memory, answer, deleted=deleted)

    def _is_believed(
        self, seen: Observation, weighed: Weighed, gathered: Gathered, *, is_last: bool
    ) -> bool:
        extension_id, doubt = seen.extension_id, seen.remembered.doubt
        looked = self.gaps.looked_until(seen.before.answered_at, now=seen.at)
        standing = judge(seen.changes, doubt, seen.after, weighed, looked=looked)
        if standing is Standing.DOUBTED and not is_last:
            if doubt is None:
                doubt = Doubt(seen.after, weighed.is_mass)
                self._memories[extension_id] = replace(seen.remembered, doubt=doubt)
                self.doubts[extension_id] = doubt
                gathered.touched[extension_id] = None
                gathered.add([Remark(Untold.SEEN_ONCE, extension_id, seen.at, ASKED_AGAIN)])
            gathered.doubted.append(extension_id)
            return False
        self.doubts.pop(extension_id, None)
        if standing is Standing.REFUTED and doubt is not None:
            after = f"there {humanise(seen.at - doubt.at)} after it was missing from one answer"
            gathered.add([Remark(Untold.CONFIRMED_BACK, extension_id, seen.at, after)])
        return True

    def _observe(
        self, watched: Watched, seen: Observation, gathered: Gathered, *, is_mass: bool
    ) -> _Taken:
        extension_id, now, before = seen.extension_id, seen.at, seen.before
        restarts = self._watches.restarts
        seen = self._renamed(seen)
        restarts.answered(extension_id, seen.after, seen.remembered.loss, now=now)
        # Asked before anybody learns of the changes, and again when all have.
        is_explained = bool(seen.changes) and self._is_explained(watched, now)
        if seen.is_news or seen.memory is not seen.remembered:
            seen = self._noted(self._excused(seen, gathered, is_mass=is_mass))
            self._remember(seen)
        site = self._sites.now_of(before, seen.after)
        self._roster.answer(watched, seen.after.registrations, site, now)
        gathered.add(self._watches.presence.judge(watched, seen, now=now))
        gathered.saw(watched, seen)
        is_changed = seen.is_news or watched.state is not before.state
        if is_changed or self._watches.places.concerns(extension_id, now):
            self._look_at_place(watched, seen)
        return _Taken(watched, seen, is_explained)

    def _excused(self, seen: Observation, gathered: Gathered, *, is_mass: bool) -> Observation:
        """As one of many, if it is."""
        memory = self._watches.restarts.excuse(seen, self._models, is_mass=is_mass)
        if memory is seen.memory:
            return seen
        gathered.add([Remark(Untold.ONE_OF_MANY, seen.extension_id, seen.at, AMONG_MANY)])
        return replace(seen, memory=memory)

    def _renamed(self, seen: Observation) -> Observation:
        """Its loss, by what was concluded since of the many that it is one of."""
        loss = seen.memory.loss
        if loss is None or loss.awaited_until is None:
            return seen
        renamed = self._watches.restarts.renamed(seen.extension_id, loss)
        if renamed is loss:
            return seen
        return replace(seen, memory=replace(seen.memory, loss=renamed))

    def _remember(self, seen: Observation) -> None:
        self._memories[seen.extension_id] = seen.memory
        held = seen.after.registrations
        self._learn_models(seen.extension_id, held, seen.memory, seen.at)

    def _learn_models(
        self,
        extension_id: ExtensionId,
        held: Sequence[Registration],
        memory: Memory,
        now: Timestamp,
    ) -> None:
        after = self._learn_after
        self._models.learn(extension_id, held, memory.habits, after=after, now=now)

    def _noted(self, seen: Observation) -> Observation:
        """With what became of warnings that this answer has ended."""
        ended = tuple(warning_ends(seen, self._models, learn_after=self._learn_after))
        if not ended:
            return seen
        self._record.add(ended)
        warned = (*seen.memory.warned, *ended)[-LAST_OF_ONE:]
        return replace(seen, memory=replace(seen.memory, warned=warned))

    def _look_at_place(self, watched: Watched, seen: Observation) -> None:
        now = seen.at
        is_expected = self._expectations.since(watched.extension, now=now) is not None
        is_awaited = self._watches.restarts.awaits(watched.extension.id)
        self._watches.places.answered(
            watched,
            seen.memory,
            has_own_reason=is_awaited or not is_expected,
            now=now,
        )

    def _look_at_phone(self, taken: _Taken, gathered: Gathered) -> None:
        watched, seen, now = taken.watched, taken.seen, taken.seen.at
        phones = self._watches.phones
        try:
            is_explained = taken.is_explained or (
                bool(seen.changes) and self._is_explained(watched, now)
            )
            steps = phones.answered(watched, seen.sighting, is_explained=is_explained, now=now)
            gathered.add(steps)
        except Exception as error:  # noqa: BLE001 - the guard of an answer, as above
            gathered.put_aside(seen.extension_id, seen.losses, error)
            self._take_back(watched, seen.before, seen.remembered, now=now)
            return
        self._deletions.ended(loss.registration.id for loss in seen.losses)

    def _is_explained(self, watched: Watched, now: Timestamp) -> bool:
        """Whether what it does has a cause that is known, or is of no consequence."""
        extension_id = watched.extension.id
        restarts, places = self._watches.restarts, self._watches.places
        if restarts.awaits(extension_id) or places.covers(extension_id, now):
            return True
        return self._expectations.since(watched.extension, now=now) is None

    def _take_back(
        self, watched: Watched, before: Watched, memory: Memory, *, now: Timestamp
    ) -> None:
        """As if nothing had been answered, but that it is unknown now."""
        extension_id = watched.extension.id
        self._roster.set_aside(watched, before, now=now)
        self._memories.pop(extension_id, None)
        if memory is not NOTHING_REMEMBERED:
            self._memories[extension_id] = memory
        if memory.doubt is not None:
            self.doubts[extension_id] = memory.doubt
        self._watches.phones.set_aside(extension_id)
