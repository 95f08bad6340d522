"""What would be told of an incident, by the grouping itself: whom, when, by which route; and why
the other routes tell nobody.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.dispatch.routing import Route, route_key_of
from regwatch.core.matchers import Matchers
from regwatch.core.model import LONG_AGO, Incident, Notification, NotifyReason, Timestamp
from regwatch.core.schedules import turns_at

MOST_TELLINGS = 200
"""A reminder each second would have no end."""


class Fit(StrEnum):
    """What a route is to an alert."""

    MATCHES = "matches"
    OTHER_LABELS = "other_labels"
    OUTSIDE_OF_HOURS = "outside_of_hours"
    NOT_REACHED = "not_reached"
    """One before it matched, and did not say `continue`."""


class Look(Struct, frozen=True):
    """What was found of one route."""

    index: int
    name: str
    receivers: tuple[str, ...]
    fit: Fit
    labels: tuple[str, ...] = ()
    """Those that do not match."""
    begins_at: Timestamp | None = None
    """When its hours do; None: they will not, or matter not."""
    ended_by: int | None = None
    """The route at which the search ended."""


class Telling(Struct, frozen=True):
    """One message of those that would be sent while nobody does anything."""

    at: Timestamp
    receiver: str
    route: int
    reason: NotifyReason
    unacknowledged_for: float


class Forecast(Struct, frozen=True, kw_only=True):
    """What was found."""

    at: Timestamp
    labels: Mapping[str, str]
    fires_at: Timestamp
    """Once it has lasted as long as its alert's `for`."""
    why_not: Sequence[str] = ()
    """Why nobody is told, in words: for good, or until `told_from`."""
    told_from: Timestamp | None
    """From when on it is told, if it still fires; None: it is not."""
    notes: Sequence[str] = ()
    """What else there is to know."""
    looks: Sequence[Look]
    tellings: Sequence[Telling] = ()


def looks(labels: Mapping[str, str], routes: Sequence[Route], *, now: Timestamp) -> Sequence[Look]:
    """Each route, in order, for an alert with these labels."""
    found: list[Look] = []
    ended_by: int | None = None
    for index, route in enumerate(routes):
        look = _look(index, route, labels, now)
        if ended_by is not None:
            look = Look(index, route.key, route.receivers, Fit.NOT_REACHED, ended_by=ended_by)
        elif look.fit is Fit.MATCHES and not route.continue_:
            ended_by = index
        found.append(look)
    return found


def _look(index: int, route: Route, labels: Mapping[str, str], now: Timestamp) -> Look:
    others = tuple(
        name
        for name, patterns in route.matchers.clauses
        if not Matchers(((name, patterns),)).matches(labels)
    )
    look = Look(index, route.key, route.receivers, Fit.MATCHES)
    if others:
        return replace(look, fit=Fit.OTHER_LABELS, labels=others)
    if route.active is not None and not route.is_open(now=now):
        begins_at = turns_at(route.active, now)
        return replace(look, fit=Fit.OUTSIDE_OF_HOURS, begins_at=begins_at)
    return look


Change = tuple[Timestamp, Incident]
"""What becomes of an incident, and when."""


def forecast(
    changes: Sequence[Change], routes: Sequence[Route], *, until: Timestamp
) -> Sequence[Telling]:
    """All that is told of what changes so, in this order, while nobody acknowledges it."""
    messages = _messages(changes, routes, until)
    return [_telling(message, routes) for message in islice(messages, MOST_TELLINGS)]


def _messages(
    changes: Sequence[Change], routes: Sequence[Route], until: Timestamp
) -> Iterator[Notification]:
    grouping, coming = Grouping(routes), deque(changes)
    now = Timestamp(LONG_AGO)
    while True:
        due_at = grouping.next_due_at()
        if coming and (due_at is None or coming[0][0] <= max(now, due_at)):
            now, incident = coming.popleft()
            grouping.take(incident, now=now)
            continue
        if due_at is None or due_at > until:
            return
        now = max(now, due_at)
        for message in grouping.due(now=now):
            grouping.queued(message, now=now)
            yield message


def _telling(message: Notification, routes: Sequence[Route]) -> Telling:
    return Telling(
        at=message.created_at,
        receiver=message.receiver,
        route=_route_of(message, routes),
        reason=message.reason,
        unacknowledged_for=message.unacknowledged_for,
    )


def _route_of(message: Notification, routes: Sequence[Route]) -> int:
    key, receiver = route_key_of(message.group_key), message.receiver
    is_escalated = bool(message.unacknowledged_for)

    def names(route: Route) -> bool:
        called = route.escalation.receivers if route.escalation else ()
        return receiver in (called if is_escalated else route.receivers)

    named = (i for i, route in enumerate(routes) if route.key == key and names(route))
    return next(named, len(routes) - 1)
