"""What an open incident tells of its phone, where nothing else is left of it: a row of the database
may be lost alone. Without it, the phone would be seen as if for the first time, and the incident
would end though nothing is well.
"""

from regwatch.core.model import (
    AlertName,
    Extension,
    ExtensionState,
    Incident,
    IncidentState,
    Registration,
    RegistrationId,
    Watched,
)
from regwatch.core.phones.memory import Loss, Memory

STATES = {
    AlertName.EXTENSION_LOST: ExtensionState.LOST,
    AlertName.SIGNED_OFF: ExtensionState.SIGNED_OFF,
}


def recalled(incident: Incident) -> tuple[Watched, Memory] | None:
    """The phone as it was when it was told as lost, and its loss; None if it says nothing of the
    kind.
    """
    facts = incident.facts
    state = STATES.get(incident.alert)
    if state is None or incident.state is IncidentState.RESOLVED or facts.extension_id is None:
        return None
    last_seen_at = incident.started_at if facts.last_seen is None else facts.last_seen
    detected_at = facts.detected or incident.started_at
    watched = Watched(
        Extension(facts.extension_id, facts.extension, facts.label),
        site=facts.site,
        state=state,
        since=incident.started_at,
        answered_at=detected_at,
        last_registered_at=last_seen_at,
        reason=facts.reason,
        first_answered_at=last_seen_at,
    )
    held = Registration(
        RegistrationId(facts.registration_id),
        facts.device,
        facts.real_address,
        facts.contact_address,
        facts.lease_ended,
    )
    return watched, Memory(loss=Loss(held, facts.reason, last_seen_at, detected_at))
