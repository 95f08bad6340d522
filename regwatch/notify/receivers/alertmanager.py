"""The `alertmanager` receiver: `POST /api/v2/alerts`, each incident an alert of its own.

Grouping, silences and repeats are Alertmanager's business there. A firing alert is posted with an
end five minutes ahead, so that it ends by itself should regwatch die, and has to be posted again
before.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import chain
from socket import gethostname
from typing import Annotated

import aiohttp
from msgspec.structs import replace
from pydantic import Field

from regwatch.clock import Clock
from regwatch.core.model import Incident, IncidentId, Notification, Timestamp
from regwatch.notify.errors import DeliveryError
from regwatch.notify.http import Credentials, Post, post, to_json
from regwatch.notify.receivers.authentication import BasicAuth, credentials
from regwatch.notify.receivers.kind import Kind, RestOfFile, posting
from regwatch.notify.words import alert_shape
from regwatch.notify.words.links import incident_url
from regwatch.notify.words.times import rfc3339
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import WebUrl
from regwatch.shapes.values import ONE_OR_MORE, Duration, Secret, Text

PATH = "/api/v2/alerts"
KEPT_FIRING = 300.0
"""Seconds a firing alert lives without being posted again."""
CHUNK = 500

Alert = dict[str, object]


class AlertmanagerShape(Shape):
    """Alertmanager's API, version 2; every member of a cluster."""

    urls: Annotated[list[WebUrl], ONE_OR_MORE] = Field(min_length=1)
    instance: Text | None = Field(
        default=None, description="Of `RegwatchWatchdog`; the host's name if it is not given."
    )
    bearer_token: Secret | None = None
    basic_auth: BasicAuth | None = None
    timeout: Duration = 10.0


@dataclass(frozen=True, slots=True)
class AlertmanagerSettings:
    """Which Alertmanagers; all members of a cluster."""

    urls: tuple[str, ...] = field(repr=False)
    """Up to the path prefix, without `/api/v2/alerts`."""
    credentials: Credentials = field(default_factory=Credentials)
    timeout_seconds: float = 10.0
    external_url: str = ""
    zone: tzinfo = UTC
    instance: str = ""
    """Tells the watchdogs of several regwatch apart; empty: there is no need to."""


def settings_of(shape: AlertmanagerShape, rest: RestOfFile) -> AlertmanagerSettings:
    """As the file says; the host's name tells its watchdog from those of others."""
    return AlertmanagerSettings(
        urls=tuple(shape.urls),
        credentials=credentials(shape.basic_auth, shape.bearer_token),
        timeout_seconds=shape.timeout,
        external_url=rest.external_url,
        zone=rest.zone,
        instance=shape.instance or gethostname(),
    )


