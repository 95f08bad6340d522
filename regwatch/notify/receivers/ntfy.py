"""The `ntfy` receiver: publishing as JSON (https://docs.ntfy.sh/publish/#publish-as-json).

A message holds 4096 bytes; a longer one is taken for an attachment: a file in place of words, or a
refusal. The documents name no limit for the title; it travels with the message to the phone's
push service, which takes some 4000 bytes of both.
"""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from regwatch.core.model import Severity
from regwatch.notify.http import Credentials, Post, to_json
from regwatch.notify.receivers.authentication import BasicAuth, credentials
from regwatch.notify.receivers.chat import Chat
from regwatch.notify.receivers.kind import Kind, RestOfFile
from regwatch.notify.redaction import secrets_of
from regwatch.notify.words.composition import Composed, text_within
from regwatch.notify.words.links import page_of
from regwatch.notify.words.markup import PLAIN, cut_to
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import WebUrl
from regwatch.shapes.values import Duration, Secret, Text, revealed

SERVER = "https://ntfy.sh"
MESSAGE_BYTES = 4096 - 300
TITLE_BYTES = 250
PRIORITIES = {Severity.CRITICAL: 5, Severity.WARNING: 4, Severity.INFO: 3}
RESOLVED_PRIORITY = 3
TAGS = {
    Severity.CRITICAL: "rotating_light",
    Severity.WARNING: "warning",
    Severity.INFO: "information_source",
}
"""Short codes of ntfy: the phone shows the emoji before the title."""
RESOLVED_TAG = "white_check_mark"


class NtfyShape(Shape):
    """A topic of ntfy."""

    topic: Secret
    url: WebUrl = SERVER
    token: Secret | None = None
    basic_auth: BasicAuth | None = None
    tags: list[Text] = []
    timeout: Duration = 10.0


@dataclass(frozen=True, slots=True)
class NtfySettings:
    """Which topic of which server. Whoever knows the topic can read it: it is a secret too."""

    topic: str = field(repr=False)
    url: str = SERVER
    tags: tuple[str, ...] = ()
    """Besides that of the severity."""
    credentials: Credentials = field(default_factory=Credentials)
    timeout_seconds: float = 10.0
    external_url: str = ""
    zone: tzinfo = UTC
    own: OwnWords = NO_TEMPLATES


def settings_of(shape: NtfyShape, rest: RestOfFile) -> NtfySettings:
    """As the file says."""
    return NtfySettings(
        topic=revealed(shape.topic),
        url=shape.url,
        tags=tuple(shape.tags),
        credentials=credentials(shape.basic_auth, shape.token),
        **rest.spoken(shape.timeout),
    )


def request(message: Composed, settings: NtfySettings) -> Post:
    """Success is any 2xx."""
    return Post(
        url=settings.url,
        body=to_json(payload(message, settings)),
        headers=settings.credentials.headers(),
        timeout_seconds=settings.timeout_seconds,
        secrets=(settings.topic, *settings.credentials.secrets, *secrets_of(settings.url)),
    )


def payload(message: Composed, settings: NtfySettings) -> dict[str, object]:
    """The message, in plain text: Markdown is shown by ntfy's web page alone."""
    notification = message.notification
    resolved, severity = notification.is_resolved, notification.severity
    url = "" if notification.is_minimal else page_of(notification, settings.external_url)
    return {
        "topic": settings.topic,
        "title": cut_to(message.title, TITLE_BYTES, utf8_length),
        "message": text_within(MESSAGE_BYTES, message, PLAIN, "", size=utf8_length),
        "priority": RESOLVED_PRIORITY if resolved else PRIORITIES[severity],
        "tags": [RESOLVED_TAG if resolved else TAGS[severity], *settings.tags],
        **({"click": url} if url else {}),
    }


def utf8_length(text: str) -> int:
    """Bytes on the wire."""
    return len(text.encode("utf-8", errors="replace"))


NTFY = Kind(
    "ntfy",
    NtfyShape,
    settings_of,
    {NtfySettings: Chat("ntfy", request).receiver},
    escape=PLAIN.escape,
)
