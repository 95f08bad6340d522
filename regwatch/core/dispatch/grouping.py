"""What each receiver is told of which incidents, and when: incidents in, notifications out.

Rules, per receiver and group (a route's `group_by` makes the groups):

1.  A receiver hears of an incident by the first matching route that names it, once.
2.  The first message of a group goes out `group_wait` after its first unsent firing.
3.  Later news waits `group_wait` too, and until `group_interval` after the group's last message;
    where that is left to us, it is the longer the less matters of all that is in the group.
4.  News worse than all in the group that still fires and was spoken of does not wait for
    `group_interval`. An incident that escalated (another alert, or a higher severity) is news.
5.  The last resolve of a group goes out within `group_wait`. While others of it fire still, or in a
    group of nothing but info, nobody waits for it: it goes with the next news, and waits for
    `group_interval` otherwise, where that is left to us as if nothing critical were in the group.
6.  Reminders follow `repeat[i]` after the group's last message while something in it fires; i
    counts the reminders since something was last new, and the last one repeats. Where that is left
    to us, nobody is reminded of nothing but info.
7.  Every message carries all there is to say of its group: new, still firing, resolved.
8.  A resolve is owed to every receiver that was told of the firing, and to no other, under the
    group it was told in, whatever became of the routes. What was never told is never resolved.
9.  An incident told and unchanged stays in the group it was told in, also when routes changed. One
    that escalates leaves its group without a word and is new in its new one; a receiver that is on
    none of its routes any more hears nothing but the resolve.
10. Of a told incident that is about many phones and has grown by much (`has_grown`), all that the
    group has to say is said again, paced as news: how many it is now, and how many it was.
11. A group of which no told incident is left is forgotten: the next one is its first message. Nor
    does news wait for `group_interval` where all that was told has resolved meanwhile.

12. Of an incident that is quiet, inhibited or silenced, nothing is told, and nobody is reminded. It
    is news once it is quiet no more; and its resolve is owed as ever to whoever was told before.
13. Nobody is reminded of what is acknowledged.
14. On a route with a `digest` news and resolves are collected for that long, unless it gets worse.
15. A route matches within its hours only: as they are when a message is due, not when its incident
    fired. When hours begin or end, what fires still is told to whom the routes name from then on,
    and no more to the others, but for its end. Of what somebody acknowledged, or is nothing but
    info, others are not told anew for that.
16. What nobody acknowledges in time is told to others too (`escalations`), hours or not: with all
    of its group that waits for it, at once, and its end as ever.
17. On a route that says so, nobody hears of an end.

`due` decides, and changes nothing; `queued` makes it so once the caller has stored the message.
`turn` follows the time, in pieces. Note all there is, then ask: asking costs the size of the groups
touched since it was last asked.
"""

import hashlib
import heapq
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import count

import msgspec

from regwatch.core.clock_steps import move_all, pieces
from regwatch.core.dispatch.escalations import Escalations
from regwatch.core.dispatch.groups import RANKS, Group, has_grown, is_news
from regwatch.core.dispatch.route_hours import RouteHours
from regwatch.core.dispatch.routing import (
    Route,
    labels_of_group,
    route_key_of,
    route_per_receiver,
    ways,
)
from regwatch.core.model import (
    FAR_OFF,
    AlertName,
    Incident,
    IncidentId,
    IncidentState,
    Item,
    ItemStatus,
    Notification,
    Notified,
    NotifyReason,
    Severity,
    Timestamp,
)

REMEMBERED_TARGETS = 10_000
"""How many different sets of labels keep their routes at hand; bounds memory, not correctness."""
PUT_OFF_SECONDS = 60.0
"""A group of which a bug kept the message from being made is tried again after so long."""
MOST_STALE_ENTRIES = 100
"""Besides twice the number of groups: a short agenda is not worth tidying."""
REMINDED_ROWS = 3
"""More than one, since an incident may leave its group without a word."""

Target = tuple[str, str, Route]
"""Receiver, group key, route."""
Form = tuple[bool, AlertName, Severity, str, bool, bool, int]
"""What of an incident decides where it belongs, and whether anybody is reminded."""


