"""Incidents that were handed over and are not stored yet, since the database is away: whoever is
built anew meanwhile, as in a reload, goes on with them all the same.
"""

from collections.abc import Iterable

from regwatch.core.model import Incident, IncidentId


class Unstored:
    """Of all accounts; each as it was handed over last."""

    def __init__(self) -> None:
        self._incidents: dict[IncidentId, Incident] = {}

    def note(self, incidents: Iterable[Incident]) -> None:
        """These hold from now on."""
        self._incidents.update((incident.id, incident) for incident in incidents)

    def drop(self, incidents: Iterable[Incident]) -> None:
        """These are stored, or never can be; those that changed since are not."""
        for incident in incidents:
            if self._incidents.get(incident.id) is incident:
                del self._incidents[incident.id]

    def now(self) -> dict[IncidentId, Incident]:
        """All there are, by id. Asked before the database: what is stored while that is read would
        be missed in both.
        """
        return dict(self._incidents)
