"""The `ntfy` receiver: publishing as JSON (https://docs.ntfy.sh/publish/#publish-as-json).

A message holds 4096 bytes; a longer one is taken for an attachment: a file in place of words, or a
refusal. The documents name no limit for the title; it travels with the message to the phone's
push service, which takes some 4000 bytes of both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import aiohttp

from regwatch.clock import Clock
from regwatch.core.model import Notification, Severity
from regwatch.notify.http import Credentials, Post, post, to_json
from regwatch.notify.redaction import secrets_of
from regwatch.notify.words.composition import Composed, send_composed, with_note
from regwatch.notify.words.markup import PLAIN, body, cut_to, fitted
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.notify.words.wording import Section

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
    own: OwnWords = NO_TEMPLATES


class NtfyReceiver:
    """Publishes each notification as one message."""

    kind = "ntfy"

    def __init__(
        self, name: str, settings: NtfySettings, session: aiohttp.ClientSession, *, clock: Clock
    ) -> None:
        self.name = name
        self._settings = settings
        self._session = session
        self._clock = clock

    async def deliver(self, notification: Notification) -> None:
        """Success is any 2xx."""
        settings = self._settings
        await send_composed(
            notification, settings.own, self._send, external_url=settings.external_url
        )

    async def _send(self, message: Composed) -> None:
        settings = self._settings
        request = Post(
            url=settings.url,
            body=to_json(payload(message, settings)),
            headers=settings.credentials.headers(),
            timeout_seconds=settings.timeout_seconds,
            secrets=(
                settings.topic,
                *settings.credentials.secrets,
                *secrets_of(settings.url),
            ),
        )
        await post(self._session, request, clock=self._clock)


def payload(message: Composed, settings: NtfySettings) -> dict[str, object]:
    """The message, in plain text: Markdown is shown by ntfy's web page alone."""
    notification = message.notification
    resolved, severity = notification.is_resolved, notification.severity
    url = settings.external_url
    return {
        "topic": settings.topic,
        "title": cut_to(message.title, TITLE_BYTES, utf8_length),
        "message": _text(message, url),
        "priority": RESOLVED_PRIORITY if resolved else PRIORITIES[severity],
        "tags": [RESOLVED_TAG if resolved else TAGS[severity], *settings.tags],
        **({"click": url} if url else {}),
    }


def utf8_length(text: str) -> int:
    """Bytes on the wire."""
    return len(text.encode("utf-8", errors="replace"))


def _text(message: Composed, external_url: str) -> str:
    if message.body is not None:
        return cut_to(message.body, MESSAGE_BYTES, utf8_length)
    return fitted(
        message.notification,
        partial(_listed, message, external_url),
        lambda text: utf8_length(text) <= MESSAGE_BYTES,
    )


def _listed(message: Composed, external_url: str, parts: Sequence[Section]) -> str:
    return with_note(body(parts, PLAIN, external_url), message, PLAIN)
