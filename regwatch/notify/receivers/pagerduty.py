"""The `pagerduty` receiver: Events API v2, one event per incident
(https://developer.pagerduty.com/docs/send-alert-event).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

import aiohttp

from regwatch import runbooks
from regwatch.clock import Clock
from regwatch.core.model import Incident, IncidentId, Item, ItemStatus, Notification, Word
from regwatch.notify.errors import DeliveryError
from regwatch.notify.http import Post, post, to_json
from regwatch.notify.receivers.kind import Kind, RestOfFile, posting
from regwatch.notify.words import alert_shape
from regwatch.notify.words.alert_shape import Around
from regwatch.notify.words.first_line import first_line
from regwatch.notify.words.links import help_url, incident_url
from regwatch.notify.words.times import rfc3339
from regwatch.notify.words.webhook_body import regwatch_object
from regwatch.notify.words.wording import truncate, unacknowledged, who
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import WebUrl
from regwatch.shapes.values import Duration, Secret, revealed

ENDPOINT = "https://events.pagerduty.com/v2/enqueue"
SUMMARY_LIMIT = 1024
FIELD_LIMIT = 1024
"""Of each text in `custom_details`: some twenty of them stay far below the 512 kB of an event."""
ORDER = (ItemStatus.NEW, ItemStatus.RESOLVED, ItemStatus.STILL)
"""What PagerDuty knows already goes last: events are rationed."""

Event = dict[str, object]


class PagerDutyShape(Shape):
    """PagerDuty's Events API, version 2."""

    routing_key: Secret
    url: WebUrl = ENDPOINT
    timeout: Duration = 10.0


@dataclass(frozen=True, slots=True)
class PagerDutySettings:
    """Which service to page."""

    routing_key: str = field(repr=False)
    url: str = ENDPOINT
    timeout_seconds: float = 10.0
    external_url: str = ""
    zone: tzinfo = UTC


def settings_of(shape: PagerDutyShape, rest: RestOfFile) -> PagerDutySettings:
    """As the file says."""
    return PagerDutySettings(
        routing_key=revealed(shape.routing_key),
        url=shape.url,
        timeout_seconds=shape.timeout,
        external_url=rest.external_url,
        zone=rest.zone,
    )


class PagerDutyReceiver:
    """Sends an event per incident, and remembers those taken of the notification under way: after
    a 429 in the middle of many the next attempt goes on from there.
    """

    kind = "pagerduty"
    most_shown = 0

    def __init__(
        self,
        name: str,
        settings: PagerDutySettings,
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
    ) -> None:
        self.name = name
        self._settings = settings
        self._session = session
        self._clock = clock
        self._under_way = ""
        self._taken: set[str] = set()

    async def deliver(self, notification: Notification) -> None:
        """Success is that each event is taken. One that is refused does not hold up the others;
        "later" does, since it would hold for them as well.
        """
        if self._under_way != notification.id:
            self._under_way, self._taken = notification.id, set()
        refusal: DeliveryError | None = None
        key = self._settings.routing_key
        for word in _in_order(notification):
            if word.id in self._taken:
                continue
            try:
                if isinstance(word, Item):
                    await self._send(self._event(word.incident, notification))
                elif word.status is ItemStatus.RESOLVED:  # its id is all that it takes
                    await self._send(resolve(word.id, routing_key=key))
            except DeliveryError as error:
                if error.retryable:
                    raise
                refusal = error
            else:
                self._taken.add(word.id)
        if refusal is not None:
            raise refusal

    def _event(self, incident: Incident, notification: Notification) -> Event:
        settings = self._settings
        around = Around(settings.external_url, settings.zone, notification.created_at)
        if notification.is_minimal and not alert_shape.is_resolved(incident):
            return least_event(incident, around, routing_key=settings.routing_key)
        return event(
            incident,
            around,
            routing_key=settings.routing_key,
            possibly_repeated=notification.possibly_repeated,
            unacknowledged_for=notification.unacknowledged_for,
        )

    async def _send(self, body: Event) -> None:
        settings = self._settings
        request = Post(
            url=settings.url,
            body=to_json(body),
            timeout_seconds=settings.timeout_seconds,
            secrets=(settings.routing_key,),
        )
        await post(self._session, request, clock=self._clock)


def event(
    incident: Incident,
    around: Around,
    *,
    routing_key: str,
    possibly_repeated: bool = False,
    unacknowledged_for: float = 0.0,
) -> Event:
    """Trigger or resolve."""
    if alert_shape.is_resolved(incident):
        return resolve(incident.id, routing_key=routing_key)
    url = around.external_url
    return {
        **_key(incident.id, routing_key),
        "event_action": "trigger",
        "client": "regwatch",
        **({"client_url": url, "links": _links(incident, url)} if url else {}),
        "payload": _details(incident, around, possibly_repeated, unacknowledged_for),
    }


def least_event(incident: Incident, around: Around, *, routing_key: str) -> Event:
    """Trigger with no more than PagerDuty insists on."""
    summary = _summary(incident, around)
    payload = {"summary": summary, "source": "regwatch", "severity": incident.severity}
    return {**_key(incident.id, routing_key), "event_action": "trigger", "payload": payload}


def resolve(incident_id: IncidentId, *, routing_key: str) -> Event:
    """It is over."""
    return {**_key(incident_id, routing_key), "event_action": "resolve"}


def _key(incident_id: IncidentId, routing_key: str) -> Event:
    """The incident's id: the same through an escalation."""
    return {"routing_key": routing_key, "dedup_key": incident_id}


def _links(incident: Incident, external_url: str) -> list[dict[str, str]]:
    return [
        {"href": incident_url(incident.id, external_url), "text": "Show in regwatch"},
        {"href": help_url(incident.alert, external_url), "text": "What to do"},
    ]


def _details(
    incident: Incident, around: Around, possibly_repeated: bool, unacknowledged_for: float
) -> dict[str, object]:
    facts = incident.facts
    return {
        "summary": _summary(incident, around, unacknowledged_for),
        "source": truncate(f"{facts.account}/{facts.extension or incident.subject}", FIELD_LIMIT),
        "severity": incident.severity.value,
        "timestamp": rfc3339(incident.started_at),
        "component": truncate(who(incident), FIELD_LIMIT),
        "group": truncate(facts.site or facts.account, FIELD_LIMIT),
        "class": incident.alert.value,
        "custom_details": _custom(incident, possibly_repeated, unacknowledged_for),
    }


def _summary(incident: Incident, around: Around, unacknowledged_for: float = 0.0) -> str:
    what = first_line(incident, now=around.now, zone=around.zone)
    return truncate(what + unacknowledged(unacknowledged_for), SUMMARY_LIMIT)


def _custom(
    incident: Incident, possibly_repeated: bool, unacknowledged_for: float
) -> dict[str, object]:
    details = {
        **regwatch_object(
            incident,
            possibly_repeated=possibly_repeated,
            unacknowledged_for=unacknowledged_for,
        ),
        "explanation": alert_shape.described(incident),
        "what_to_do": runbooks.advice(incident.alert),
    }
    return {
        name: truncate(value, FIELD_LIMIT) if isinstance(value, str) else value
        for name, value in details.items()
        if value not in (None, "")
    }


def _in_order(notification: Notification) -> Iterator[Word]:
    for status in ORDER:
        yield from (word for word in notification.words if word.status is status)


PAGERDUTY = Kind(
    "pagerduty", PagerDutyShape, settings_of, {PagerDutySettings: posting(PagerDutyReceiver)}
)
