"""What was told, judged by what truly happened: never by what the monitor thought of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.life.driver import BEGINS, DAY, Told

from regwatch.core.model import AlertName, Incident
from regwatch.simulator.life import Happening, Want
from regwatch.simulator.life.happenings import Sight

LOSSES = (AlertName.EXTENSION_LOST, AlertName.REGISTRATION_LOST)
SLACK_SECONDS = 120.0
"""A sweep and a confirmation: so far apart may be what happened and when it is told to have."""
LONG_SECONDS = 900.0
"""Whoever is gone for so long must have been told of."""


@dataclass(frozen=True)
class Judgement:
    """What is wrong with what was told."""

    false_losses: Sequence[Incident]
    """Nobody was gone then."""
    missed: Sequence[tuple[Happening, Sight]]
    """Gone for long without a good-bye, and not told: neither alone nor with a place or more."""
    twice: Sequence[Incident]
    """Told as new again though it had not ended."""


def judged(told: Told, *, days: float) -> Judgement:
    new = [item.incident for _, item in told.news()]
    sights = [(each, sight) for each in told.truth for sight in each.sights]
    false = [i for i in new if i.alert in LOSSES and not _is_true(i, sights)]
    return Judgement(false, list(_missed(told, sights, days)), list(_twice(new)))


def _is_true(incident: Incident, sights: Sequence[tuple[Happening, Sight]]) -> bool:
    who, at = incident.facts.extension_id, incident.started_at
    return any(
        sight.extension_id == who
        and sight.off_at - SLACK_SECONDS <= at <= sight.back_at + SLACK_SECONDS
        for _, sight in sights
    )


def _missed(
    told: Told, sights: Sequence[tuple[Happening, Sight]], days: float
) -> Iterator[tuple[Happening, Sight]]:
    """Whoever has an incident of its own was told, or stands in that of a place."""
    known = {(i.facts.extension_id, i.alert) for i in told.incidents.values()}
    end = BEGINS + days * DAY
    for happening, sight in sights:
        lasted = min(sight.back_at, end) - sight.gone_at
        is_loss = happening.want in (Want.LOSS, Want.PLACE) and sight.missed_at is not None
        is_known = any((sight.extension_id, alert) in known for alert in LOSSES)
        if is_loss and not is_known and sight.gone_at >= BEGINS and lasted > LONG_SECONDS:
            yield happening, sight


def _twice(new: Sequence[Incident]) -> Iterator[Incident]:
    told: set[tuple[str, AlertName]] = set()
    for incident in new:
        if (incident.id, incident.alert) in told:
            yield incident
        told.add((incident.id, incident.alert))
