"""Turns outages of places into incidents, and lets their members be silent meanwhile."""

from collections.abc import Container, Iterator, Mapping

from regwatch.core.conditions import Condition, site_lost, site_subject
from regwatch.core.incidents import Decision, Step
from regwatch.core.memory import Memory
from regwatch.core.model import (
    AccountName,
    AlertName,
    ExtensionId,
    ExtensionState,
    Incident,
    IncidentId,
    IncidentState,
    Timestamp,
    Watched,
)
from regwatch.core.open_incidents import OpenIncidents
from regwatch.core.outages import Missing, Outage, Outages, place_by_address
from regwatch.core.sites import Sites

MISSING = (ExtensionState.LOST, ExtensionState.OVERDUE)
WHOLE_SHARE, ENOUGH_ELSEWHERE = 0.8, 3
"""Of the phones elsewhere: so many missing, and at least so many, and it is not the place."""
STRAGGLERS_SECONDS = 300.0
"""After a place is back: so long its last phones may take before they are told of."""


class SiteWatch:
    """The places of one account, and what is told of them."""

    def __init__(
        self,
        account: AccountName,
        outages: Outages,
        sites: Sites,
        incidents: OpenIncidents,
        states: Mapping[tuple[str, ExtensionState], int],
    ) -> None:
        """`states`: how many extensions of the account by site and state, kept up to date."""
        self._account = account
        self._sites = sites
        self._incidents = incidents
        self._states = states
        self._outages = outages
        self._silent: dict[str, set[ExtensionId]] = {}
        """By place: who says nothing while it is out."""
        self._stragglers: dict[ExtensionId, Timestamp] = {}
        """Who says nothing yet though the place is back, and until when."""
        self._resume()

    def _resume(self) -> None:
        """Go on with outages that were found before a restart of ours."""
        members: dict[IncidentId, dict[ExtensionId, Missing]] = {}
        for each in self._incidents:
            if each.inhibited_by is not None and each.facts.extension_id is not None:
                missing = Missing(each.started_at, 0.0, each.facts.device, "")
                members.setdefault(each.inhibited_by, {})[each.facts.extension_id] = missing
        for incident in self._incidents:
            if incident.alert is AlertName.SITE_LOST:
                place = incident.subject.removeprefix(site_subject(""))
                found = members.pop(incident.id, {})
                self._outages.resume(place, incident.started_at, found)
                self._silent[place] = set(found)
        for left in members.values():
            self._stragglers.update(dict.fromkeys(left, Timestamp(0.0)))

    def forget(self, extension_id: ExtensionId, *, now: Timestamp) -> Iterator[Step]:
        """It is watched no more; its place may be back by that."""
        place = self._outages.place_of(extension_id)
        self._silent.get(place, set()).discard(extension_id)
        if self._outages.forget(extension_id):
            yield from self._judge(place, now)
        self._stragglers.pop(extension_id, None)

    def seen(
        self,
        watched: Watched,
        memory: Memory,
        *,
        heard_since: Timestamp | None,
        is_excused: bool,
        now: Timestamp,
    ) -> Iterator[Step]:
        """An extension was answered. `heard_since`: it registered or refreshed at that time or
        later; None: nothing new was heard of it. `is_excused`: it is missing for a reason of its
        own, a restart of the registrar or the hours at which it is expected.
        """
        if not self._outages.is_on:
            return
        extension_id, changed = watched.extension.id, False
        if watched.registrations and heard_since is not None:
            place = watched.site or place_by_address(watched.registrations)
            left = self._outages.place_of(extension_id)
            changed = self._outages.heard(extension_id, place, heard_since)
            if changed and left != place:
                yield from self._judge(left, now)
        if watched.state in MISSING and not is_excused:
            changed |= self._outages.missed(extension_id, self._missing(watched, memory, now))
        place = self._outages.place_of(extension_id)
        if changed:
            yield from self._judge(place, now)
        if self._outages.is_member(extension_id):
            yield from self._silence(place, extension_id)
        elif self._stragglers.get(extension_id, now) < now or watched.state not in MISSING:
            yield from self._release(extension_id)

    def covers(self, extension_id: ExtensionId) -> bool:
        """Whether what it does is explained by its place, which is out or was so just now."""
        place = self._outages.place_of(extension_id)
        return extension_id in self._stragglers or extension_id in self._silent.get(place, ())

    @property
    def has_stragglers(self) -> bool:
        """Whether phones are to be looked at though nothing about them changed."""
        return bool(self._stragglers)

    def _release(self, extension_id: ExtensionId) -> Iterator[Step]:
        if self._stragglers.pop(extension_id, None) is not None:
            yield from self._incidents.inhibit(extension_id, None)

    def _missing(self, watched: Watched, memory: Memory, now: Timestamp) -> Missing:
        own = self._incidents.presence_of(watched.extension.id)
        since = min((incident.started_at for incident in own), default=now)
        held = watched.registrations or ((memory.loss.registration,) if memory.loss else ())
        habit = memory.habits.get(held[0].id) if held else None
        if habit is None and memory.former is not None:
            habit = memory.former[1]
        device = held[0].device if held else ""
        return Missing(since, habit.lease if habit else 0.0, device, place_by_address(held))

    def _judge(self, place: str, now: Timestamp) -> Iterator[Step]:
        outage = self._outages.judge(place, now=now)
        subject = site_subject(place)
        condition = None if outage is None else self._condition(outage, now)
        if condition is None and self._incidents.get(subject) is None:
            return
        step = self._incidents.apply(subject, condition, now=now)
        yield step
        if step.decision is Decision.FIRED:
            for extension_id in self._outages.members(place):
                yield from self._silence(place, extension_id)
        elif outage is None:
            until = Timestamp(now + STRAGGLERS_SECONDS)
            self._stragglers.update(dict.fromkeys(self._silent.pop(place, ()), until))

    def _silence(self, place: str, extension_id: ExtensionId) -> Iterator[Step]:
        by = self._firing(place)
        if by is not None:
            self._silent.setdefault(place, set()).add(extension_id)
            self._stragglers.pop(extension_id, None)
            yield from self._incidents.inhibit(extension_id, by)

    def _firing(self, place: str) -> Incident | None:
        incident = self._incidents.get(site_subject(place))
        is_firing = incident is not None and incident.state is IncidentState.FIRING
        return incident if is_firing else None

    def _condition(self, outage: Outage, now: Timestamp) -> Condition:
        site = outage.place if outage.place in self._sites.names else ""
        return site_lost(self._account, outage, site=site, cause=self._cause(outage), detected=now)

    def _cause(self, outage: Outage) -> str:
        elsewhere = self._count(MISSING) - outage.missing
        others = self._count((*MISSING, ExtensionState.REGISTERED)) - outage.missing
        if elsewhere >= ENOUGH_ELSEWHERE and elsewhere >= WHOLE_SHARE * others:
            return "the whole account, most phones elsewhere are missing too"
        return _in_common(outage)

    def _count(self, states: Container[ExtensionState]) -> int:
        return sum(number for (_, state), number in self._states.items() if state in states)


def _in_common(outage: Outage) -> str:
    """What may be the cause: the narrowest thing that all missing ones share."""
    found = []
    addresses = [a for a in outage.addresses if a]
    if len(addresses) == 1:
        found.append(f"the public address {addresses[0]}")
    devices = [d for d in outage.devices if d]
    if len(devices) == 1 and outage.missing > 1:
        found.append(f"the device model {devices[0]}")
    return " and ".join(found) or "the site alone"