def _form(incident: Incident) -> Form:
    return (
        incident.state is IncidentState.RESOLVED,
        incident.alert,
        incident.severity,
        incident.facts.site,
        incident.is_quiet,
        bool(incident.acknowledged_by),
        0 if incident.toll is None else incident.toll.out,
    )


def _changed_at(incident: Incident) -> Timestamp:
    return incident.resolved_at or incident.fired_at or incident.started_at


def _fingerprint(n: Notification) -> str:
    said = (f"{i.status}={i.incident.id}={i.incident.alert}={i.incident.severity}" for i in n.items)
    parts = (n.receiver, n.group_key, n.reason, repr(n.created_at), *said)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _row(
    notification: Notification, item: Item, repeats: int, before: Notified | None, now: Timestamp
) -> Notified:
    knows = before is not None and before.resolved_at is None
    is_worse = before is None or RANKS[item.severity] < RANKS[before.severity]
    return Notified(
        receiver=notification.receiver,
        incident_id=item.incident.id,
        alert=item.incident.alert,
        severity=item.incident.severity,
        group_key=notification.group_key,
        firing_at=now,
        repeats=repeats,
        out=0 if item.incident.toll is None else item.incident.toll.out,
        first_told_at=now if before is None or not knows or is_worse else before.told_at,
    )


