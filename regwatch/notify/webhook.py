"""The `webhook` receiver: Alertmanager's body, version 4, with a `regwatch` object in each alert,
signed as Standard Webhooks asks (https://www.standardwebhooks.com).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from regwatch.clock import Clock
from regwatch.core.model import (
    AlertName,
    ExtensionState,
    Incident,
    ItemStatus,
    Notification,
    Timestamp,
)
from regwatch.notify import alert_shape
from regwatch.notify.http import Credentials, Post, post, to_json
from regwatch.notify.times import rfc3339, rfc3339_or_none
from regwatch.notify.wording import link

VERSION = "4"
NOT_YET = "0001-01-01T00:00:00Z"
"""Go's zero time: how Alertmanager writes the end of what has not ended."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark of a secret, not one
KEEP_FIRST = {ItemStatus.NEW: 0, ItemStatus.RESOLVED: 1, ItemStatus.STILL: 2}
"""When alerts must be left out, those that the receiver knows already go first."""
STATES = {
    AlertName.EXTENSION_LOST: ExtensionState.LOST,
    AlertName.REGISTRATION_LOST: ExtensionState.REGISTERED,
    AlertName.REFRESH_OVERDUE: ExtensionState.OVERDUE,
    AlertName.NEVER_REGISTERED: ExtensionState.UNREGISTERED,
}


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where and how to post."""

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    """`whsec_` and base64, or any text; empty: not signed."""
    max_alerts: int = 0
    """0: all. Otherwise `truncatedAlerts` says how many are left out."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    credentials: Credentials = field(default_factory=Credentials)
    timeout_seconds: float = 10.0
    external_url: str = ""


class WebhookReceiver:
    """Posts each notification as one JSON body."""

    kind = "webhook"

    def __init__(
        self, name: str, settings: WebhookSettings, session: aiohttp.ClientSession, *, clock: Clock
    ) -> None:
        self.name = name
        self._settings = settings
        self._session = session
        self._clock = clock

    async def deliver(self, notification: Notification) -> None:
        """Any 2xx is success."""
        settings = self._settings
        body = to_json(
            payload(
                notification, max_alerts=settings.max_alerts, external_url=settings.external_url
            )
        )
        signed = signature_headers(notification.id, body, settings.secret, at=self._clock())
        request = Post(
            url=settings.url,
            body=body,
            headers={**settings.headers, **settings.credentials.headers(), **signed},
            timeout_seconds=settings.timeout_seconds,
            secrets=(
                settings.secret,
                *settings.credentials.secrets,
                *settings.headers.values(),
            ),
        )
        await post(self._session, request, clock=self._clock)


def payload(
    notification: Notification, *, max_alerts: int = 0, external_url: str = ""
) -> dict[str, object]:
    """The body."""
    incidents = _kept(notification, max_alerts)
    return {
        "version": VERSION,
        "groupKey": notification.group_key,
        "truncatedAlerts": len(notification.items) - len(incidents),
        "status": "resolved" if notification.is_resolved else "firing",
        "receiver": notification.receiver,
        "groupLabels": dict(notification.group_labels),
        "commonLabels": alert_shape.common(alert_shape.labels(i) for i in incidents),
        "commonAnnotations": alert_shape.common(alert_shape.annotations(i) for i in incidents),
        "externalURL": external_url,
        "alerts": [alert(incident, external_url=external_url) for incident in incidents],
    }


def alert(incident: Incident, *, external_url: str = "") -> dict[str, object]:
    """One alert of the body."""
    over = alert_shape.is_resolved(incident)
    return {
        "status": "resolved" if over else "firing",
        "labels": alert_shape.labels(incident),
        "annotations": alert_shape.annotations(incident),
        "startsAt": rfc3339(incident.started_at),
        "endsAt": (rfc3339_or_none(incident.resolved_at) if over else None) or NOT_YET,
        "generatorURL": link(incident, external_url),
        # Stable over the incident's life, through an escalation too.
        "fingerprint": incident.id,
        "regwatch": regwatch_object(incident),
    }


def regwatch_object(incident: Incident) -> dict[str, object]:
    """What Alertmanager's form has no place for. Times are RFC 3339 or null."""
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
    }


def signature_headers(
    message_id: str, body: bytes, secret: str, *, at: Timestamp
) -> dict[str, str]:
    """The Standard Webhooks headers; without a secret, only id and time.

    The id is the notification's and thus the same at each retry: receivers deduplicate by it.
    """
    stamp = str(int(at))
    headers = {"webhook-id": message_id, "webhook-timestamp": stamp}
    if secret:
        signed = hmac.digest(
            signing_key(secret), f"{message_id}.{stamp}.".encode() + body, hashlib.sha256
        )
        headers["webhook-signature"] = f"v1,{base64.b64encode(signed).decode()}"
    return headers


def signing_key(secret: str) -> bytes:
    """The bytes behind `whsec_…`; the text itself if it is not of that form."""
    if secret.startswith(SECRET_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def _kept(notification: Notification, max_alerts: int) -> list[Incident]:
    items = notification.items
    if 0 < max_alerts < len(items):
        items = tuple(sorted(items, key=lambda item: KEEP_FIRST[item.status]))[:max_alerts]
    return [item.incident for item in items]
