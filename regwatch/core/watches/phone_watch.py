"""Turns what single extensions do over several answers into incidents: flapping, another address,
a foreign network, another device.

* While an extension is flapping, its losses say nothing of their own.
* Another address and another device are told once, and are over when nothing like it has happened
  again for `EVENT_SECONDS`: an address that alternates is one incident and no flood.
* A foreign network lasts while one of its devices registers from there. Who was there already at
  the first look, is at home there. While it holds no registration at all, nothing new is known.
* Where a foreign network or another device is told, its other address is not told besides.
* Phones of one place that go to one new address are one incident: that of the first (`line_moves`).
"""

from collections.abc import Callable, Iterator, Sequence

from regwatch.core.alerts.conditions import Condition
from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.phone_conditions import (
    address_changed,
    device_changed,
    flapping,
    foreign_network,
    line_changed,
)
from regwatch.core.clock_steps import move_all
from regwatch.core.model import (
    AccountName,
    AlertName,
    ExtensionId,
    Incident,
    IncidentState,
    Registration,
    Timestamp,
    Watched,
)
from regwatch.core.phones.flapping import Flapping, FlappingPolicy
from regwatch.core.phones.line_moves import LineMove, LineMoves
from regwatch.core.phones.memory import Lately
from regwatch.core.phones.moves import Move, Sighting, address_move, device_swap, place_of
from regwatch.core.remarks import Remark, Untold
from regwatch.core.sites import Sites
from regwatch.core.subjects import event_subject

EVENT_SECONDS = 1800.0
"""So long what happened once counts as new."""
EVENTS = (AlertName.ADDRESS_CHANGED, AlertName.DEVICE_CHANGED)
Telling = Callable[[AccountName, Watched, Move, Timestamp], Condition]