class AlertmanagerReceiver:
    """Posts alerts to each member; remembers under which labels, to end them when these change."""

    kind = "alertmanager"
    most_shown = 0

    def __init__(
        self,
        name: str,
        settings: AlertmanagerSettings,
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
    ) -> None:
        self.name = name
        self._settings = settings
        self._session = session
        self._clock = clock
        self._known_as: dict[IncidentId, dict[str, str]] = {}

    async def deliver(self, notification: Notification) -> None:
        """Success is that at least one member took all of it."""
        incidents = [item.incident for item in notification.items]
        if notification.is_minimal:  # labels stay: they are who it is
            incidents = [replace(each, explanation="") for each in incidents]
        await self._post(incidents)

    async def repost(self, incidents: Iterable[Incident], *, alive: bool) -> None:
        """Keep firing what fires: to be called every minute. While regwatch does its work there is
        one alert more, `RegwatchWatchdog`, so that a route of Alertmanager's can notice that it
        does not. Raises `DeliveryError`.
        """
        firing = [i for i in incidents if not alert_shape.is_resolved(i)]
        await self._post(firing)
        self._forget_others(firing)
        if alive:
            await self._send([watchdog(self._settings.instance, now=self._clock())])

    async def _post(self, incidents: Sequence[Incident]) -> None:
        for start in range(0, len(incidents), CHUNK):
            chunk = incidents[start : start + CHUNK]
            await self._post_chunk(chunk)
            self._remember(chunk)

    async def _post_chunk(self, incidents: Sequence[Incident]) -> None:
        now, settings = self._clock(), self._settings
        around = alert_shape.Around(settings.external_url, settings.zone, now)
        current = (alert(incident, around) for incident in incidents)
        await self._send(list(chain(self._outdated(incidents, now), current)))

    async def _send(self, alerts: Sequence[Alert]) -> None:
        body = to_json(alerts)
        errors: list[DeliveryError] = []
        async with asyncio.TaskGroup() as group:
            for member in self._settings.urls:
                group.create_task(self._post_to(member, body, errors))
        if len(errors) == len(self._settings.urls):
            raise next((error for error in errors if error.retryable), errors[0])

    async def _post_to(self, member: str, body: bytes, errors: list[DeliveryError]) -> None:
        request = Post(
            url=member.rstrip("/") + PATH,
            body=body,
            headers=self._settings.credentials.headers(),
            timeout_seconds=self._settings.timeout_seconds,
            secrets=self._settings.credentials.secrets,
        )
        try:
            await post(self._session, request, clock=self._clock)
        except DeliveryError as error:
            errors.append(error)

    def _outdated(self, incidents: Iterable[Incident], now: Timestamp) -> Iterator[Alert]:
        """Ends for alerts whose labels have changed since, above all by an escalation. One posted
        before a restart is not remembered, and ends by itself within five minutes.
        """
        for incident in incidents:
            known = self._known_as.get(incident.id)
            if known is not None and known != alert_shape.labels(incident):
                yield {
                    "labels": known,
                    "startsAt": rfc3339(incident.started_at),
                    "endsAt": rfc3339(_not_before(incident, now)),
                }

    def _forget_others(self, firing: Sequence[Incident]) -> None:
        """Of those whose end was never to be delivered; not at once, since others may be under way
        to us.
        """
        if len(self._known_as) > 2 * len(firing) + CHUNK:
            known = {incident.id for incident in firing}
            self._known_as = {i: v for i, v in self._known_as.items() if i in known}

    def _remember(self, incidents: Iterable[Incident]) -> None:
        for incident in incidents:
            if alert_shape.is_resolved(incident):
                self._known_as.pop(incident.id, None)
            else:
                self._known_as[incident.id] = alert_shape.labels(incident)


def alert(incident: Incident, around: alert_shape.Around) -> Alert:
    """One alert. While it fires, its end is counted from now, not from the notification: that
    may have waited for hours, and an end in the past would mean resolved.
    """
    over, now = alert_shape.is_resolved(incident), around.now
    ends_at = incident.resolved_at if over and incident.resolved_at is not None else now
    ends_at = _not_before(incident, ends_at if over else Timestamp(now + KEPT_FIRING))
    url = incident_url(incident.id, around.external_url)
    return {
        "labels": alert_shape.labels(incident),
        "annotations": alert_shape.annotations(incident, around),
        "startsAt": rfc3339(incident.started_at),
        "endsAt": rfc3339(ends_at),
        **({"generatorURL": url} if url else {}),
    }


def watchdog(instance: str, *, now: Timestamp) -> Alert:
    """An alert that fires as long as it is posted: its absence is the alarm, as with Prometheus'
    own `Watchdog`. That of another regwatch must not hide it.
    """
    who = {"instance": instance} if instance else {}
    return {
        "labels": {"alertname": "RegwatchWatchdog", "severity": "none", **who},
        "annotations": {
            "summary": "regwatch watches, and can tell.",
            "description": "Always firing. Route it to a dead-man's switch: when it ends, regwatch "
            "is down, cannot see the PBX, or cannot deliver.",
        },
        "startsAt": rfc3339(now),
        "endsAt": rfc3339(Timestamp(now + KEPT_FIRING)),
    }


def _not_before(incident: Incident, at: Timestamp) -> Timestamp:
    """Alertmanager refuses an end before the start."""
    return Timestamp(max(at, incident.started_at))


ALERTMANAGER = Kind(
    "alertmanager",
    AlertmanagerShape,
    settings_of,
    {AlertmanagerSettings: posting(AlertmanagerReceiver)},
)
