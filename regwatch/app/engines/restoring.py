"""Going on with incidents that were stored: one in which a bug is met must not stop a start."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from regwatch.core.bugs import Where, without_culprits
from regwatch.core.model import Incident
from regwatch.guard import Bugs

T = TypeVar("T")


def built_with(
    incidents: Sequence[Incident], build: Callable[[Sequence[Incident]], T], bugs: Bugs
) -> T:
    """What is built of those with which it can be built; raises what is raised without any."""
    built, failed = without_culprits(incidents, build)
    for incident, error in failed:
        what = f"incident {incident.id}"
        bugs.met("incident_not_restored", Where.RESTORE, what, error, incident=incident.id)
    return built
