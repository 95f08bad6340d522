"""The `discord` receiver: a channel's webhook, one embed
(https://discord.com/developers/docs/resources/webhook#execute-webhook and
https://discord.com/developers/docs/resources/message#embed-object-embed-limits).

An embed's title holds 256 characters, its description 4096, all embeds together 6000. A wait is
told in seconds in the body: `{"message": …, "retry_after": 0.65, "global": false}`.
"""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from pydantic import Field
from yarl import URL

from regwatch.notify.http import Post, to_json
from regwatch.notify.receivers.chat import Chat
from regwatch.notify.receivers.kind import Kind, RestOfFile
from regwatch.notify.redaction import secrets_of
from regwatch.notify.words.composition import Composed, text_within
from regwatch.notify.words.markup import (
    Markup,
    colour,
    cut_escaped,
    escape_markdown,
    markdown_link,
    utf16_length,
)
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.notify.words.times import rfc3339
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import SecretUrl
from regwatch.shapes.values import Duration, Text, revealed

TITLE_LIMIT = 256
DESCRIPTION_LIMIT = 4096


class DiscordShape(Shape):
    """A channel's webhook at Discord."""

    url: SecretUrl
    thread_id: Text | None = Field(default=None, description="A thread of the webhook's channel.")
    timeout: Duration = 10.0


@dataclass(frozen=True, slots=True)
class DiscordSettings:
    """Where to post: the whole URL is the secret."""

    url: str = field(repr=False)
    thread_id: str = ""
    """A thread or forum post of the webhook's channel."""
    timeout_seconds: float = 10.0
    external_url: str = ""
    zone: tzinfo = UTC
    own: OwnWords = NO_TEMPLATES


def settings_of(shape: DiscordShape, rest: RestOfFile) -> DiscordSettings:
    """As the file says."""
    return DiscordSettings(
        url=revealed(shape.url), thread_id=shape.thread_id or "", **rest.spoken(shape.timeout)
    )


def request(message: Composed, settings: DiscordSettings) -> Post:
    """Success is a 200 with the message: `wait=true` has Discord say whether it was saved."""
    return Post(
        url=address(settings),
        body=to_json(payload(message, external_url=settings.external_url)),
        timeout_seconds=settings.timeout_seconds,
        secrets=secrets_of(settings.url),
    )


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
    if notification.is_minimal:
        return {"content": f"{message.title}\n{message.body}", "allowed_mentions": {"parse": []}}
    return {
        "embeds": [
            {
                "title": cut_escaped(message.title, TITLE_LIMIT, escape_markdown, utf16_length),
                "description": text_within(
                    DESCRIPTION_LIMIT, message, MARKDOWN, external_url, size=utf16_length
                ),
                "color": int(colour(notification).removeprefix("#"), 16),
                "timestamp": rfc3339(notification.created_at),
            }
        ],
        # Embeds ping nobody; this holds for whatever Discord may come to think of.
        "allowed_mentions": {"parse": []},
    }


MARKDOWN = Markup(
    escape=escape_markdown,
    bold=lambda text: f"**{text}**",
    italic=lambda text: f"*{text}*",
    link=markdown_link,
)
DISCORD = Kind(
    "discord",
    DiscordShape,
    settings_of,
    {DiscordSettings: Chat("discord", request).receiver},
    escape=MARKDOWN.escape,
)
