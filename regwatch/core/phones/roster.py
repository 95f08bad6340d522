"""All watched extensions of an account, counted as they change.

Counts are kept, not computed: a scrape at 100,000 extensions reads them in no time.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import chain

from regwatch.core.model import (
    Extension,
    ExtensionId,
    ExtensionState,
    Registration,
    Timestamp,
    Watched,
)

SET_ASIDE = "set_aside"
"""The reason of one whose answer we could not take in."""


class Roster:
    """The extensions by id, with their counts and the order in which they were answered."""

    def __init__(self) -> None:
        self.by_id: dict[ExtensionId, Watched] = {}
        self.states: Counter[tuple[str, ExtensionState]] = Counter()
        """How many extensions by site and state; counted here only."""
        self.registrations: Counter[str] = Counter()
        """How many active registrations by site; counted here only."""
        self._fresh_since: dict[ExtensionId, Timestamp] = {}  # longest ago first
        self._stale: dict[ExtensionId, None] = {}  # longest ago first
        self._unanswered: dict[ExtensionId, None] = {}
        self._put_off = 0.0
        """How much the wall clock is ahead of the one by which answers age."""
        self._removed: dict[ExtensionId, None] = {}  # longest ago first

    @property
    def unanswered(self) -> int:
        """How many were never answered."""
        return len(self._unanswered)

    @property
    def registered(self) -> int:
        """How many are registered, by their last answers."""
        there = (ExtensionState.REGISTERED, ExtensionState.OVERDUE)
        return sum(number for (_, state), number in self.states.items() if state in there)

    def add(self, watched: Watched, *, now: Timestamp) -> None:
        """Begin to watch; its answer counts as fresh from now on, however old it is."""
        self.by_id[watched.extension.id] = watched
        self._count(watched, +1)
        self._fresh_since[watched.extension.id] = self._of_age(now)
        if watched.answered_at is None:
            self._unanswered[watched.extension.id] = None

    def rename(self, extension: Extension, site: str) -> bool:
        """Take over what the PBX's list says of it; whether anything changed."""
        watched = self.by_id[extension.id]
        if watched.extension == extension and watched.site == site:
            return False
        self._count(watched, -1)
        watched.extension, watched.site = extension, site
        self._count(watched, +1)
        return True

    def answer(
        self, watched: Watched, registrations: tuple[Registration, ...], site: str, now: Timestamp
    ) -> None:
        """Take over what was just answered."""
        extension_id = watched.extension.id
        if registrations is not watched.registrations or site != watched.site:
            self._count(watched, -1)
            watched.registrations, watched.site = registrations, site
            self._count(watched, +1)
        if watched.first_answered_at is None:
            watched.first_answered_at = now
            self._unanswered.pop(extension_id, None)
        watched.answered_at = now
        if registrations:
            watched.last_registered_at = now
        self._stale.pop(extension_id, None)
        self._fresh_since.pop(extension_id, None)
        self._fresh_since[extension_id] = self._of_age(now)

    def set_state(
        self, watched: Watched, state: ExtensionState, reason: str, since: Timestamp
    ) -> None:
        """Enter a state; nothing happens if it is in it."""
        if watched.state is state:
            return
        self.states[watched.site, watched.state] -= 1
        watched.state, watched.reason, watched.since = state, reason, since
        self.states[watched.site, state] += 1

    def set_aside(self, watched: Watched, before: Watched, *, now: Timestamp) -> None:
        """Take back half an answer: what it was before stays the last that is known of it, yet
        nobody knows how it is now. That it was answered counts: the PBX is not to blame.
        """
        extension_id, since = watched.extension.id, before.since
        if before.reason != SET_ASIDE:
            since = now
        self._count(watched, -1)
        for field in Watched.__struct_fields__:
            setattr(watched, field, getattr(before, field))
        watched.state, watched.reason, watched.since = ExtensionState.UNKNOWN, SET_ASIDE, since
        self._count(watched, +1)
        if watched.answered_at is None:
            self._unanswered[extension_id] = None
        self._stale.pop(extension_id, None)
        self._fresh_since.pop(extension_id, None)
        self._fresh_since[extension_id] = self._of_age(now)

    def retire(self, watched: Watched, *, now: Timestamp) -> None:
        """Gone from the PBX's list: still shown for a while, no longer asked for."""
        self._count(watched, -1)
        watched.registrations = ()
        self._count(watched, +1)
        self.set_state(watched, ExtensionState.REMOVED, "removed", now)
        self._leave_queues(watched.extension.id)
        self._removed[watched.extension.id] = None

    def forget(self, watched: Watched) -> None:
        """Drop it wholly."""
        self._count(watched, -1)
        self._leave_queues(watched.extension.id)
        del self.by_id[watched.extension.id]

    def forget_removed(self, *, before: Timestamp) -> None:
        """Drop those that were removed before then."""
        while self._removed:
            watched = self.by_id[next(iter(self._removed))]
            if watched.since is not None and watched.since >= before:
                return
            self.forget(watched)

    def age(self, *, before: Timestamp, most: int) -> Sequence[Watched]:
        """Turn those stale whose answer is older than that, so many at most; returns them."""
        aged: list[Watched] = []
        before = self._of_age(before)
        for extension_id, since in self._fresh_since.items():
            if since >= before or len(aged) >= most:
                break
            aged.append(self.by_id[extension_id])
        for watched in aged:
            del self._fresh_since[watched.extension.id]
            self._stale[watched.extension.id] = None
        return aged

    def put_off(self, seconds: float) -> None:
        """Answers are so much younger than the wall clock says: it was set, or nobody looked."""
        self._put_off += seconds

    def _of_age(self, at: Timestamp) -> Timestamp:
        return Timestamp(at - self._put_off)

    @property
    def stale(self) -> Collection[ExtensionId]:
        """Those whose answer has grown too old."""
        return self._stale.keys()

    def oldest_answer_at(self) -> Timestamp | None:
        """When the longest-unanswered extension was last answered; None if one never was."""
        if self._unanswered:
            return None
        oldest = next(chain(self._stale, self._fresh_since), None)
        return None if oldest is None else self.by_id[oldest].answered_at

    def active_ids(self) -> Iterable[ExtensionId]:
        """All that are to be asked for."""
        return chain(self._stale, self._fresh_since)

    def _leave_queues(self, extension_id: ExtensionId) -> None:
        for queue in (self._fresh_since, self._stale, self._unanswered, self._removed):
            queue.pop(extension_id, None)

    def _count(self, watched: Watched, sign: int) -> None:
        self.states[watched.site, watched.state] += sign
        self.registrations[watched.site] += sign * len(watched.registrations)
