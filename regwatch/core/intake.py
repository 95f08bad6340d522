"""Taking in answers: each is compared with the one before, and shown to all that watch.

A bug of ours met by one answer sets that extension aside, as unknown, and is taken back: it must
neither end the watching nor leave half an answer for the next one to be compared with.
"""

from collections.abc import Iterable, Iterator
from copy import copy

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.clock_steps import moved
from regwatch.core.expectations import Expectations
from regwatch.core.model import (
    Answer,
    BatchAnswer,
    ExtensionId,
    ExtensionState,
    RegistrationId,
    Timestamp,
    Watched,
)
from regwatch.core.outcome import Gathered
from regwatch.core.phones.crowds import is_crowded, thinned
from regwatch.core.phones.deletions import Deletions
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.mass_doubt import Verdict
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Memory
from regwatch.core.phones.observation import Observation, compare
from regwatch.core.phones.roster import Roster
from regwatch.core.sites import Sites
from regwatch.core.watches.phone_watch import PhoneWatch
from regwatch.core.watches.presence_watch import PresenceWatch
from regwatch.core.watches.restarts import Restarts
from regwatch.core.watches.site_watch import SiteWatch


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
        watches: Watches,
        *,
        learn_after: int,
    ) -> None:
        """`learn_after`: refreshes after which a habit tells of its device's model."""
        self._roster = roster
        self._sites = sites
        self._expectations = expectations
        self._models = models
        self._watches = watches
        self._learn_after = learn_after
        self._memories: dict[ExtensionId, Memory] = {}
        self._deletions = Deletions()

    def memory(self, extension_id: ExtensionId) -> Memory:
        """What is remembered of an extension."""
        return self._memories.get(extension_id, NOTHING_REMEMBERED)

    def deleting(self, registration_ids: Iterable[RegistrationId], *, now: Timestamp) -> None:
        """We are about to delete these ourselves: their absence is our own doing."""
        self._deletions.announced(registration_ids, now=now)

    def not_deleting(self, registration_ids: Iterable[RegistrationId]) -> None:
        """It came to nothing."""
        self._deletions.ended(registration_ids)

    def restore(self, watched: Watched, memory: Memory, *, now: Timestamp) -> None:
        """What was remembered before a restart of ours."""
        self._watches.places.restore(watched, memory, now=now)
        if memory == NOTHING_REMEMBERED:
            return
        if memory.lately is not None:
            self._watches.phones.restore(watched.extension.id, memory.lately)
            memory = replace(memory, lately=None)
        self._watches.restarts.restore(watched, memory)
        self._models.learn(
            watched.registrations, NOTHING_REMEMBERED, memory, after=self._learn_after, now=now
        )
        self._memories[watched.extension.id] = memory

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds; extensions move singly, by `move`."""
        self._deletions.clock_set(by)

    def move(self, watched: Watched, by: float) -> None:
        """An extension moves along with the clock, and what is remembered of it."""
        moved(watched, by)
        memory = self._memories.get(watched.extension.id)
        if memory is not None:
            self._memories[watched.extension.id] = moved(memory, by)

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        self._memories.pop(extension_id, None)
        self._expectations.forget(extension_id)
        self._watches.restarts.drop(extension_id)
        self._watches.places.forget(extension_id)
        self._watches.phones.forget(extension_id)

    # --- answers -------------------------------------------------------------------------------

    def take(
        self, batch: BatchAnswer, verdict: Verdict, gathered: Gathered, *, now: Timestamp
    ) -> None:
        """Take in those that are believed."""
        taken = [self._take_one(answer, verdict, gathered) for answer in batch.answers.values()]
        # Only the whole answer tells whether what one phone does is explained by its place.
        with gathered.guarding():
            gathered.add(self._watches.places.judge(now=now))
            gathered.want(self._watches.places.take_wanted())
        for each in filter(None, taken):
            self._look_at_phone(each, gathered)

    def _take_one(self, answer: Answer, verdict: Verdict, gathered: Gathered) -> _Taken | None:
        """None: it is not watched, not believed, or a bug was met by it."""
        extension_id = answer.extension_id
        watched = self._roster.by_id.get(extension_id)
        if watched is None or watched.state is ExtensionState.REMOVED:
            return None
        if extension_id in verdict.doubted:
            return None
        known = _Known(copy(watched), self.memory(extension_id))
        is_mass, losses = extension_id in verdict.confirmed, len(gathered.losses)
        try:
            if extension_id in verdict.unweighed:
                raise verdict.unweighed[extension_id]
            return self._observe(watched, known, answer, gathered, is_mass=is_mass)
        except Exception as error:  # noqa: BLE001 - the guard of an answer: the others go on
            gathered.put_aside(extension_id, gathered.losses[losses:], error)
            self._take_back(watched, known.before, known.memory, now=answer.answered_at)
            return None

    def _observe(
        self, watched: Watched, known: _Known, answer: Answer, gathered: Gathered, *, is_mass: bool
    ) -> _Taken:
        extension_id, now, before = answer.extension_id, answer.answered_at, known.before
        if is_crowded(answer):
            gathered.crowded.append(extension_id)
            answer = thinned(answer, before)
        restarts = self._watches.restarts
        restarts.answered(extension_id, registered=answer.registered, now=now)
        seen = compare(before, known.memory, answer, deleted=self._deletions.excusing(answer))
        # Asked before anybody learns of the changes, and again when all have.
        is_explained = bool(seen.changes) and self._is_explained(watched, now)
        if seen.is_news:
            memory = restarts.excuse(seen, self._models, is_mass=is_mass)
            seen = seen if memory is seen.memory else replace(seen, memory=memory)
            self._remember(seen)
        site = self._sites.now_of(before, seen.after)
        self._roster.answer(watched, seen.after.registrations, site, now)
        gathered.add(self._watches.presence.judge(watched, seen, now=now))
        gathered.saw(watched, seen)
        is_changed = seen.is_news or watched.state is not before.state
        if is_changed or self._watches.places.concerns(extension_id, now):
            self._look_at_place(watched, seen)
        return _Taken(watched, seen, is_explained)

    def _remember(self, seen: Observation) -> None:
        self._memories[seen.extension_id] = seen.memory
        held = seen.after.registrations
        self._models.learn(held, seen.remembered, seen.memory, after=self._learn_after, now=seen.at)

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
        self._watches.phones.set_aside(extension_id)
