"""The body of Alertmanager's webhook, version 4, with a `regwatch` object in each alert; pure
(https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
"""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from regwatch.core.model import (
    AlertName,
    ExtensionState,
    Incident,
    Item,
    ItemStatus,
    Notification,
)
from regwatch.notify.words import alert_shape
from regwatch.notify.words.links import incident_url
from regwatch.notify.words.times import rfc3339, rfc3339_or_none

VERSION = "4"
NOT_YET = "0001-01-01T00:00:00Z"
"""Go's zero time: how Alertmanager writes the end of what has not ended."""
KEEP_FIRST = {ItemStatus.NEW: 0, ItemStatus.RESOLVED: 1, ItemStatus.STILL: 2}
"""When alerts must be left out, those that the receiver knows already go first."""
STATES = {
    AlertName.EXTENSION_LOST: ExtensionState.LOST,
    AlertName.SIGNED_OFF: ExtensionState.SIGNED_OFF,
    AlertName.REGISTRATION_LOST: ExtensionState.REGISTERED,
    AlertName.REFRESH_OVERDUE: ExtensionState.OVERDUE,
    AlertName.NEVER_REGISTERED: ExtensionState.UNREGISTERED,
    AlertName.ADDRESS_CHANGED: ExtensionState.REGISTERED,
    AlertName.FOREIGN_NETWORK: ExtensionState.REGISTERED,
    AlertName.DEVICE_CHANGED: ExtensionState.REGISTERED,
}


def payload(
    notification: Notification, *, max_alerts: int = 0, external_url: str = "", zone: tzinfo = UTC
) -> dict[str, object]:
    """The body."""
    incidents = [item.incident for item in kept(notification, max_alerts)]
    around = alert_shape.Around(external_url, zone, notification.created_at)
    repeated = notification.possibly_repeated
    texts = [alert_shape.annotations(incident, around) for incident in incidents]
    return {
        "version": VERSION,
        "groupKey": notification.group_key,
        "truncatedAlerts": len(notification.words) - len(incidents),
        "status": "resolved" if notification.is_resolved else "firing",
        "receiver": notification.receiver,
        "groupLabels": dict(notification.group_labels),
        "commonLabels": alert_shape.common(alert_shape.labels(i) for i in incidents),
        "commonAnnotations": alert_shape.common(texts),
        "externalURL": external_url,
        "alerts": [
            alert(
                each,
                around,
                possibly_repeated=repeated,
                unacknowledged_for=notification.unacknowledged_for,
            )
            for each in incidents
        ],
    }


def alert(
    incident: Incident,
    around: alert_shape.Around,
    *,
    possibly_repeated: bool = False,
    unacknowledged_for: float = 0.0,
) -> dict[str, object]:
    """One alert of the body."""
    over = alert_shape.is_resolved(incident)
    return {
        "status": "resolved" if over else "firing",
        "labels": alert_shape.labels(incident),
        "annotations": alert_shape.annotations(incident, around),
        "startsAt": rfc3339(incident.started_at),
        "endsAt": (rfc3339_or_none(incident.resolved_at) if over else None) or NOT_YET,
        "generatorURL": incident_url(incident.id, around.external_url),
        # Stable over the incident's life, through an escalation too.
        "fingerprint": incident.id,
        "regwatch": regwatch_object(
            incident,
            possibly_repeated=possibly_repeated,
            unacknowledged_for=unacknowledged_for,
        ),
    }


def regwatch_object(
    incident: Incident, *, possibly_repeated: bool = False, unacknowledged_for: float = 0.0
) -> dict[str, object]:
    """What Alertmanager's form has no place for. Times are RFC 3339 or null. `possibly_repeated`
    and `unacknowledged_seconds` stand there only where it is so.
    """
    facts = incident.facts
    firing_state = None if alert_shape.is_resolved(incident) else STATES.get(incident.alert)
    return {
        "account": facts.account,
        "extension_id": facts.extension_id,
        "extension": facts.extension,
        "label": facts.label,
        "site": facts.site,
        "alert": incident.alert.value,
        "state": firing_state.value if firing_state else None,
        "previous_state": facts.previous_state or None,
        "reason": facts.reason,
        "device": facts.device,
        "real_address": facts.real_address,
        "contact_address": facts.contact_address,
        "registration_id": facts.registration_id,
        "last_seen": rfc3339_or_none(facts.last_seen),
        "lease_ended": rfc3339_or_none(facts.lease_ended),
        "detected": rfc3339_or_none(facts.detected),
        "detection_lag_seconds": facts.detection_lag_seconds,
        "incident_id": incident.id,
        **({"possibly_repeated": True} if possibly_repeated else {}),
        **({"unacknowledged_seconds": unacknowledged_for} if unacknowledged_for else {}),
    }


def kept(notification: Notification, max_alerts: int) -> Sequence[Item]:
    """As many of those it shows as are wanted; 0: all."""
    items = notification.items
    if 0 < max_alerts < len(items):
        return sorted(items, key=lambda item: KEEP_FIRST[item.status])[:max_alerts]
    return items
