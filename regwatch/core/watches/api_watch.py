"""Turns what is known of the API's health into incidents."""

from collections.abc import Iterator

from regwatch.core.alerts.conditions import Condition, unanswered
from regwatch.core.alerts.incidents import Step
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.model import AccountName, BatchAnswer, ExtensionId, FailureReason, Timestamp
from regwatch.core.phones.roster import Roster
from regwatch.core.watches.api_health import ApiHealth

LEFT_OUT_SECONDS = 60.0
"""One answer without it is a slip of the PBX, and no matter at all."""


class ApiWatch:
    """One account's API, and what is told of it."""

    def __init__(
        self, account: AccountName, health: ApiHealth, roster: Roster, incidents: OpenIncidents
    ) -> None:
        self._account = account
        self._health = health
        self._roster = roster
        self._incidents = incidents
        self._unspoken: dict[ExtensionId, Timestamp] = {}
        """Of whom the PBX says nothing while it answers for others, and since when."""

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        self._unspoken.pop(extension_id, None)

    def answered(self, batch: BatchAnswer, *, now: Timestamp) -> None:
        """A request came back; perhaps with less than was asked for."""
        self._note_unspoken(batch, now)
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
        if self._health.is_up:
            yield self._incidents.apply("unanswered", self._unanswered(now), now=now)

    def _note_unspoken(self, batch: BatchAnswer, now: Timestamp) -> None:
        """Ids that the PBX leaves out while it answers for others are no outage of the API."""
        for extension_id in batch.answers if self._unspoken else ():
            self._unspoken.pop(extension_id, None)
        left_out = set(batch.refused)
        if batch.failure is None and (batch.answers or batch.refused):
            left_out.update(batch.unanswered)
        for extension_id in left_out:
            if extension_id in self._roster.by_id:
                self._unspoken.setdefault(extension_id, now)

    def _unanswered(self, now: Timestamp) -> Condition | None:
        left_out = {i: at for i, at in self._unspoken.items() if now - at >= LEFT_OUT_SECONDS}
        if not left_out:
            return None
        names = [self._roster.by_id[i].extension for i in left_out]
        return unanswered(self._account, names, since=min(left_out.values()))

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        self._unspoken = {i: Timestamp(at + by) for i, at in self._unspoken.items()}