class PhoneWatch:
    """The extensions of one account that did something lately."""

    def __init__(
        self,
        account: AccountName,
        policy: FlappingPolicy | None,
        sites: Sites,
        incidents: OpenIncidents,
    ) -> None:
        self._account = account
        self._sites = sites
        self._incidents = incidents
        self._flapping = Flapping(policy)
        self._lines = LineMoves()
        self._flappers: set[ExtensionId] = set()
        self._events: dict[ExtensionId, dict[AlertName, Timestamp]] = {}
        """Until when what happened to an extension counts as new."""
        self._resume()

    def _resume(self) -> None:
        """Go on with what was found before a restart of ours."""
        for incident in self._incidents:
            extension_id = incident.facts.extension_id
            if extension_id is None:
                continue
            if incident.alert is AlertName.FLAPPING:
                self._flapping.resume(extension_id, incident.started_at)
                self._flappers.add(extension_id)
            elif incident.alert in EVENTS:
                until = Timestamp(incident.started_at + EVENT_SECONDS)
                self._events.setdefault(extension_id, {})[incident.alert] = until

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        yield from self._flapping.clock_set(by)
        yield from self._lines.clock_set(by)
        for events in self._events.values():
            yield from move_all(events, Timestamp, by)

    def lately(self, extension_id: ExtensionId) -> Lately | None:
        """What is to be stored of its changes; None: nothing."""
        return self._flapping.lately(extension_id)

    def restore(self, extension_id: ExtensionId, lately: Lately) -> None:
        """It changed so before a restart of ours."""
        if extension_id not in self._flappers:
            self._flapping.restore(extension_id, lately)

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        self._flapping.forget(extension_id)
        self._flappers.discard(extension_id)
        self._events.pop(extension_id, None)

    def set_aside(self, extension_id: ExtensionId) -> None:
        """Its last answer was not taken in: its changes would be counted again with the next."""
        self._flapping.forget(extension_id)
        incident = self._incidents.get(event_subject(AlertName.FLAPPING, extension_id))
        if incident is not None and extension_id in self._flappers:
            self._flapping.resume(extension_id, incident.started_at)

    def answered(
        self, watched: Watched, sighting: Sighting, *, is_explained: bool, now: Timestamp
    ) -> Iterator[Step | Remark]:
        """An extension was answered. `is_explained`: a site's outage or the registrar's restart
        explains what it does.
        """
        extension_id, changes = watched.extension.id, sighting.changes
        if changes:
            self._flapping.count(extension_id, changes, is_explained=is_explained)
            yield from self._moves(watched, sighting, now)
        if changes or extension_id in self._flappers:
            yield from self._flaps(watched, now)
        if extension_id in self._events:
            yield from self._fade(extension_id, now)

    def _flaps(self, watched: Watched, now: Timestamp) -> Iterator[Step]:
        extension_id = watched.extension.id
        flaps = self._flapping.judge(extension_id, now=now)
        if flaps is None and extension_id not in self._flappers:
            return
        condition = None if flaps is None else flapping(self._account, watched, flaps, now)
        subject = event_subject(AlertName.FLAPPING, extension_id)
        step = self._incidents.apply(subject, condition, recover_after=0.0, now=now)
        yield step
        incident = step.incident
        if incident is None:
            return
        if incident.state is IncidentState.FIRING:
            self._flappers.add(extension_id)
            yield from self._incidents.inhibit(
                extension_id, incident, instead_of=(None, incident.id)
            )
        else:
            self._flappers.discard(extension_id)
            yield from self._incidents.inhibit(extension_id, None, instead_of=(incident.id,))

    def _moves(
        self, watched: Watched, sighting: Sighting, now: Timestamp
    ) -> Iterator[Step | Remark]:
        is_told = False
        for step in self._foreign(watched, sighting.was, now):
            is_told = step.decision is Decision.FIRED
            yield step
        swap = device_swap(sighting)
        if swap is not None:
            step = self._event(watched, swap, device_changed, now)
            is_told = is_told or step.incident is not None
            yield step
        move = address_move(sighting, now=now)
        if move is not None and not is_told:
            yield self._address(watched, move, now)

    def _foreign(
        self, watched: Watched, was: Sequence[Registration], now: Timestamp
    ) -> Iterator[Step]:
        subject = event_subject(AlertName.FOREIGN_NETWORK, watched.extension.id)
        is_open = self._incidents.get(subject) is not None
        outside = [r for r in watched.registrations if self._is_outside(watched, r)]
        at_home = {place_of(r) for r in was}
        new = [r for r in outside if place_of(r) not in at_home]
        if new or (outside and is_open):
            found = (new or outside)[0]
            condition = foreign_network(self._account, watched, found, now)
            yield self._incidents.apply(subject, condition, now=now)
        elif is_open and watched.registrations:
            yield self._incidents.apply(subject, None, now=now)

    def _is_outside(self, watched: Watched, registration: Registration) -> bool:
        address = registration.real_address
        if not self._sites.is_outside(watched.site, address):
            return False
        # Whom only its address puts to a site may as well be at another one.
        is_named = self._sites.of_extension(watched.extension) == watched.site
        return is_named or not self._sites.of_address(address)

    def _address(self, watched: Watched, move: Move, now: Timestamp) -> Step | Remark:
        """Its own move, or that of its line, which another one was the first to show."""
        extension_id, after = watched.extension.id, place_of(move.after)
        line = self._lines.went(extension_id, place_of(move.before), after, now=now)
        if line.phones == 1:
            return self._event(watched, move, address_changed, now)
        told = self._incidents.get(event_subject(AlertName.ADDRESS_CHANGED, line.first))
        if line.is_over or told is None:
            because = f"others of its place ({line.phones - 1}) went to {after} before it"
            return Remark(Untold.PLACE_MOVED, extension_id, now, because)
        return self._line(told, line, move, now)

    def _line(self, told: Incident, line: LineMove, move: Move, now: Timestamp) -> Step:
        condition = line_changed(told, line.phones, move)
        until = Timestamp(now + EVENT_SECONDS)
        self._events.setdefault(line.first, {})[condition.alert] = until
        return self._incidents.apply(told.subject, condition, recover_after=0.0, now=now)

    def _event(self, watched: Watched, move: Move, tell: Telling, now: Timestamp) -> Step:
        condition = tell(self._account, watched, move, now)
        step = self._incidents.apply(condition.subject, condition, recover_after=0.0, now=now)
        if step.incident is not None:
            until = Timestamp(now + EVENT_SECONDS)
            self._events.setdefault(watched.extension.id, {})[condition.alert] = until
        return step

    def _fade(self, extension_id: ExtensionId, now: Timestamp) -> Iterator[Step]:
        events = self._events[extension_id]
        for alert in [alert for alert, until in events.items() if until <= now]:
            del events[alert]
            subject = event_subject(alert, extension_id)
            yield self._incidents.apply(subject, None, recover_after=0.0, now=now)
        if not events:
            del self._events[extension_id]
