"""The `mattermost` receiver: an incoming webhook, an attachment in the severity's colour
(https://developers.mattermost.com/integrate/webhooks/incoming/ and
https://developers.mattermost.com/integrate/reference/message-attachments/).

A post holds 16,383 characters (server setting of the database since version 5.0). Mentions are
found in the text after its markup is read, so that no backslash stops them: `@` gets company.
"""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from pydantic import Field

from regwatch.notify.http import Post, Reply, to_json
from regwatch.notify.receivers.chat import Chat
from regwatch.notify.receivers.kind import Kind, RestOfFile
from regwatch.notify.redaction import secrets_of
from regwatch.notify.words.composition import Composed, text_within
from regwatch.notify.words.markup import (
    ZERO_WIDTH_SPACE,
    Markup,
    colour,
    cut_escaped,
    cut_to,
    escape_markdown,
    markdown_link,
    utf16_length,
)
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import SecretUrl
from regwatch.shapes.values import Duration, Text, revealed

TEXT_LIMIT = 15_000
"""Of the attachment's text; the rest of the 16,383 is for the first line."""
TITLE_LIMIT = 300


class MattermostShape(Shape):
    """An incoming webhook of Mattermost."""

    url: SecretUrl
    channel: Text | None = Field(default=None, description="Another one than the webhook's own.")
    timeout: Duration = 10.0


@dataclass(frozen=True, slots=True)
class MattermostSettings:
    """Where to post: the whole URL is the secret."""

    url: str = field(repr=False)
    channel: str = ""
    """Another channel than the webhook's own, if the webhook is not locked to it."""
    timeout_seconds: float = 10.0
    external_url: str = ""
    zone: tzinfo = UTC
    own: OwnWords = NO_TEMPLATES


def settings_of(shape: MattermostShape, rest: RestOfFile) -> MattermostSettings:
    """As the file says."""
    return MattermostSettings(
        url=revealed(shape.url), channel=shape.channel or "", **rest.spoken(shape.timeout)
    )


def request(message: Composed, settings: MattermostSettings) -> Post:
    """The whole post."""
    content = payload(message, channel=settings.channel, external_url=settings.external_url)
    return Post(
        url=settings.url,
        body=to_json(content),
        timeout_seconds=settings.timeout_seconds,
        secrets=secrets_of(settings.url),
    )


def refusal(reply: Reply) -> str:
    """Success is a 200 with the body `ok`."""
    is_taken = reply.body.strip() == "ok"
    return "" if is_taken else f"not Mattermost's answer, {reply.status}: {reply.body}"


def payload(message: Composed, *, channel: str = "", external_url: str = "") -> dict[str, object]:
    """The first line as the post's text, and so in the push notification; the rest attached."""
    place = {"channel": channel} if channel else {}
    if message.notification.is_minimal:
        return {"text": f"{message.title}\n{message.body}", **place}
    attachment = {
        "fallback": cut_to(message.title, TITLE_LIMIT, utf16_length),
        "color": colour(message.notification),
        "text": text_within(TEXT_LIMIT, message, MARKDOWN, external_url, size=utf16_length),
    }
    return {
        "text": MARKDOWN.bold(cut_escaped(message.title, TITLE_LIMIT, escape, utf16_length)),
        "attachments": [attachment],
        **place,
    }


def escape(text: str) -> str:
    """As Markdown, without hashtags, mentions taken apart."""
    marked = escape_markdown(text).replace("#", "\\#")
    return marked.replace("@", "@" + ZERO_WIDTH_SPACE)


MARKDOWN = Markup(
    escape=escape,
    bold=lambda text: f"**{text}**",
    italic=lambda text: f"*{text}*",
    link=markdown_link,
)
MATTERMOST = Kind(
    "mattermost",
    MattermostShape,
    settings_of,
    {MattermostSettings: Chat("mattermost", request, refusal).receiver},
    escape=MARKDOWN.escape,
)
