"""Turns outages of places into incidents, and lets their members be silent meanwhile.

First each extension of an answer is `seen`, then the places are judged by all of it: what would
come later in the same answer may show that it is not the place.
"""

from collections.abc import Container, Iterator, Mapping

from regwatch.core.alerts.conditions import Condition, site_lost
from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.bugs import SetAside, Where
from regwatch.core.clock_steps import move_all
from regwatch.core.model import (
    LONG_AGO,
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
from regwatch.core.phones.memory import Memory
from regwatch.core.phones.outages import Missing, Outage, Outages, place_by_address
from regwatch.core.phones.presence import held_last
from regwatch.core.sites import Sites
from regwatch.core.subjects import site_subject

MISSING = (ExtensionState.LOST, ExtensionState.OVERDUE)
GOOD_BYES = ("unregistered", "deleted")
"""Reasons of a loss that say nothing against the place: the phone worked until then."""
WHOLE_SHARE, ENOUGH_ELSEWHERE = 0.8, 3
"""Of the phones elsewhere: so many missing, and at least so many, and it is not the place."""
AT_ONCE = Timestamp(0.0)
STRAGGLERS_SECONDS = 300.0
"""After a place is back: so long its last phones may take before they are told of."""
SHORT_ABSENCE_SECONDS = 300.0
"""Of ours: who was answered so lately might as well not have been asked since."""
TOLD_ALONE = "most of the others there are heard: who is silent still is told alone"


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
        self._unjudged: dict[str, None] = {}
        """Places of which something was seen since they were judged."""
        self._seen: dict[ExtensionId, Watched] = {}
        """Who was seen since then."""
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
            self._stragglers.update(dict.fromkeys(left, AT_ONCE))

    def restore(self, watched: Watched, memory: Memory, *, now: Timestamp) -> None:
        """It was there before a restart of ours."""
        if not _said_good_bye(watched, memory):
            place = watched.site or place_by_address(held_last(watched, memory))
            self._outages.at_home(watched.extension.id, place)
            answered_at = LONG_AGO if watched.answered_at is None else watched.answered_at
            is_recent = now - answered_at <= SHORT_ABSENCE_SECONDS
            if watched.state is ExtensionState.REGISTERED and is_recent:
                self.present(watched.extension.id)

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        yield from self._outages.clock_set(by)
        yield from move_all(self._stragglers, Timestamp, by)

    def present(self, extension_id: ExtensionId) -> None:
        """It was answered and is not missing; perhaps nothing else is new of it."""
        self._outages.seen(extension_id)

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more; its place may be back by that."""
        self._leave(extension_id)
        self._stragglers.pop(extension_id, None)

    def answered(
        self,
        watched: Watched,
        memory: Memory,
        *,
        heard_since: Timestamp | None,
        has_own_reason: bool,
        now: Timestamp,
    ) -> None:
        """An extension was answered. `heard_since`: it registered or refreshed at that time or
        later; None: nothing new was heard of it. `has_own_reason`: what makes it missing is a
        restart of the registrar or the hours at which it is expected.
        """
        if not self._outages.is_on:
            return
        extension_id = watched.extension.id
        self._seen[extension_id] = watched
        if watched.registrations and heard_since is not None:
            self._heard(watched, heard_since)
        if _said_good_bye(watched, memory):
            self._leave(extension_id)
        elif watched.state in MISSING and not has_own_reason:
            self._missed(extension_id, self._missing(watched, memory, now))

    def judge(self, *, now: Timestamp) -> Iterator[Step | SetAside]:
        """What all that was seen since the last time means for the places and their phones."""
        places, seen = self._unjudged, self._seen
        self._unjudged, self._seen = {}, {}
        for place in places:
            try:
                yield from self._judge(place, now)
            except Exception as error:  # noqa: BLE001 - a guard: the other places are judged
                yield SetAside(None, error, Where.INCIDENT, site_subject(place))
        for extension_id, watched in seen.items():
            try:
                yield from self._settle(watched, now)
            except Exception as error:  # noqa: BLE001 - a guard, as above
                yield SetAside(extension_id, error, Where.ANSWER)

    def _heard(self, watched: Watched, since: Timestamp) -> None:
        extension_id = watched.extension.id
        before = self._outages.place_of(extension_id)
        place = watched.site or place_by_address(watched.registrations)
        if self._outages.heard(extension_id, place, since):
            self._unjudged |= dict.fromkeys((before, place))

    def _missed(self, extension_id: ExtensionId, missing: Missing) -> None:
        if self._outages.missed(extension_id, missing):
            self._unjudged[self._outages.place_of(extension_id)] = None

    def _leave(self, extension_id: ExtensionId) -> None:
        place = self._outages.place_of(extension_id)
        if extension_id in self._silent.get(place, ()):
            self._silent[place].discard(extension_id)
            self._stragglers[extension_id] = AT_ONCE
        if self._outages.forget(extension_id):
            self._unjudged[place] = None

    def _settle(self, watched: Watched, now: Timestamp) -> Iterator[Step]:
        extension_id = watched.extension.id
        if self._outages.is_member(extension_id):
            yield from self._silence(self._outages.place_of(extension_id), extension_id)
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
        is_back = outage is None and self._outages.is_returning(place)
        because = "" if outage is not None or is_back else TOLD_ALONE
        step = self._incidents.apply(subject, condition, because=because, now=now)
        yield step
        if step.decision in (Decision.FIRED, Decision.RELAPSED):
            for extension_id in self._outages.members(place):
                yield from self._silence(place, extension_id)
        elif outage is None:
            yield from self._over(place, is_back=is_back, now=now)

    def _over(self, place: str, *, is_back: bool, now: Timestamp) -> Iterator[Step]:
        """Who is still missing gets a little time if others are back; else it was not the place."""
        until = Timestamp(now + STRAGGLERS_SECONDS) if is_back else AT_ONCE
        silent = self._silent.pop(place, set())
        self._stragglers.update(dict.fromkeys(silent, until))
        for extension_id in () if is_back else silent:
            yield from self._release(extension_id)

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


def _said_good_bye(watched: Watched, memory: Memory) -> bool:
    """Whether it has no registration because that was ended, and not because it fell silent."""
    loss = memory.loss
    return not watched.registrations and loss is not None and loss.reason in GOOD_BYES
