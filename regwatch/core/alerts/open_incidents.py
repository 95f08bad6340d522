"""The incidents that are not over, by subject, and when time alone takes one further."""

import heapq
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from itertools import islice

from msgspec.structs import replace

from regwatch.core.alerts.conditions import Condition
from regwatch.core.alerts.incidents import (
    Decision,
    Step,
    acknowledge,
    advance,
    due_at,
    hold,
    inhibit,
    silence,
)
from regwatch.core.alerts.mutes import Mutes
from regwatch.core.alerts.rules import AlertRules
from regwatch.core.bugs import SetAside, Where
from regwatch.core.clock_steps import move_all
from regwatch.core.model import (
    AccountName,
    AlertName,
    ExtensionId,
    Incident,
    IncidentId,
    IncidentState,
    Timestamp,
    Toll,
)

ABOUT_PRESENCE = frozenset(
    {
        AlertName.EXTENSION_LOST,
        AlertName.SIGNED_OFF,
        AlertName.REGISTRATION_LOST,
        AlertName.REFRESH_OVERDUE,
        AlertName.NEVER_REGISTERED,
    }
)
"""The alerts that each answer about an extension judges afresh, and that others inhibit."""
TOLD_ANEW = (Decision.FIRED, Decision.ESCALATED, Decision.ALTERED)
"""After these an incident's labels may match other silences than before."""
MOST_REVIEWED = 2000
"""Incidents looked at in one step when silences begin or end; the others follow with the next."""

WAITED = "it waited long enough for an outage of its place"
TRIED_AGAIN_SECONDS = 60.0
"""An incident that a bug kept from going further is tried again after so long."""


