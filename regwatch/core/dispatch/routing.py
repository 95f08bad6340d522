"""Who is to hear of an incident, in which group and at which pace: routes, and which of them apply.

The first route that matches wins, unless it says `continue`; the last one catches all. A route does
not match outside of its hours. What nobody acknowledges in time is told to others by the same one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from regwatch.core.matchers import Matchers
from regwatch.core.model import Severity, Timestamp
from regwatch.core.schedules import Schedule

KEY_SEPARATOR = ":{"
NO_MATCHERS = Matchers()
INTERVALS = {Severity.CRITICAL: 60.0, Severity.WARNING: 300.0, Severity.INFO: 900.0}
"""Seconds between messages about a group, by the worst that is in it."""
REMINDERS = (3600.0, 14_400.0, 86_400.0)
"""Seconds to each reminder of what somebody is to mend."""
LABELS_OF_NAMES = {"alert": "alertname"}


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is told, too, where nobody acknowledges."""

    after: float
    """Seconds from the first telling."""
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Matchers, the receivers behind them, and how their messages are grouped and paced."""

    key: str
    """Names the route in group keys; should survive a reload. Must not contain `:{`."""
    receivers: tuple[str, ...]
    matchers: Matchers = NO_MATCHERS
    group_by: tuple[str, ...] = ()
    """Label names (`alert` stands for `alertname`); empty: all in one group."""
    group_wait: float = 0.0
    """Seconds to collect incidents before a group is first spoken of."""
    group_interval: float | None = 0.0
    """Seconds between messages about a group, where nothing gets worse; None: the less it matters,
    the longer."""
    repeat: tuple[float, ...] | None = ()
    """Seconds to each reminder; the last repeats for ever, empty: no reminders; None: as usual, and
    none of what is nothing but info."""
    digest: float = 0.0
    """Seconds in which all that happens is collected into one message; 0: nothing is."""
    continue_: bool = False
    active: Schedule | None = field(default=None, hash=False)
    """The hours in which it matches; None: always."""
    escalation: Escalation | None = None
    send_resolved: bool = True
    is_escalation: bool = False
    """Whether it is `escalating`, of another one."""

    def is_open(self, *, now: Timestamp) -> bool:
        """Whether its hours have begun, and not ended."""
        return self.active is None or self.active.stretch_at(now) is not None

    @property
    def escalating(self) -> "Route":
        """The way to those who are told what nobody acknowledged: they wait no longer. Raises
        `ValueError` if there are none.
        """
        if self.escalation is None:
            raise ValueError(f"the route {self.key} does not escalate")
        return replace(
            self,
            receivers=self.escalation.receivers,
            group_wait=0.0,
            digest=0.0,
            escalation=None,
            is_escalation=True,
        )

    def pace(self, worst: Severity) -> float:
        """Seconds between messages about a group in which nothing is worse than that."""
        interval = INTERVALS[worst] if self.group_interval is None else self.group_interval
        return max(interval, self.digest)

    def reminders(self, worst: Severity) -> tuple[float, ...]:
        """Seconds to each reminder of a group in which nothing is worse than that."""
        if self.repeat is not None:
            return self.repeat
        return () if worst is Severity.INFO else REMINDERS

    @property
    def wait(self) -> float:
        """Seconds from the first thing there is to say to the message."""
        return max(self.group_wait, self.digest)

    def __post_init__(self) -> None:
        if KEY_SEPARATOR in self.key:
            raise ValueError(f"a route's key must not contain {KEY_SEPARATOR!r}: {self.key!r}")

    @property
    def label_names(self) -> frozenset[str]:
        """The labels on which the route or its groups depend."""
        return self.matchers.label_names | frozenset(self.group_by)

    def group_labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels of the group an incident belongs to; those it lacks are left out."""
        names = (LABELS_OF_NAMES.get(name, name) for name in self.group_by)
        return {name: labels[name] for name in names if name in labels}

    def group_key(self, labels: Mapping[str, str]) -> str:
        """A readable, stable name of that group, from which its labels can be read again."""
        text = json.dumps(self.group_labels(labels), sort_keys=True, ensure_ascii=False)
        return f"{self.key}:{text}"


def route_key_of(group_key: str) -> str:
    """The key of the route that a group belongs to."""
    return group_key.partition(KEY_SEPARATOR)[0]


def labels_of_group(group_key: str) -> dict[str, str]:
    """Read a group's labels from its key; empty if it is not one of ours."""
    _, separator, rest = group_key.partition(KEY_SEPARATOR)
    try:
        return dict(json.loads("{" + rest)) if separator else {}
    except (ValueError, RecursionError):
        return {}


def routes_for(labels: Mapping[str, str], routes: Sequence[Route]) -> list[Route]:
    """The routes of an incident with these labels, in order; never empty if any are given."""
    chosen: list[Route] = []
    for route in routes:
        if route.matchers.matches(labels):
            chosen.append(route)
            if not route.continue_:
                return chosen
    return chosen or list(routes[-1:])


def ways(routes: Sequence[Route]) -> dict[tuple[str, str], Route]:
    """By receiver and the route's key: by which of these routes it was told of a group."""
    found: dict[tuple[str, str], Route] = {}
    escalating = [route.escalating for route in routes if route.escalation is not None]
    for route in (*routes, *escalating):
        for receiver in route.receivers:
            found.setdefault((receiver, route.key), route)
    return found


def route_per_receiver(labels: Mapping[str, str], routes: Sequence[Route]) -> dict[str, Route]:
    """Each receiver once, by the first of the matching routes that names it."""
    chosen: dict[str, Route] = {}
    for route in routes_for(labels, routes):
        for receiver in route.receivers:
            chosen.setdefault(receiver, route)
    return chosen
