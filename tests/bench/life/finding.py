"""Whether what one would want to know was told, and how soon after it could be known."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.life.driver import Saying, Told
from bench.life.judge import ACCOUNT, LATE_SECONDS
from bench.life.truth import Away, Truth

from regwatch.core.model import ExtensionId, Incident
from regwatch.simulator.life import Happening, Want
from regwatch.simulator.rates import Kind

VISIBLE_SECONDS = 120.0
"""Who is gone for less may be missed: so long takes a sweep, and the question that confirms."""
SPOKEN_OF = frozenset({"extension_lost", "registration_lost", "signed_off"})
PLACE_MEMBERS = 3
API_SECONDS, FROZEN_SECONDS, LIST_SECONDS = 150.0, 1200.0, 2400.0
"""What lasts shorter need not be told: two minutes; `stale_after`; two readings of the list."""


@dataclass(frozen=True)
class Wanted:
    """One thing that one would want to know of, and when it was told."""

    kind: Kind
    what: str
    """`lost`, `signed off`, `place`, …"""
    since: float
    """From when on it could be known."""
    told_at: float | None
    happening: Happening
    who: int | None = None

    @property
    def seconds(self) -> float | None:
        """From when it could be known to when it was told; less than none: it was told before."""
        return None if self.told_at is None else self.told_at - self.since


class Finding:
    """Of one life."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.truth = Truth(told.truth, told.doubled)
        self._incidents: dict[ExtensionId, list[Incident]] = defaultdict(list)
        self._said: dict[str, list[Saying]] = defaultdict(list)
        for incident in told.incidents.values():
            who = incident.facts.extension_id
            if who is not None and incident.alert.value in SPOKEN_OF:
                self._incidents[who].append(incident)
        for saying in told.sayings:
            self._said[saying.incident.id].append(saying)

    def wanted(self) -> Iterator[Wanted]:
        """All of it."""
        for away in self.truth.all_aways():
            yield from self._of_away(away)
        for happening in self.told.truth:
            if self.told.begins <= happening.at < self.told.ends:
                yield from self._of_all(happening)

    # --- of one device -------------------------------------------------------------------------

    def _of_away(self, away: Away) -> Iterator[Wanted]:
        sight, ends = away.sight, min(away.sight.back_at, self.told.ends)
        since = self.truth.could_be_seen_at(max(sight.gone_at, self._unanswered_until(away)))
        if sight.gone_at < self.told.begins or ends - since < VISIBLE_SECONDS:
            return
        told_at = min(self._told_of(away), default=None)
        what = "lost" if away.is_silent else "signed off"
        yield Wanted(away.happening.kind, what, since, told_at, away.happening, sight.extension_id)

    def _unanswered_until(self, away: Away) -> float:
        """Who is gone in a restart is told when it does not return: an hour's lease later."""
        gone_at = away.sight.gone_at
        restarts = self.truth.during(frozenset({Kind.RESTART}), gone_at - 7200.0, gone_at)
        return max((each.at + 3600.0 for each in restarts), default=gone_at)

    def _told_of(self, away: Away) -> Iterator[float]:
        """Each time: alone, or with what spoke for it."""
        sight = away.sight
        for incident in self._incidents.get(ExtensionId(sight.extension_id), ()):
            ended_at = incident.resolved_at or float("inf")
            if incident.started_at > sight.back_at or ended_at < sight.gone_at - LATE_SECONDS:
                continue
            for each in (incident.id, *self.told.covers.get(incident.id, ())):
                for saying in self._said.get(each, ()):
                    if saying.at >= sight.off_at and saying.at <= sight.back_at + 1200.0:
                        yield saying.at

    # --- of many -------------------------------------------------------------------------------

    def _of_all(self, happening: Happening) -> Iterator[Wanted]:
        since, alerts = self._alerts(happening)
        if not alerts:
            return
        ends = (happening.until or happening.at) + 7200.0
        times = [s.at for s in self.told.news() if self._is_about(s, happening, alerts, ends)]
        what = min(alerts).replace("_", " ")
        yield Wanted(happening.kind, what, since, min(times, default=None), happening)

    def _alerts(self, happening: Happening) -> tuple[float, frozenset[str]]:
        """Since when which alert is wanted of it; none: none is."""
        at, until = happening.at, happening.until or happening.at
        match happening.want:
            case Want.PLACE:
                missed_at = happening.missed_at(PLACE_MEMBERS)
                is_seen = missed_at is not None and until - missed_at > 600.0
                return missed_at or at, frozenset({"site_lost"} if is_seen else ())
            case Want.ADDRESS:
                return at, frozenset({"address_changed"})
            case Want.OTHER_DEVICE:
                return at, frozenset({"device_changed"})
            case Want.RESTART:
                return at, frozenset({"registrar_restarted"})
            case Want.API if (
                until - at > (API_SECONDS if happening.kind is Kind.API_DOWN else FROZEN_SECONDS)
                and "cached_answers" not in happening.faults
            ):
                return at, frozenset({"api_unavailable"})
            case Want.LIST if until - at > LIST_SECONDS:
                return at, frozenset({"list_shrank"})
        return at, frozenset()

    def _is_about(
        self, saying: Saying, happening: Happening, alerts: frozenset[str], ends: float
    ) -> bool:
        if saying.alert.value not in alerts or not happening.at <= saying.at <= ends:
            return False
        if saying.alert.value in ACCOUNT:
            return True
        if saying.who is not None:
            return saying.who in happening.whom
        return saying.census is None or saying.census.dark > 0 or happening.want is Want.ADDRESS


def finding(told: Told) -> list[Wanted]:
    return list(Finding(told).wanted())


def by_kind(found: Sequence[Wanted]) -> Mapping[tuple[str, str], list[Wanted]]:
    """Sorted by what happened and what is wanted of it."""
    groups: dict[tuple[str, str], list[Wanted]] = defaultdict(list)
    for each in found:
        groups[each.kind.value, each.what].append(each)
    return dict(sorted(groups.items()))


def delays(found: Sequence[Wanted]) -> tuple[float, float] | None:
    """The median and the 95th percentile of the seconds until it was told."""
    seconds = sorted(s for each in found if (s := each.seconds) is not None)
    if not seconds:
        return None
    return median(seconds), seconds[math.ceil(0.95 * len(seconds)) - 1]
