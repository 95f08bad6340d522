"""The incidents that are not over, by subject, and when time alone takes one further."""

import heapq
from collections.abc import Container, Iterable, Iterator, Mapping

from msgspec.structs import replace

from regwatch.core.conditions import Condition
from regwatch.core.incidents import AlertPolicies, Step, advance, due_at, inhibit
from regwatch.core.model import (
    AccountName,
    AlertName,
    ExtensionId,
    Incident,
    IncidentId,
    IncidentState,
    Timestamp,
)

ABOUT_PRESENCE = frozenset(
    {
        AlertName.EXTENSION_LOST,
        AlertName.REGISTRATION_LOST,
        AlertName.REFRESH_OVERDUE,
        AlertName.NEVER_REGISTERED,
    }
)
"""The alerts that each answer about an extension judges afresh, and that others inhibit."""


class OpenIncidents:
    """Feeds conditions to `incidents.advance` and remembers where it left off."""

    def __init__(
        self,
        account: AccountName,
        policies: AlertPolicies,
        recover_after: float,
        site_labels: Mapping[str, Mapping[str, str]],
        incidents: Iterable[Incident] = (),
    ) -> None:
        self._account = account
        self._policies = policies
        self._recover_after = recover_after
        self._site_labels = site_labels
        self._open: dict[str, Incident] = {}
        self._of_extension: dict[ExtensionId, dict[str, None]] = {}
        self._timers: list[tuple[Timestamp, str]] = []
        for incident in incidents:
            # No timer: after a restart only a fresh answer may take an incident further.
            self._keep(incident)

    def __iter__(self) -> Iterator[Incident]:
        return iter(tuple(self._open.values()))

    def get(self, subject: str) -> Incident | None:
        """The open incident of a subject."""
        return self._open.get(subject)

    def of_extension(self, extension_id: ExtensionId) -> tuple[Incident, ...]:
        """The open incidents about an extension or one of its registrations."""
        subjects = self._of_extension.get(extension_id)
        return tuple(self._open[s] for s in subjects) if subjects else ()

    def presence_of(self, extension_id: ExtensionId) -> tuple[Incident, ...]:
        """Those of them that say that it, or one of its devices, is missing."""
        found = self.of_extension(extension_id)
        return tuple(i for i in found if i.alert in ABOUT_PRESENCE) if found else ()

    def apply(
        self,
        subject: str,
        condition: Condition | None,
        *,
        now: Timestamp,
        recover_after: float | None = None,
    ) -> Step:
        """What holds now for a subject; `recover_after` overrides the configured one."""
        before = self._open.get(subject)
        step = advance(
            before,
            condition,
            self._policies,
            account=self._account,
            recover_after=self._recover_after if recover_after is None else recover_after,
            now=now,
        )
        incident = step.incident
        if incident is None or incident is before:
            return step
        if before is None and (labels := self._site_labels.get(incident.facts.site)):
            incident = replace(incident, site_labels=labels)
        self._remember(incident)
        return Step(incident, step.decision)

    def inhibit(
        self,
        extension_id: ExtensionId,
        by: IncidentId | None,
        *,
        instead_of: Container[IncidentId | None] | None = None,
    ) -> Iterator[Step]:
        """Say nothing of what an extension misses while another incident says it all. None: that
        one is over, and its flapping says it, if it is flapping. `instead_of`: leave alone what
        any other one inhibits; None: inhibit whatever there is.
        """
        by = by or self._flapping_of(extension_id)
        for incident in self.presence_of(extension_id):
            if instead_of is not None and incident.inhibited_by not in instead_of:
                continue
            step = inhibit(incident, by)
            if step.incident is not None and step.incident is not incident:
                self._keep(step.incident)
                yield step

    def _flapping_of(self, extension_id: ExtensionId) -> IncidentId | None:
        found = (i for i in self.of_extension(extension_id) if i.alert is AlertName.FLAPPING)
        return next((i.id for i in found if i.state is IncidentState.FIRING), None)

    def wake(self, *, now: Timestamp, blind: bool) -> Iterator[Step]:
        """The steps that time alone brings. While blind, nothing is concluded of extensions:
        their next answer takes them further.
        """
        while self._timers and self._timers[0][0] <= now:
            _, subject = heapq.heappop(self._timers)
            incident = self._open.get(subject)
            if incident is None or (blind and incident.facts.extension_id is not None):
                continue
            due = due_at(incident, self._policies, self._recover_after)
            if due is not None and due <= now:
                pending = incident.state is IncidentState.PENDING
                yield self.apply(subject, condition_of(incident) if pending else None, now=now)

    def next_wake(self) -> Timestamp | None:
        """When `wake` has something to do; None if never."""
        return self._timers[0][0] if self._timers else None

    def _remember(self, incident: Incident) -> None:
        if incident.state is IncidentState.RESOLVED:
            self._drop(incident)
        else:
            self._keep(incident)
            self._set_timer(incident)

    def _keep(self, incident: Incident) -> None:
        self._open[incident.subject] = incident
        if incident.facts.extension_id is not None:
            mine = self._of_extension.setdefault(incident.facts.extension_id, {})
            mine[incident.subject] = None

    def _drop(self, incident: Incident) -> None:
        self._open.pop(incident.subject, None)
        extension_id = incident.facts.extension_id
        if extension_id is not None and (mine := self._of_extension.get(extension_id)):
            mine.pop(incident.subject, None)
            if not mine:
                del self._of_extension[extension_id]

    def _set_timer(self, incident: Incident) -> None:
        due = due_at(incident, self._policies, self._recover_after)
        if due is not None:
            heapq.heappush(self._timers, (due, incident.subject))


def condition_of(incident: Incident) -> Condition:
    """The condition an incident stands for, as it was last told."""
    return Condition(
        alert=incident.alert,
        subject=incident.subject,
        since=incident.started_at,
        summary=incident.summary,
        explanation=incident.explanation,
        facts=incident.facts,
    )
