"""What a template can use; pure."""

from collections.abc import Mapping
from datetime import UTC, tzinfo

from regwatch.core.model import Item, ItemStatus, Notification
from regwatch.notify.words.alert_shape import Around
from regwatch.notify.words.first_line import headline
from regwatch.notify.words.webhook_body import alert, kept, payload
from regwatch.notify.words.wording import line

NAMES = frozenset(
    {
        "version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels",
        "commonLabels", "commonAnnotations", "externalURL", "alerts",
        "title", "severity", "reason", "id", *ItemStatus,
    }
)  # fmt: skip
"""The variables there are: the body of a webhook, and what follows it here."""


def template_context(
    notification: Notification, *, external_url: str = "", max_alerts: int = 0, zone: tzinfo = UTC
) -> Mapping[str, object]:
    """The body of a webhook, each alert with its `words`; besides, the first line, and the alerts
    by what they are to the receiver.
    """
    items = kept(notification, max_alerts)
    told = [_told(item, notification, external_url, zone) for item in items]
    return {
        **payload(notification, max_alerts=max_alerts, external_url=external_url, zone=zone),
        "alerts": told,
        "title": headline(notification, zone=zone),
        "severity": notification.severity.value,
        "reason": notification.reason.value,
        "id": notification.id,
        **{
            status.value: [
                each for item, each in zip(items, told, strict=True) if item.status is status
            ]
            for status in ItemStatus
        },
    }


def _told(
    item: Item, notification: Notification, external_url: str, zone: tzinfo
) -> Mapping[str, object]:
    words = line(item.incident, item.grown_from, now=notification.created_at, zone=zone)
    return {
        **alert(
            item.incident,
            Around(external_url, zone, notification.created_at),
            possibly_repeated=notification.possibly_repeated,
            unacknowledged_for=notification.unacknowledged_for,
        ),
        "words": {
            "who": words.who,
            "where": words.where,
            "what": words.title,
            "when": words.when,
            "details": list(words.details),
        },
    }
