"""Where the pages are that messages lead to; all of them below `http.external_url`, without which
there are none.
"""

from regwatch.core.model import AlertName, IncidentId, Notification


def incident_url(incident_id: IncidentId, external_url: str) -> str:
    """The page of one incident, which lives as long as the history; empty without a URL."""
    return f"{external_url.rstrip('/')}/incidents/{incident_id}" if external_url else ""


def help_url(alert: AlertName, external_url: str) -> str:
    """The page that says what an alert means, and what to do; empty without a URL."""
    return f"{external_url.rstrip('/')}/help/{alert.alertname}" if external_url else ""


def page_of(notification: Notification, external_url: str) -> str:
    """The page for a whole message: that of its incident, or where all of them are shown."""
    matter = notification.matter
    return incident_url(matter[0].id, external_url) if len(matter) == 1 else external_url
