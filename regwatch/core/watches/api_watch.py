"""Turns what is known of the API's health into incidents."""

from collections.abc import Iterator

from regwatch.core.alerts.incidents import Step
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.model import BatchAnswer, ExtensionId, FailureReason, Timestamp
from regwatch.core.phones.roster import Roster
from regwatch.core.watches.api_health import ApiHealth


class ApiWatch:
    """One account's API, and what is told of it."""

    def __init__(self, health: ApiHealth, roster: Roster, incidents: OpenIncidents) -> None:
        self._health = health
        self._roster = roster
        self._incidents = incidents
        self._unspoken: set[ExtensionId] = set()

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        self._unspoken.discard(extension_id)

    def answered(self, batch: BatchAnswer, *, now: Timestamp) -> None:
        """A request came back; perhaps with less than was asked for."""
        self._note_unspoken(batch)
        if batch.answers or batch.refused:
            self._health.answered()
        elif len(batch.asked) > 1:
            detail = f"None of the {len(batch.asked)} ids asked for was in the answer."
            self._health.failed(FailureReason.BAD_ANSWER, detail, now)

    def judge(self, *, unconfirmed: int = 0, now: Timestamp) -> Iterator[Step]:
        """What is to be told of it now; `unconfirmed`: how many were missing from their last
        answer, and could not be asked again.
        """
        stale = len(self._roster.stale)
        stale -= sum(1 for i in self._unspoken if i in self._roster.stale)
        found = self._health.conditions(stale=stale, unconfirmed=unconfirmed, now=now)
        for subject, condition in found:
            yield self._incidents.apply(subject, condition, now=now)

    def _note_unspoken(self, batch: BatchAnswer) -> None:
        """Ids the PBX never speaks of are a slip in the list, no outage of the API. One that was
        answered before and is left out now is different: that blinds us.
        """
        self._unspoken.difference_update(batch.answers)
        self._unspoken.update(batch.refused)
        if batch.failure is None:
            never = (i for i in batch.unanswered if self._was_never_answered(i))
            self._unspoken.update(never)

    def _was_never_answered(self, extension_id: ExtensionId) -> bool:
        watched = self._roster.by_id.get(extension_id)
        return watched is not None and watched.answered_at is None