class Grouping:
    """All groups of all receivers, and the log of what they were told."""

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        incidents: Iterable[Incident] = (),
        notified: Iterable[Notified] = (),
        now: Timestamp | None = None,
    ) -> None:
        """Start with nothing, or where stored incidents and log rows left off; what these say of
        times after `now` was written by a clock that was wrong, or is now.
        """
        if not routes:
            raise ValueError("at least one route is needed, to catch all")
        self._routes = tuple(routes)
        names = frozenset[str]().union(*(route.label_names for route in self._routes))
        self._by_extension = not names.isdisjoint({"extension", "extension_id"})
        self._targets_seen: dict[object, tuple[Target, ...]] = {}
        self._incidents: dict[IncidentId, Incident] = {}
        self._rows: dict[IncidentId, dict[str, Notified]] = {}
        self._places: dict[IncidentId, tuple[Group, ...]] = {}
        self._groups: dict[tuple[str, str], Group] = {}
        self._last: tuple[tuple[Target, ...], tuple[Group, ...]] = ((), ())
        """The last targets and their groups: in a mass outage the next ones are the same."""
        self._touched: dict[Group, None] = {}
        """In order, so that equal histories give equal notifications in equal order."""
        self._agenda: list[tuple[Timestamp, int, Group]] = []
        self._turn = count(1)
        self._hours = RouteHours(self._routes)
        self.escalations = Escalations(self._routes)
        """When others are told, too."""
        self._ways = ways(self._routes)
        self._turning: dict[IncidentId, None] = {}
        """Whom the time tells to others: still to be put there."""
        self.unsaid: list[Notified] = []
        """Rows to be stored of ends that nobody is told of; whoever did that takes them out."""
        self._offered: set[IncidentId] = set()
        self._met: list[tuple[str, str, Exception]] = []
        self._restore(incidents, notified, Timestamp(FAR_OFF) if now is None else now)

    def _restore(
        self, incidents: Iterable[Incident], notified: Iterable[Notified], now: Timestamp
    ) -> None:
        if now != FAR_OFF:
            self._hours.look(now)
        for row in notified:
            told = row if row.firing_at <= now else msgspec.structs.replace(row, firing_at=now)
            if told.told_at > now:
                told = msgspec.structs.replace(told, first_told_at=now)
            self._rows.setdefault(row.incident_id, {})[row.receiver] = told
        for incident in incidents:
            if incident.state is not IncidentState.PENDING:
                self._incidents[incident.id] = incident
        for incident_id in [i for i in self._rows if i not in self._incidents]:
            del self._rows[incident_id]
        for incident in list(self._incidents.values()):
            self._place(incident, now=min(now, _changed_at(incident)))

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds, or back if less than none: who waits,
        waits as long as before. In pieces, between which nothing else may be done.
        """
        yield from move_all(self._incidents, Incident, by)
        for rows in self._rows.values():
            yield from move_all(rows, Notified, by)
        for group in self._groups.values():
            yield from group.clock_set(by)
            self._touched[group] = None
        yield from self.escalations.clock_set(by)

    def turn(self, *, now: Timestamp) -> Iterator[None]:
        """Follow the time: hours of routes began or ended, or nobody acknowledged. In pieces;
        whoever stops in the midst goes on with the next call.
        """
        if self._hours.look(now):
            self._forget_targets()
            self._turning |= dict.fromkeys(self._incidents)
        yield from self._put_where_they_belong(now)
        for called in self.escalations.due(now):
            self._turning |= dict.fromkeys(called)
            yield from self._put_where_they_belong(now)
            yield

    def _forget_targets(self) -> None:
        self._targets_seen.clear()
        self._last = (), ()

    def _put_where_they_belong(self, now: Timestamp) -> Iterator[None]:
        for piece in pieces(tuple(self._turning)):
            for incident_id in piece:
                self._turning.pop(incident_id, None)
                self._put_where_it_belongs(incident_id, now)
            yield

    def _put_where_it_belongs(self, incident_id: IncidentId, now: Timestamp) -> None:
        incident = self._incidents.get(incident_id)
        try:
            if incident is not None:
                self._place(incident, now=now)
        except Exception as error:  # noqa: BLE001 - a guard: the others are told
            self._met.append(("", f"incident {incident_id}", error))

    @property
    def open_incidents(self) -> Sequence[Incident]:
        """Those that fire, and resolved ones of which a receiver has still to hear."""
        return tuple(self._incidents.values())

    def known(self, wanted: Iterable[IncidentId]) -> Mapping[IncidentId, Incident]:
        """Those of these that fire, or of which a receiver has still to hear."""
        found = ((i, self._incidents.get(i)) for i in wanted)
        return {i: incident for i, incident in found if incident is not None}

    def told(self, receiver: str) -> Sequence[Incident]:
        """What a receiver was told of and still fires."""
        return [
            incident
            for incident in self._incidents.values()
            if incident.state is IncidentState.FIRING
            and (row := self._rows.get(incident.id, {}).get(receiver)) is not None
            and row.resolved_at is None
        ]

    def take(self, incident: Incident, *, now: Timestamp) -> None:
        """Take in that an incident began to fire, escalated, changed or resolved."""
        if incident.state is IncidentState.PENDING:
            return
        known = self._incidents.get(incident.id)
        if known is None and incident.state is IncidentState.RESOLVED:
            return
        if not self._incidents and self._hours.look(now):
            self._forget_targets()
        self._incidents[incident.id] = incident
        if known is None and not incident.is_quiet:
            self._place_first(incident, now=now)
        elif known is None or _form(known) != _form(incident):
            self._place(incident, now=now)

    def due(self, *, now: Timestamp) -> Sequence[Notification]:
        """What must go out now; the same again until `queued`, which takes only these."""
        return list(self.offers(now=now))

    def offers(self, *, now: Timestamp) -> Iterator[Notification]:
        """The same one after the other, each of what is known when it is made."""
        for _ in self.turn(now=now):
            pass
        self._settle()
        self._forget_unclaimed(now)
        entries = []
        while self._agenda and self._agenda[0][0] <= now:
            entry = heapq.heappop(self._agenda)
            if self._is_current(entry):
                entries.append(entry)
        for entry in entries:
            heapq.heappush(self._agenda, entry)
        for _, _, group in entries:
            notification = self._offer(group, now)
            if notification is not None:
                yield notification

    def _offer(self, group: Group, now: Timestamp) -> Notification | None:
        try:
            reasons = (reason for reason, at in group.triggers(self._incidents) if at <= now)
            reason = next(reasons, None)
            return None if reason is None else self._notification(group, reason, now=now)
        except Exception as error:  # noqa: BLE001 - a guard: the other groups are told
            self._put_off(group, error, Timestamp(now + PUT_OFF_SECONDS))
            return None

    def put_off(self, notification: Notification, error: Exception, *, now: Timestamp) -> None:
        """A bug keeps a notification (of `due`) from being told: its group is tried again later."""
        group = self._groups.get((notification.receiver, notification.group_key))
        if group is not None:
            self._put_off(group, error, Timestamp(now + PUT_OFF_SECONDS))

    def _put_off(self, group: Group, error: Exception, until: Timestamp) -> None:
        self._met.append((group.receiver, group.key, error))
        self._schedule(group, until)

    def met(self) -> Sequence[tuple[str, str, Exception]]:
        """The bugs met since this was asked last: receiver, group and error of each."""
        met, self._met = self._met, []
        return met

    def next_due_at(self) -> Timestamp | None:
        """When `due` will next have something to say, or hours turn; None while nothing is to
        come.
        """
        self._settle()
        while self._agenda and not self._is_current(self._agenda[0]):
            heapq.heappop(self._agenda)
        turns_at = self._hours.turns_at if self._incidents else Timestamp(FAR_OFF)
        first = self._agenda[0][0] if self._agenda else Timestamp(FAR_OFF)
        found = min(first, turns_at, self.escalations.next_at())
        return None if found == FAR_OFF else found

    def rows(self, notification: Notification, *, now: Timestamp) -> Sequence[Notified]:
        """The log rows to store with a notification in one transaction; changes nothing.

        One row per receiver and incident: each replaces the one before it. Of what fires still, a
        few say when the group was spoken of, and how often: all of them would be rewritten with
        each message of a long outage.
        """
        repeats = self._repeats_after(notification)
        still = 0
        rows = []
        for item in notification.items:
            still += item.status is ItemStatus.STILL
            if item.status is ItemStatus.RESOLVED:
                told = self._rows[item.incident.id][notification.receiver]
                rows.append(msgspec.structs.replace(told, resolved_at=now))
            elif item.status is ItemStatus.NEW or item.grown_from or still <= REMINDED_ROWS:
                before = self._rows.get(item.incident.id, {}).get(notification.receiver)
                rows.append(_row(notification, item, repeats, before, now))
        return rows

    def queued(self, notification: Notification, *, now: Timestamp) -> Sequence[Notified]:
        """Take in that a notification (of `due`) and its `rows` are stored; returns those rows.

        Incidents may have been noted since `due`: what the receiver was told is then what counts.
        """
        rows = self.rows(notification, now=now)
        self.told_by(rows, now=now)
        return rows

    def told_by(self, rows: Iterable[Notified], *, now: Timestamp) -> None:
        """Take in some of the `rows` that were stored; the others are to follow."""
        for row in rows:
            self._rows.setdefault(row.incident_id, {})[row.receiver] = row
            self._place(self._incidents[row.incident_id], now=now)

    def given_up(self, notification: Notification, *, now: Timestamp) -> None:
        """Take in that a notification (of `due`) can never be stored: what was news in it is told
        to its receiver no more, the end neither; all else counts as told.
        """
        news = [i for i in notification.items if i.status is ItemStatus.NEW and not i.told_before]
        rest = tuple(item for item in notification.items if item not in news)
        self.queued(msgspec.structs.replace(notification, items=rest), now=now)
        group = self._groups.get((notification.receiver, notification.group_key))
        for incident_id in (item.incident.id for item in news):
            if group is not None and group.fresh.pop(incident_id, None) is not None:
                self._touched[group] = None
                left = (each for each in self._places[incident_id] if each is not group)
                self._places[incident_id] = tuple(left)

    def _place(self, incident: Incident, *, now: Timestamp) -> None:
        """Put an incident where it belongs now, for each receiver, out of where it was."""
        waiting = self._withdraw(incident.id)
        if incident.state is IncidentState.RESOLVED:
            places = self._place_resolved(incident, waiting, now)
        else:
            places = self._place_firing(incident, waiting, now)
        left = self._places.get(incident.id, ())
        for group in left:
            group.forget_if_untold()
        if places:
            self._places[incident.id] = places
        else:
            self._places.pop(incident.id, None)
        self._touched |= dict.fromkeys((*places, *left))

    def _place_first(self, incident: Incident, *, now: Timestamp) -> None:
        """What `_place` does, short, for one never seen: thousands may come at once."""
        targets = self._targets(incident)
        if targets is not self._last[0]:
            self._last = targets, tuple(self._group(*target) for target in targets)
        groups = self._last[1]
        self._places[incident.id] = groups
        for group in groups:
            group.fresh[incident.id] = now
            self._touched[group] = None

    def _withdraw(self, incident_id: IncidentId) -> dict[str, Timestamp]:
        waiting = {}
        for group in self._places.get(incident_id, ()):
            since = group.withdraw(incident_id)
            if since is not None:
                waiting[group.receiver] = since
        return waiting

    def _place_firing(
        self, incident: Incident, waiting: Mapping[str, Timestamp], now: Timestamp
    ) -> tuple[Group, ...]:
        rows = self._rows.get(incident.id, {})
        places = []
        for receiver, key, route in self._all_targets(incident, rows, waiting):
            row = rows.get(receiver)
            if incident.is_quiet and (row is None or row.resolved_at is not None):
                continue
            if (
                row is not None
                and row.resolved_at is None
                and (row.group_key == key or not is_news(row, incident))
            ):
                group = self._group(receiver, row.group_key, route)
                group.add_told(row)
            else:
                group = self._group(receiver, key, route)
            group.route = route
            if is_news(row, incident) and not incident.is_quiet:
                group.fresh[incident.id] = waiting.get(receiver, now)
            elif has_grown(row, incident) and not incident.is_quiet:
                group.grown[incident.id] = waiting.get(receiver, now)
            places.append(group)
        return tuple(places)

    def _all_targets(
        self, incident: Incident, rows: Mapping[str, Notified], waiting: Container[str]
    ) -> Iterator[Target]:
        """And those who are told because nobody acknowledged."""
        direct = self._targets(incident)
        for target in direct:
            receiver = target[0]
            if receiver in rows or receiver in waiting or self._is_heir(incident, receiver):
                yield target
        if self.escalations.any:
            names = {receiver for receiver, _, _ in direct}
            self.escalations.note(incident, rows, names)
            for receiver, (key, way) in self.escalations.called(incident, rows, names).items():
                yield receiver, key, way

    def _is_heir(self, incident: Incident, receiver: str) -> bool:
        """Whether one who was not told is to be, though others were, whose hours may be over."""
        if not self._hours.any or incident.id not in self._rows:
            return True
        is_info = incident.severity is Severity.INFO
        if not is_info and not incident.acknowledged_by:
            return True
        since = incident.fired_at if is_info else incident.acknowledged_at
        routes = self._hours.at(incident.started_at if since is None else since)
        return receiver in route_per_receiver(incident.labels, routes)

    def _place_resolved(
        self, incident: Incident, waiting: Mapping[str, Timestamp], now: Timestamp
    ) -> tuple[Group, ...]:
        self.escalations.forget(incident.id)
        rows = self._rows.get(incident.id, {})
        back = {receiver: self._way_back(row, incident) for receiver, row in rows.items()}
        for receiver, row in rows.items():
            if row.resolved_at is None and not back[receiver].send_resolved:
                rows[receiver] = msgspec.structs.replace(row, resolved_at=now)
                self.unsaid.append(rows[receiver])
        owed = [row for row in rows.values() if row.resolved_at is None]
        if not owed and incident.id not in self._offered:
            self._forget(incident.id)
            return ()
        places = []
        for row in owed:
            group = self._group(row.receiver, row.group_key, back[row.receiver])
            group.add_told(row)
            group.gone[incident.id] = waiting.get(row.receiver, now)
            places.append(group)
        return tuple(places)

    def _way_back(self, row: Notified, incident: Incident) -> Route:
        """The route by which it was told, or else would be."""
        way = self._ways.get((row.receiver, route_key_of(row.group_key)))
        if way is not None:
            return way
        routes = {receiver: route for receiver, _, route in self._targets(incident)}
        return routes.get(row.receiver, self._routes[-1])

    def _forget(self, incident_id: IncidentId) -> None:
        self._incidents.pop(incident_id, None)
        self._rows.pop(incident_id, None)

    def _forget_unclaimed(self, now: Timestamp) -> None:
        """Drop incidents that resolved between an offer and its `queued`, which never came."""
        offered, self._offered = self._offered, set()
        for incident_id in offered:
            incident = self._incidents.get(incident_id)
            if incident is not None and incident_id not in self._places:
                self._place(incident, now=min(now, _changed_at(incident)))

    def _group(self, receiver: str, key: str, route: Route) -> Group:
        group = self._groups.get((receiver, key))
        if group is None:
            group = self._groups[receiver, key] = Group(receiver, key, route)
        return group

    def _targets(self, incident: Incident) -> tuple[Target, ...]:
        """Through which receivers and groups it goes: looked up once per set of labels."""
        facts = incident.facts
        seen = (
            id(incident.alert),  # hashing a member costs as much as all the rest
            id(incident.severity),
            incident.account,
            facts.site,
            tuple(incident.site_labels.items()) if incident.site_labels else None,
            facts.extension_id if self._by_extension else facts.extension_id is None,
            facts.extension if self._by_extension else None,
        )
        targets = self._targets_seen.get(seen)
        if targets is None:
            if len(self._targets_seen) >= REMEMBERED_TARGETS:
                self._targets_seen.clear()
            targets = self._targets_seen[seen] = self._route(incident)
        return targets

    def _route(self, incident: Incident) -> tuple[Target, ...]:
        labels = incident.labels
        chosen = route_per_receiver(labels, self._hours.open or self._routes[-1:])
        return tuple((receiver, r.group_key(labels), r) for receiver, r in chosen.items())

    def _notification(self, group: Group, reason: NotifyReason, *, now: Timestamp) -> Notification:
        self._offered.update(group.fresh)
        draft = Notification(
            id="",
            receiver=group.receiver,
            group_key=group.key,
            group_labels=labels_of_group(group.key),
            reason=reason,
            created_at=now,
            items=group.items(self._incidents, self._known_to(group)),
            unacknowledged_for=self._unacknowledged_for(group, now),
        )
        return msgspec.structs.replace(draft, id=_fingerprint(draft))

    def _unacknowledged_for(self, group: Group, now: Timestamp) -> float:
        """Since when others know of what it is told for that, and did not take on."""
        if not group.route.is_escalation:
            return 0.0
        left = (i for i in (*group.fresh, *group.told) if not self._incidents[i].acknowledged_by)
        rows = (row for i in left if i not in group.gone for row in self._rows[i].values())
        known = (row.told_at for row in rows if row.receiver != group.receiver)
        return now - min(known, default=now)

    def _known_to(self, group: Group) -> set[IncidentId]:
        """What of a group's news its receiver was told under a milder name."""
        rows = ((i, self._rows.get(i, {}).get(group.receiver)) for i in group.fresh)
        return {i for i, row in rows if row is not None and row.resolved_at is None}

    def _repeats_after(self, notification: Notification) -> int:
        """How many reminders the group will have had since something was last new."""
        if any(item.status is ItemStatus.NEW or item.grown_from for item in notification.items):
            return 0
        group = self._groups.get((notification.receiver, notification.group_key))
        repeats = group.repeats if group is not None else 0
        return repeats + (notification.reason is NotifyReason.REPEAT_DUE)

    def _settle(self) -> None:
        """Bring the agenda up to date with the groups touched since."""
        for group in self._touched:
            if group.is_empty:
                self._groups.pop((group.receiver, group.key), None)
                self._last = (), ()
            try:
                triggers = (at for _, at in group.triggers(self._incidents))
                due_at = min(triggers, default=Timestamp(FAR_OFF))
            except Exception as error:  # noqa: BLE001 - a guard: tried again when it is touched
                self._put_off(group, error, Timestamp(FAR_OFF))
            else:
                self._schedule(group, due_at)
        self._touched.clear()
        self._tidy_agenda()

    def _schedule(self, group: Group, due_at: Timestamp) -> None:
        if due_at != group.due_at:
            group.due_at = due_at
            group.entry = next(self._turn)
            if due_at != FAR_OFF:
                heapq.heappush(self._agenda, (due_at, group.entry, group))

    def _tidy_agenda(self) -> None:
        """Stale entries may lie far ahead: drop them before they outnumber the groups."""
        if len(self._agenda) > 2 * len(self._groups) + MOST_STALE_ENTRIES:
            self._agenda = [entry for entry in self._agenda if self._is_current(entry)]
            heapq.heapify(self._agenda)

    def _is_current(self, entry: tuple[Timestamp, int, Group]) -> bool:
        return entry[1] == entry[2].entry
