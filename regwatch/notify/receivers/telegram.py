"""The `telegram` receiver: a bot's sendMessage, HTML (https://core.telegram.org/bots/api#sendmessage).

A text holds 1 to 4096 characters, counted after the entities are parsed: without the tags, `&amp;`
as one. A wait is told in the body: `{"ok": false, …, "parameters": {"retry_after": 17}}`.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import aiohttp

from regwatch.clock import Clock
from regwatch.core.model import Notification, Severity
from regwatch.notify.http import Post, post, to_json
from regwatch.notify.words.composition import Composed, default, send_composed, with_note
from regwatch.notify.words.markup import (
    ZERO_WIDTH_SPACE,
    Markup,
    body,
    cut_to,
    fitted,
    utf16_length,
)
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.notify.words.wording import Section

API = "https://api.telegram.org"
TEXT_LIMIT = 4096
RAW_LIMIT = 12_000
"""With the tags; the documents name no limit, requests of many times the text are refused."""
TITLE_LIMIT = 400
TAG = re.compile(r"<[^<>]*>")
MARKS = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}
"""In place of the coloured bar that other services have."""
RESOLVED_MARK = "🟢"


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """Which bot, and whom it writes to."""

    token: str = field(repr=False)
    chat_id: str
    """A number, or `@name` of a public channel."""
    message_thread_id: int | None = None
    """A topic of a forum."""
    url: str = API
    """Of the Bot API: another one is a server of one's own."""
    timeout_seconds: float = 10.0
    external_url: str = ""
    own: OwnWords = NO_TEMPLATES


class TelegramReceiver:
    """Sends each notification as one message."""

    kind = "telegram"

    def __init__(
        self, name: str, settings: TelegramSettings, session: aiohttp.ClientSession, *, clock: Clock
    ) -> None:
        self.name = name
        self._settings = settings
        self._session = session
        self._clock = clock

    async def deliver(self, notification: Notification) -> None:
        """Success is any 2xx: the API's `ok` and its status say the same."""
        settings = self._settings
        await send_composed(
            notification, settings.own, self._send, external_url=settings.external_url
        )

    async def _send(self, message: Composed) -> None:
        settings = self._settings
        request = Post(
            url=f"{settings.url.rstrip('/')}/bot{settings.token}/sendMessage",
            body=to_json(payload(message, settings)),
            timeout_seconds=settings.timeout_seconds,
            secrets=(settings.token, settings.token.partition(":")[2]),
        )
        await post(self._session, request, clock=self._clock)


def payload(message: Composed, settings: TelegramSettings) -> dict[str, object]:
    """The arguments of sendMessage."""
    thread = settings.message_thread_id
    return {
        "chat_id": settings.chat_id,
        **({"message_thread_id": thread} if thread is not None else {}),
        "text": text(message, settings.external_url),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }


def text(message: Composed, external_url: str) -> str:
    """The first line in bold, and below it as many incidents as fit."""
    if message.body is not None:
        own = f"{_first(message)}\n\n{message.body}"
        if _fits(own):
            return own
        # Cut anywhere, its tags would no longer close.
        message = default(message.notification, note="The text of the template is too long")
    return fitted(message.notification, partial(_whole, message, external_url), _fits)


def _whole(message: Composed, external_url: str, parts: Sequence[Section]) -> str:
    listed = with_note(body(parts, HTML, external_url), message, HTML)
    return f"{_first(message)}\n\n{listed}"


def _first(message: Composed) -> str:
    resolved = message.notification.is_resolved
    mark = RESOLVED_MARK if resolved else MARKS[message.notification.severity]
    return f"{mark} {HTML.bold(escape(cut_to(message.title, TITLE_LIMIT, utf16_length)))}"


def _fits(marked: str) -> bool:
    return len(marked) <= RAW_LIMIT and utf16_length(shown(marked)) <= TEXT_LIMIT


def shown(marked: str) -> str:
    """What Telegram counts: without tags, entities as what they stand for."""
    return html.unescape(TAG.sub("", marked))


def escape(text: str) -> str:
    """What Telegram asks to escape; `@name` in a phone's label must not ping anybody."""
    return html.escape(text, quote=True).replace("@", "@" + ZERO_WIDTH_SPACE)


HTML = Markup(
    escape=escape,
    bold=lambda text: f"<b>{text}</b>",
    italic=lambda text: f"<i>{text}</i>",
    link=lambda text, url: f'<a href="{html.escape(url)}">{text}</a>',
)
