"""Keeps the incidents of single phones quiet for a place: while it is out, and while it may be.

It knows whom it made quiet, and lets go nobody else: a phone may be quiet for other reasons.
"""

from collections.abc import Collection, Iterator

from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.clock_steps import move_all
from regwatch.core.model import (
    LONG_AGO,
    AlertName,
    ExtensionId,
    Incident,
    IncidentId,
    Timestamp,
)
from regwatch.core.remarks import Remark, Untold

HELD_SECONDS = 30.0
"""So long a phone's own message waits at most, while its place may be out."""
STRAGGLERS_SECONDS = 300.0
"""After a place is back: so long its last phones may take before they are told of."""
IS_BACK = "its place is just back: it gets a little time"


class Quieting:
    """Whom the places of one account make quiet."""

    def __init__(self, incidents: OpenIncidents) -> None:
        self._incidents = incidents
        self._quiet: dict[ExtensionId, IncidentId | None] = {}
        """By which outage; None: its message waits."""
        self._stragglers: dict[ExtensionId, Timestamp] = {}  # whose time ends first, first
        """Who says nothing yet though the place is back, and until when."""

    def resume(self) -> dict[IncidentId, set[ExtensionId]]:
        """Who was quiet before a restart of ours, by the incident that made it so. That of another
        kind is not ours.
        """
        members: dict[IncidentId, set[ExtensionId]] = {}
        others = {each.id for each in self._incidents if each.alert is not AlertName.SITE_LOST}
        for each in self._incidents:
            extension_id, by = each.facts.extension_id, each.inhibited_by
            if extension_id is None or by in others or not (by or each.held_until):
                continue
            self._quiet[extension_id] = by
            if by is not None:
                members.setdefault(by, set()).add(extension_id)
        return members

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        yield from move_all(self._stragglers, Timestamp, by)

    def is_straggler(self, extension_id: ExtensionId, now: Timestamp) -> bool:
        """Whether its place is back so lately that it may yet follow."""
        return now < self._stragglers.get(extension_id, now)

    def is_ours(self, extension_id: ExtensionId) -> bool:
        """Whether a place made it quiet, and did not let it go."""
        return extension_id in self._quiet

    def follow(self, ids: Collection[ExtensionId], now: Timestamp) -> None:
        """Their place is back: they get a little time."""
        for extension_id in [i for i, until in self._stragglers.items() if until <= now]:
            del self._stragglers[extension_id]
        until = Timestamp(now + STRAGGLERS_SECONDS)
        for extension_id in ids:
            self._stragglers.pop(extension_id, None)
            self._stragglers[extension_id] = until

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        self._quiet.pop(extension_id, None)
        self._stragglers.pop(extension_id, None)

    # --- what is done --------------------------------------------------------------------------

    def silence(self, extension_id: ExtensionId, by: Incident) -> Iterator[Step]:
        """Its place is out, which says it all."""
        self._quiet[extension_id] = by.id
        self._stragglers.pop(extension_id, None)
        yield from self._incidents.inhibit(extension_id, by)

    def wait_for_others(
        self, extension_id: ExtensionId, because: str, now: Timestamp
    ) -> Iterator[Step | Remark]:
        """Its place may be out: its message waits, but of that which fires for so long already."""
        held = [*self._hold(extension_id, None, because, now)]
        yield from held
        if any(step.decision is Decision.HELD for step in held):
            yield Remark(Untold.PLACE_SUPPOSED, extension_id, now, because)

    def wait_to_follow(self, extension_id: ExtensionId, now: Timestamp) -> Iterator[Step]:
        """Its place is back: its message waits until it had time to follow."""
        yield from self._hold(extension_id, self._stragglers[extension_id], IS_BACK, now)

    def _hold(
        self, extension_id: ExtensionId, until: Timestamp | None, because: str, now: Timestamp
    ) -> Iterator[Step]:
        mine = (None, self._quiet.get(extension_id))
        self._quiet[extension_id] = None

        def its_end(incident: Incident) -> Timestamp:
            return until or Timestamp((incident.fired_at or LONG_AGO) + HELD_SECONDS)

        yield from self._incidents.hold(
            extension_id, its_end, instead_of=mine, because=because, now=now
        )

    def release(self, extension_id: ExtensionId, because: str = "") -> Iterator[Step]:
        """Nothing of its place says it all any more. What is just recovering is not told for that:
        it is let go if it relapses.
        """
        found = self._incidents.presence_of(extension_id)
        if found and all(each.cleared_at is not None for each in found):
            return
        mine = (None, self._quiet.pop(extension_id, None))
        self._stragglers.pop(extension_id, None)
        yield from self._incidents.inhibit(extension_id, None, instead_of=mine, because=because)