class OpenIncidents:
    """Feeds conditions to `incidents.advance` and remembers where it left off."""

    def __init__(
        self,
        account: AccountName,
        rules: AlertRules,
        *,
        mutes: Mutes | None = None,
        site_labels: Mapping[str, Mapping[str, str]] | None = None,
        incidents: Iterable[Incident] = (),
    ) -> None:
        """Go on with incidents that were open before; `site_labels`: labels by site's name."""
        self._account = account
        self._rules = rules
        self._mutes = Mutes() if mutes is None else mutes
        self._site_labels = {} if site_labels is None else site_labels
        self._open: dict[str, Incident] = {}
        self._of_extension: dict[ExtensionId, dict[str, None]] = {}
        self._timers: list[tuple[Timestamp, str]] = []
        self._put_off = 0.0
        """How much the wall clock is ahead of the one by which timers run."""
        self._to_review: dict[str, None] = {}
        self._reviewed_version = -1
        for incident in incidents:
            # No timer: after a restart only a fresh answer may take an incident further. What
            # waits for its telling waits no longer by that.
            self._keep(incident)
            self._set_release(incident)

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
        because: str = "",
        toll: Toll | None = None,
    ) -> Step:
        """What holds now for a subject; `recover_after` overrides the configured one. `because`:
        why nothing holds, where that is not simply that all is well again; `toll`: who is back.
        """
        before = self._open.get(subject)
        facts = condition.facts if condition is not None else before.facts if before else None
        if facts is None:
            return Step(None, Decision.NOTHING)
        rules = self._rules.of(facts)
        step = advance(
            before,
            condition,
            rules.policies,
            account=self._account,
            recover_after=rules.recover_after if recover_after is None else recover_after,
            because=because,
            toll=toll,
            now=now,
        )
        if step.incident is None or step.incident is before:
            return step
        if step.decision in TOLD_ANEW or before is None:
            step = self._labelled(step, now)
        if step.incident is not None:
            self._remember(step.incident)
        return step

    def _labelled(self, step: Step, now: Timestamp) -> Step:
        """With its site's labels, and muted if they are."""
        incident = step.incident
        if incident is None:  # pragma: no cover - the caller has looked
            return step
        if not incident.site_labels and (labels := self._site_labels.get(incident.facts.site)):
            incident = replace(incident, site_labels=labels)
        by = self._mutes.of(incident.labels, kept=incident.silenced_by, now=now)
        muted = silence(incident, by)
        return Step(muted.incident, step.decision, muted.because or step.because)

    def inhibit(
        self,
        extension_id: ExtensionId,
        by: Incident | None,
        *,
        instead_of: Container[IncidentId | None] | None = None,
        because: str = "",
    ) -> Iterator[Step]:
        """Say nothing of what an extension misses while another incident says it all. None: that
        one is over, and its flapping says it, if it is flapping. `instead_of`: leave alone what
        any other one inhibits; None: inhibit whatever there is. `because`: why it is over.
        """
        by = by or self._flapping_of(extension_id)
        for incident in self.presence_of(extension_id):
            if instead_of is not None and incident.inhibited_by not in instead_of:
                continue
            step = inhibit(incident, by, because=because)
            if step.incident is not None and step.incident is not incident:
                self._keep(step.incident)
                yield step

    def hold(
        self,
        extension_id: ExtensionId,
        until: Callable[[Incident], Timestamp],
        *,
        instead_of: Container[IncidentId | None],
        because: str,
        now: Timestamp,
    ) -> Iterator[Step]:
        """Say nothing yet of what an extension misses, at most until then: what says it all may be
        found meanwhile. What is told already, or fires since so long, is not held. `instead_of`: as
        for `inhibit`.
        """
        for incident in self.presence_of(extension_id):
            later = until(incident)
            if later <= now or incident.inhibited_by not in instead_of:
                continue
            step = hold(incident, later, because=because)
            if step.incident is not None and step.incident is not incident:
                self._keep(step.incident)
                self._set_release(step.incident)
                yield step

    def _flapping_of(self, extension_id: ExtensionId) -> Incident | None:
        found = (i for i in self.of_extension(extension_id) if i.alert is AlertName.FLAPPING)
        return next((i for i in found if i.state is IncidentState.FIRING), None)

    def review(self, *, now: Timestamp) -> Iterator[Step | SetAside]:
        """What silences and maintenance windows that began or ended change; a part at a time."""
        self._mutes.active(now=now)
        yield from self._mutes.met()
        if self._mutes.version != self._reviewed_version:
            self._reviewed_version = self._mutes.version
            self._to_review = dict.fromkeys(self._open)
        for subject in list(islice(self._to_review, MOST_REVIEWED)):
            del self._to_review[subject]
            try:
                step = self._review(subject, now)
            except Exception as error:  # noqa: BLE001 - a guard: the others are looked at
                yield _aside(subject, error)
            else:
                if step is not None:
                    yield step

    def _review(self, subject: str, now: Timestamp) -> Step | None:
        incident = self._open.get(subject)
        if incident is None:
            return None
        by = self._mutes.of(incident.labels, kept=incident.silenced_by, now=now)
        step = silence(incident, by)
        if step.incident is None or step.incident is incident:
            return None
        self._keep(step.incident)
        return step

    def acknowledge(
        self, incident_id: IncidentId, by: str, comment: str, *, now: Timestamp
    ) -> Step | None:
        """Somebody is at it; None if no such incident is open."""
        found = next((i for i in self._open.values() if i.id == incident_id), None)
        if found is None:
            return None
        step = acknowledge(found, by, comment, now=now)
        if step.incident is not None:
            self._keep(step.incident)
        return step

    def wake(self, *, now: Timestamp, blind: bool) -> Iterator[Step | SetAside]:
        """The steps that time alone brings. While blind, nothing is concluded of extensions:
        their next answer takes them further.
        """
        failed = []
        while self._timers and self._timers[0][0] <= now - self._put_off:
            _, subject = heapq.heappop(self._timers)
            try:
                step = self._wake(subject, now=now, blind=blind)
            except Exception as error:  # noqa: BLE001 - a guard: the others go on
                failed.append(subject)
                yield _aside(subject, error)
            else:
                if step is not None:
                    yield step
        for subject in failed:
            heapq.heappush(self._timers, (Timestamp(now + TRIED_AGAIN_SECONDS), subject))

    def _wake(self, subject: str, *, now: Timestamp, blind: bool) -> Step | None:
        incident = self._open.get(subject)
        if incident is None:
            return None
        held_until, is_well = incident.held_until, incident.cleared_at is not None
        if held_until is not None and held_until <= now and not is_well:
            return self._let_go(incident)
        if blind and incident.facts.extension_id is not None:
            return None
        due = self._due_at(incident)
        if due is None or due > now:
            return None
        pending = incident.state is IncidentState.PENDING
        return self.apply(subject, condition_of(incident) if pending else None, now=now)

    def _let_go(self, incident: Incident) -> Step:
        """It waited for its telling long enough, and may have come to be due meanwhile."""
        by = (
            None
            if incident.facts.extension_id is None
            else self._flapping_of(incident.facts.extension_id)
        )
        step = inhibit(incident, by, because=WAITED)
        if step.incident is not None:
            self._keep(step.incident)
            self._set_timer(step.incident)
        return step

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        self._put_off += by
        yield from move_all(self._open, Incident, by)

    def slept(self, seconds: float) -> Iterator[Incident]:
        """Nobody looked for so long: nothing has lasted longer by that, but what an answer shows to
        have done so. Returns the incidents that are changed by it.
        """
        self._put_off += seconds
        for incident in self:
            if incident.state is IncidentState.PENDING and incident.facts.extension_id is None:
                started_at = Timestamp(incident.started_at + seconds)
                later = replace(incident, started_at=started_at)
                self._keep(later)
                yield later

    def _due_at(self, incident: Incident) -> Timestamp | None:
        rules = self._rules.of(incident.facts)
        return due_at(incident, rules.policies, rules.recover_after)

    def _remember(self, incident: Incident) -> None:
        if incident.state is IncidentState.RESOLVED:
            self._drop(incident)
        else:
            self._keep(incident)
            self._set_timer(incident)
            self._set_release(incident)

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
        due = self._due_at(incident)
        if due is not None:
            heapq.heappush(self._timers, (Timestamp(due - self._put_off), incident.subject))

    def _set_release(self, incident: Incident) -> None:
        until = incident.held_until
        if until is not None:
            heapq.heappush(self._timers, (Timestamp(until - self._put_off), incident.subject))


def _aside(subject: str, error: Exception) -> SetAside:
    return SetAside(None, error, Where.INCIDENT, subject)


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
