"""The `mattermost` receiver: an incoming webhook, an attachment in the severity's colour
(https://developers.mattermost.com/integrate/webhooks/incoming/ and
https://developers.mattermost.com/integrate/reference/message-attachments/).

A post holds 16,383 characters (server setting of the database since version 5.0). Mentions are
found in the text after its markup is read, so that no backslash stops them: `@` gets company.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import aiohttp

from regwatch.clock import Clock
from regwatch.core.model import Notification
from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.http import Post, post, to_json
from regwatch.notify.redaction import redact, secrets_of
from regwatch.notify.words.composition import Composed, send_composed, with_note
from regwatch.notify.words.markup import (
    ZERO_WIDTH_SPACE,
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
from regwatch.notify.words.wording import Section

TEXT_LIMIT = 15_000
"""Of the attachment's text; the rest of the 16,383 is for the first line."""
TITLE_LIMIT = 300


@dataclass(frozen=True, slots=True)
class MattermostSettings:
    """Where to post: the whole URL is the secret."""

    url: str = field(repr=False)
    channel: str = ""
    """Another channel than the webhook's own, if the webhook is not locked to it."""
    timeout_seconds: float = 10.0
    external_url: str = ""
    own: OwnWords = NO_TEMPLATES


class MattermostReceiver:
    """Posts each notification as one message."""

    kind = "mattermost"

    def __init__(
        self,
        name: str,
        settings: MattermostSettings,
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
    ) -> None:
        self.name = name
        self._settings = settings
        self._session = session
        self._clock = clock

    async def deliver(self, notification: Notification) -> None:
        """Success is a 200 with the body `ok`."""
        settings = self._settings
        await send_composed(
            notification, settings.own, self._send, external_url=settings.external_url
        )

    async def _send(self, message: Composed) -> None:
        settings = self._settings
        content = payload(message, channel=settings.channel, external_url=settings.external_url)
        request = Post(
            url=settings.url,
            body=to_json(content),
            timeout_seconds=settings.timeout_seconds,
            secrets=secrets_of(settings.url),
        )
        reply = await post(self._session, request, clock=self._clock)
        if reply.body.strip() != "ok":
            text = f"not Mattermost's answer, {reply.status}: {reply.body}"
            raise ReceiverRefusedError(redact(text, request.secrets))


def payload(message: Composed, *, channel: str = "", external_url: str = "") -> dict[str, object]:
    """The first line as the post's text, and so in the push notification; the rest attached."""
    attachment = {
        "fallback": cut_to(message.title, TITLE_LIMIT, utf16_length),
        "color": colour(message.notification),
        "text": _text(message, external_url),
    }
    return {
        "text": MARKDOWN.bold(cut_escaped(message.title, TITLE_LIMIT, escape, utf16_length)),
        "attachments": [attachment],
        **({"channel": channel} if channel else {}),
    }


def _text(message: Composed, external_url: str) -> str:
    if message.body is not None:
        return cut_to(message.body, TEXT_LIMIT, utf16_length)
    return fitted(
        message.notification,
        partial(_listed, message, external_url),
        lambda text: utf16_length(text) <= TEXT_LIMIT,
    )


def _listed(message: Composed, external_url: str, parts: Sequence[Section]) -> str:
    return with_note(body(parts, MARKDOWN, external_url), message, MARKDOWN)


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
