"""The `discord` receiver: a channel's webhook, one embed
(https://discord.com/developers/docs/resources/webhook#execute-webhook and
https://discord.com/developers/docs/resources/message#embed-object-embed-limits).

An embed's title holds 256 characters, its description 4096, all embeds together 6000. A wait is
told in seconds in the body: `{"message": …, "retry_after": 0.65, "global": false}`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import aiohttp
from yarl import URL

from regwatch.clock import Clock
from regwatch.core.model import Notification
from regwatch.notify.http import Post, post, to_json
from regwatch.notify.redaction import secrets_of
from regwatch.notify.words.composition import Composed, send_composed, with_note
from regwatch.notify.words.markup import (
    Markup,
    body,
    colour,
    cut_escaped,
    cut_to,
    escape_markdown,
    fitted,
    markdown_link,
    utf16_length,
)
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.notify.words.times import rfc3339
from regwatch.notify.words.wording import Section

TITLE_LIMIT = 256
DESCRIPTION_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class DiscordSettings:
    """Where to post: the whole URL is the secret."""

    url: str = field(repr=False)
    thread_id: str = ""
    """A thread or forum post of the webhook's channel."""
    timeout_seconds: float = 10.0
    external_url: str = ""
    own: OwnWords = NO_TEMPLATES


class DiscordReceiver:
    """Posts each notification as one message."""

    kind = "discord"

    def __init__(
        self, name: str, settings: DiscordSettings, session: aiohttp.ClientSession, *, clock: Clock
    ) -> None:
        self.name = name
        self._settings = settings
        self._session = session
        self._clock = clock

    async def deliver(self, notification: Notification) -> None:
        """Success is a 200 with the message: `wait=true` has Discord say whether it was saved."""
        settings = self._settings
        await send_composed(
            notification, settings.own, self._send, external_url=settings.external_url
        )

    async def _send(self, message: Composed) -> None:
        settings = self._settings
        request = Post(
            url=address(settings),
            body=to_json(payload(message, external_url=settings.external_url)),
            timeout_seconds=settings.timeout_seconds,
            secrets=secrets_of(settings.url),
        )
        await post(self._session, request, clock=self._clock)


def address(settings: DiscordSettings) -> str:
    """The webhook's URL with `wait=true`; as it stands if it is none, and refused later."""
    thread = {"thread_id": settings.thread_id} if settings.thread_id else {}
    try:
        return str(URL(settings.url).update_query(wait="true", **thread))
    except ValueError:
        return settings.url


def payload(message: Composed, *, external_url: str = "") -> dict[str, object]:
    """The message: its first line as the embed's title, which is in the push notification too."""
    notification = message.notification
    return {
        "embeds": [
            {
                "title": cut_escaped(message.title, TITLE_LIMIT, escape_markdown, utf16_length),
                "description": _description(message, external_url),
                "color": int(colour(notification).removeprefix("#"), 16),
                "timestamp": rfc3339(notification.created_at),
            }
        ],
        # Embeds ping nobody; this holds for whatever Discord may come to think of.
        "allowed_mentions": {"parse": []},
    }


def _description(message: Composed, external_url: str) -> str:
    if message.body is not None:
        return cut_to(message.body, DESCRIPTION_LIMIT, utf16_length)
    return fitted(
        message.notification,
        partial(_listed, message, external_url),
        lambda text: utf16_length(text) <= DESCRIPTION_LIMIT,
    )


def _listed(message: Composed, external_url: str, parts: Sequence[Section]) -> str:
    return with_note(body(parts, MARKDOWN, external_url), message, MARKDOWN)


MARKDOWN = Markup(
    escape=escape_markdown,
    bold=lambda text: f"**{text}**",
    italic=lambda text: f"*{text}*",
    link=markdown_link,
)
