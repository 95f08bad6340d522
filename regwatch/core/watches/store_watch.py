"""What became of regwatch's own database, as incidents: what is forgotten is told, since nobody
else would know.
"""

from collections.abc import Iterator

from regwatch.core.alerts.incidents import Step
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.store_conditions import (
    DAMAGE,
    MEMORY,
    DatabaseSetAside,
    memory_lost,
    store_damaged,
    store_unusable,
)
from regwatch.core.model import Timestamp

TOLD_SECONDS = 3600.0
"""So long it fires after it was put right: there is nothing to see of it any more."""
OVER = "a new database is in use"


class StoreWatch:
    """Of one database."""

    def __init__(self, incidents: OpenIncidents) -> None:
        """`incidents`: of all that regwatch finds wrong with itself."""
        self._incidents = incidents

    def set_aside(self, that: DatabaseSetAside, *, now: Timestamp) -> Iterator[Step]:
        """It was damaged, and another one was begun."""
        made = store_damaged if that.is_running else memory_lost
        condition = made(that, since=now)
        yield self._incidents.apply(condition.subject, condition, now=now)

    def tick(self, damage: str, *, now: Timestamp) -> Iterator[Step]:
        """What time alone brings; `damage`: what is wrong with it and not put right, or nothing."""
        if damage:
            condition = store_unusable(damage, since=now)
            yield self._incidents.apply(condition.subject, condition, now=now)
        past = (MEMORY,) if damage else (MEMORY, DAMAGE)
        for incident in [each for each in self._incidents if each.subject in past]:
            if now - incident.started_at >= TOLD_SECONDS:
                yield self._incidents.apply(incident.subject, None, because=OVER, now=now)
