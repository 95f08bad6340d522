"""Turns outages of places into incidents, and lets their members be silent meanwhile.

First each extension of an answer is `answered`, then the places are judged by all of it: what would
come later in the same answer may show that it is not the place.

* A place that may be out is **supposed** to be, for a while. Who might have been heard since is
  asked before it is told; where only the votes are wanting nobody is asked. Its members' own
  messages wait meanwhile, each for half a minute at most.
* While it is **out**, its members are quiet.
* When it is **back**, who is still silent is told alone after five minutes; when it was **not the
  place**, at once.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.alerts.incidents import Step
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.place_conditions import back, final_toll, not_the_place, reasons
from regwatch.core.alerts.place_words import PlaceWords
from regwatch.core.alerts.quieting import HELD_SECONDS, Quieting
from regwatch.core.bugs import SetAside, Where
from regwatch.core.clock_steps import move_all
from regwatch.core.model import (
    LONG_AGO,
    AlertName,
    ExtensionId,
    ExtensionState,
    Incident,
    IncidentState,
    Timestamp,
    Toll,
    Watched,
)
from regwatch.core.phones.memory import Memory
from regwatch.core.phones.outage_begins import Supposed
from regwatch.core.phones.outages import (
    Evidence,
    OutagePolicies,
    OutagePolicy,
    Verdict,
    judge,
    place_by_address,
)
from regwatch.core.phones.places import Phone, Place, Places
from regwatch.core.phones.presence import held_last
from regwatch.core.phones.refreshes import Refreshes
from regwatch.core.phones.roster import Roster
from regwatch.core.remarks import Remark
from regwatch.core.subjects import site_subject

GOOD_BYES = ("unregistered", "deleted")
"""Reasons of a loss that say nothing against the place: the phone worked until then."""
UNSEEN_END = "ended_unseen"
"""Reason of a loss that may have been a good-bye."""
MOST_SETTLED = 500
"""Phones that are made quiet, or let go, in one step besides those just answered: a few
milliseconds; the others follow with the next.
"""
UNTOLD_SHARE = 0.01
"""Of the members of an outage: so few changes are not worth other words."""
ASKED_WITHIN = 120.0
"""Seconds in which all phones of a place are answered after a restart of ours."""
NOT_LOOKED_AT = "this place is not looked at any more"
TOLD_ALONE = "nothing speaks for an outage of its place any more: it is told alone"


class Supposition(Struct):
    """A place that may be out."""

    began_at: Timestamp
    because: str
    """The evidence, in words."""
    asked_at: Timestamp | None = None
    """When those were asked who may have been heard since; None: only the votes are wanting."""
    awaited: set[ExtensionId] = set()
    """Of those: who is not yet answered."""

    def is_awaiting(self, *, since: Timestamp) -> bool:
        """Whether some were asked no longer ago, and are to be answered."""
        return self.asked_at is not None and self.asked_at > since and bool(self.awaited)

    def explains(self, phone: Phone) -> bool:
        """Whether a phone would be one of its members."""
        return phone.is_silent and phone.heard_at <= self.began_at <= phone.due_at


class SiteWatch:
    """The places of one account, and what is told of them."""

    def __init__(
        self,
        policies: OutagePolicies,
        incidents: OpenIncidents,
        words: PlaceWords,
        *,
        roster: Roster,
        refreshes: Refreshes,
    ) -> None:
        """`roster`: who is watched; `refreshes`: by what their silence is known."""
        self._policies = policies
        self._incidents = incidents
        self._words = words
        self._roster = roster
        self._refreshes = refreshes
        self._places = Places()
        self._quieting = Quieting(incidents)
        self._supposed: dict[str, Supposition] = {}
        self._awaited: dict[ExtensionId, str] = {}
        """Whose answer decides about which place."""
        self._wanted: dict[ExtensionId, None] = {}
        """Who is to be asked."""
        self._resumed: dict[str, Timestamp] = {}
        """Places that were out before a restart of ours, and when it was."""
        self._told: dict[str, int] = {}
        """By place: how many changes its words stand for."""
        self._unjudged: dict[str, None] = {}
        """Places of which something was seen since they were judged."""
        self._seen: dict[ExtensionId, None] = {}
        """Who was seen since then."""
        self._unsettled: dict[ExtensionId, None] = {}
        """Who is yet to be made quiet, or let go."""
        self._resume()

    # --- before and after a restart ------------------------------------------------------------

    def _resume(self) -> None:
        """Go on with outages that were found before a restart of ours."""
        members = self._quieting.resume()
        for incident in self._incidents:
            if incident.alert is AlertName.SITE_LOST:
                place = incident.subject.removeprefix(site_subject(""))
                found = members.pop(incident.id, set())
                self._places.resume(place, incident.started_at, found)
                self._unjudged[place] = None
                self._resumed[place] = Timestamp(LONG_AGO)
        for left in members.values():  # the outage that made them quiet is lost
            self._unsettle(left)

    def restore(self, watched: Watched, memory: Memory, *, now: Timestamp) -> None:
        """It was there before a restart of ours."""
        held = held_last(watched, memory)
        place = watched.site or place_by_address(held)
        if place in self._resumed:
            self._resumed[place] = now
        refresh = self._refreshes.of(watched, memory, now=now)
        if not place or refresh is None or _said_good_bye(watched, memory):
            return
        if self._policies.is_on:
            phone = Phone(
                place,
                refresh.heard_at,
                refresh.due_at,
                refresh.silent_from,
                now,
                is_silent=_was_silent(watched, memory, refresh.silent_from, now),
                device=held[0].device,
                address=place_by_address(held),
            )
            self._places.restore(watched.extension.id, phone)

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        yield from self._places.clock_set(by)
        yield from self._quieting.clock_set(by)
        yield from move_all(self._supposed, Supposition, by)
        yield from move_all(self._resumed, Timestamp, by)

    # --- what is seen --------------------------------------------------------------------------

    def concerns(self, extension_id: ExtensionId, now: Timestamp) -> bool:
        """Whether its answer tells something though nothing is new in it: that it is silent, or not
        heard since its place may be out.
        """
        return extension_id in self._awaited or self._places.is_late(extension_id, now)

    def answered(
        self, watched: Watched, memory: Memory, *, has_own_reason: bool, now: Timestamp
    ) -> None:
        """An extension was answered, and something is new, or `concerns` places. `has_own_reason`:
        what makes it missing is a restart of the registrar or the hours at which it is expected.
        """
        if not self._policies.is_on:
            return
        extension_id = watched.extension.id
        self._seen[extension_id] = None
        if watched.registrations:
            self._shows(watched, memory, now)
        if _said_good_bye(watched, memory):
            self._leave(extension_id, memory.loss.last_seen_at if memory.loss else None)
        elif not has_own_reason:
            self._may_be_silent(watched, memory, now)
        self._cross_off(extension_id)

    def _shows(self, watched: Watched, memory: Memory, now: Timestamp) -> None:
        extension_id, held = watched.extension.id, watched.registrations
        address = place_by_address(held)
        place = watched.site or address
        refresh = self._refreshes.of(watched, memory, now=now)
        if refresh is None or not place:
            return
        self._touch(self._places.place_of(extension_id))
        phone = self._places.shows(extension_id, place, refresh, now=now)
        phone.device, phone.address = held[0].device, address
        self._touch(place)

    def _may_be_silent(self, watched: Watched, memory: Memory, now: Timestamp) -> None:
        extension_id, loss = watched.extension.id, memory.loss
        is_gone = watched.state is ExtensionState.LOST
        if is_gone or self._places.is_late(extension_id, now):
            is_unseen = is_gone and loss is not None and loss.reason == UNSEEN_END
            if self._places.silent(extension_id, is_unseen=is_unseen, now=now):
                self._missed(extension_id)

    def _missed(self, extension_id: ExtensionId) -> None:
        """It is newly silent: its place may be out, if it is one of those by which that is told."""
        place = self._places.place_of(extension_id)
        held = self._places.held(place)
        if held is not None and (held.outage is not None or extension_id in held.compared):
            self._unjudged[place] = None

    def _touch(self, place: str) -> None:
        """Something was seen there that matters only to an outage that is known or supposed."""
        held = self._places.held(place)
        is_out = held is not None and held.outage is not None
        if is_out or place in self._supposed:
            self._unjudged[place] = None

    def _leave(self, extension_id: ExtensionId, heard_at: Timestamp | None) -> None:
        self._touch(self._places.place_of(extension_id))
        self._places.leave(extension_id, heard_at)

    def _cross_off(self, extension_id: ExtensionId) -> None:
        place = self._awaited.pop(extension_id, None)
        supposition = None if place is None else self._supposed.get(place)
        if place is not None and supposition is not None:
            supposition.awaited.discard(extension_id)
            if not supposition.awaited:
                self._unjudged[place] = None

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more; its place may be back by that."""
        self._leave(extension_id, None)
        self._cross_off(extension_id)
        self._quieting.forget(extension_id)

    def take_wanted(self) -> Collection[ExtensionId]:
        """Who is to be asked before all others; they are handed out once."""
        wanted, self._wanted = self._wanted, {}
        return wanted

    def covers(self, extension_id: ExtensionId, now: Timestamp) -> bool:
        """Whether what it does is explained by its place, which is out or was so just now."""
        is_member = self._places.is_member(extension_id)
        return is_member or self._quieting.is_straggler(extension_id, now)

    # --- what it means -------------------------------------------------------------------------

    def judge(self, *, now: Timestamp) -> Iterator[Step | SetAside | Remark]:
        """What all that was seen since the last time means for the places and their phones."""
        self._wait_no_longer(now)
        places, seen = self._unjudged, self._seen
        self._unjudged, self._seen = {}, {}
        for place in places:
            try:
                yield from self._judge(place, now)
            except Exception as error:  # noqa: BLE001 - a guard: the other places are judged
                yield SetAside(None, error, Where.INCIDENT, site_subject(place))
        yield from self._settle_all(seen, now)
        yield from self.tick(now=now)

    def tick(self, *, now: Timestamp) -> Iterator[Step | SetAside | Remark]:
        """Some of those that are yet to be made quiet, or let go."""
        if self._unsettled:
            yield from self._settle_all(list(islice(self._unsettled, MOST_SETTLED)), now)

    def _wait_no_longer(self, now: Timestamp) -> None:
        """Who was asked and not answered in time decides nothing any more."""
        for place, supposition in self._supposed.items():
            if supposition.is_awaiting(since=Timestamp(now - HELD_SECONDS)):
                continue
            if supposition.awaited:
                supposition.awaited.clear()
                self._unjudged[place] = None

    def _judge(self, place: str, now: Timestamp) -> Iterator[Step]:
        policy, held = self._policies.of(place), self._places.held(place)
        if held is not None and held.evidence is not None:
            yield from self._going_on(place, held, held.evidence, policy, now)
        elif policy is not None:
            found = None if held is None else held.supposed(policy)
            yield from self._weigh(place, found, policy, now)

    def _weigh(
        self, place: str, found: Supposed | None, policy: OutagePolicy, now: Timestamp
    ) -> Iterator[Step]:
        before = self._supposed.pop(place, None)
        if found is None:
            if before is not None:
                self._unsettle(filter(self._quieting.is_ours, self._silent_at(place)))
            return
        words = f"{self._words.evidence(place, found.evidence)}; {reasons(found.evidence, policy)}"
        supposition = Supposition(found.evidence.began_at, words)
        if found.verdict is Verdict.OUT:
            self._ask(place, supposition, before, now)
            if not supposition.awaited:
                yield from self._begin(place, found.evidence, words, now)
                return
        self._supposed[place] = supposition
        if before is None:
            self._unsettle(islice(self._silent_at(place), MOST_SETTLED))

    def _ask(
        self, place: str, supposition: Supposition, before: Supposition | None, now: Timestamp
    ) -> None:
        """Once for each place that is supposed to be out; again, if it was not meanwhile."""
        if before is not None and before.asked_at is not None:
            supposition.asked_at, supposition.awaited = before.asked_at, before.awaited
            return
        held, by_id = self._places.held(place), self._roster.by_id

        def answered_at(extension_id: ExtensionId) -> Timestamp:
            watched = by_id.get(extension_id)
            return Timestamp(LONG_AGO) if watched is None else watched.answered_at or now

        began_at = supposition.began_at
        asked = held.to_ask(began_at, answered_at=answered_at, now=now) if held is not None else ()
        supposition.asked_at, supposition.awaited = now, set(asked)
        self._wanted.update(dict.fromkeys(asked))
        self._awaited.update(dict.fromkeys(asked, place))

    def _begin(self, place: str, evidence: Evidence, words: str, now: Timestamp) -> Iterator[Step]:
        held = self._places.begin(place, evidence)
        yield self._told_of(place, held, held.evidence or evidence, words, now)
        self._unsettle(held.members)

    def _going_on(
        self,
        place: str,
        held: Place,
        evidence: Evidence,
        policy: OutagePolicy | None,
        now: Timestamp,
    ) -> Iterator[Step]:
        verdict = judge(evidence, policy or OutagePolicy(), is_out=True)
        is_against = policy is not None and verdict is Verdict.NOT_THE_PLACE
        if is_against and self._is_half_asked(place, held, now):
            self._unjudged[place] = None
        elif policy is None or verdict is not Verdict.STILL:
            is_back = policy is not None and verdict is Verdict.BACK
            because = self._why_over(held, evidence, is_back=is_back)
            toll = final_toll(evidence, self._words.numbers(held.members))
            yield from self._over(place, because if policy else NOT_LOOKED_AT, toll, is_back, now)
        elif abs(_news(evidence) - self._told.get(place, 0)) > UNTOLD_SHARE * evidence.members:
            words = self._words.evidence(place, evidence)
            yield self._told_of(place, held, evidence, words, now)

    def _is_half_asked(self, place: str, held: Place, now: Timestamp) -> bool:
        """Whether it is a restart of ours by which less speaks for its outage: what was told before
        it may be stored, and what showed it not.
        """
        since = self._resumed.get(place)
        if since is None:
            return False
        if now < since + ASKED_WITHIN and any(self._is_unasked(i, since) for i in held.phones):
            return True
        del self._resumed[place]
        return False

    def _is_unasked(self, extension_id: ExtensionId, since: Timestamp) -> bool:
        watched = self._roster.by_id.get(extension_id)
        return watched is not None and (watched.answered_at or LONG_AGO) < since

    def _told_of(
        self, place: str, held: Place, evidence: Evidence, words: str, now: Timestamp
    ) -> Step:
        self._told[place] = _news(evidence)
        silent = (held.phones[each] for each in held.members)
        condition = self._words.condition(place, evidence, silent, now=now)
        step = self._incidents.apply(site_subject(place), condition, now=now)
        return replace(step, because=step.because or words)

    def _why_over(self, held: Place, evidence: Evidence, *, is_back: bool) -> str:
        names, still_out = self._words.names, self._words.names(held.members)
        if not is_back:
            return not_the_place(evidence, still_out=still_out)
        return back(evidence, came_back=names(held.returned), still_out=still_out)

    def _over(
        self, place: str, because: str, toll: Toll, is_back: bool, now: Timestamp
    ) -> Iterator[Step]:
        """Who is still silent gets a little time if others are back; else it was not the place."""
        members = self._places.end(place, now=now)
        self._told.pop(place, None)
        if is_back:
            self._quieting.follow(members, now)
        yield self._incidents.apply(site_subject(place), None, because=because, toll=toll, now=now)
        self._unsettle(members)

    # --- what it means for its phones ----------------------------------------------------------

    def _silent_at(self, place: str) -> Iterator[ExtensionId]:
        """Who is silent there; found last first."""
        held = self._places.held(place)
        return iter(()) if held is None else reversed(held.silent)

    def _unsettle(self, ids: Iterable[ExtensionId]) -> None:
        self._unsettled.update(dict.fromkeys(ids))

    def _settle_all(
        self, ids: Iterable[ExtensionId], now: Timestamp
    ) -> Iterator[Step | SetAside | Remark]:
        for extension_id in ids:
            self._unsettled.pop(extension_id, None)
            try:
                yield from self._settle(extension_id, now)
            except Exception as error:  # noqa: BLE001 - a guard: the others are settled
                yield SetAside(extension_id, error, Where.ANSWER)

    def _settle(self, extension_id: ExtensionId, now: Timestamp) -> Iterator[Step | Remark]:
        """Quiet, waiting or let go, as its place and itself are now."""
        quieting, phone = self._quieting, self._places.phones.get(extension_id)
        is_silent, place = phone is not None and phone.is_silent, phone.place if phone else ""
        by = self._firing(place) if self._places.is_member(extension_id) else None
        supposition = self._supposed.get(place)
        if by is not None:
            yield from quieting.silence(extension_id, by)
        elif is_silent and quieting.is_straggler(extension_id, now):
            yield from quieting.wait_to_follow(extension_id, now)
        elif supposition is not None and phone is not None and supposition.explains(phone):
            yield from quieting.wait_for_others(extension_id, supposition.because, now)
        elif quieting.is_ours(extension_id):
            yield from quieting.release(extension_id, TOLD_ALONE if is_silent else "")

    def _firing(self, place: str) -> Incident | None:
        incident = self._incidents.get(site_subject(place))
        is_firing = incident is not None and incident.state is IncidentState.FIRING
        return incident if is_firing else None


def _news(evidence: Evidence) -> int:
    """How much happened to an outage: it only grows or shrinks by what changes its words."""
    return evidence.members + 2 * evidence.heard


def _was_silent(watched: Watched, memory: Memory, silent_from: Timestamp, now: Timestamp) -> bool:
    """By its last answer before a restart of ours."""
    if watched.registrations:
        return watched.answered_at is not None and watched.answered_at >= silent_from
    awaited_until = None if memory.loss is None else memory.loss.awaited_until
    is_awaited = awaited_until is not None and awaited_until > now
    return watched.state is ExtensionState.LOST and not is_awaited


def _said_good_bye(watched: Watched, memory: Memory) -> bool:
    """Whether it has no registration because that was ended, and not because it fell silent."""
    loss = memory.loss
    return not watched.registrations and loss is not None and loss.reason in GOOD_BYES
