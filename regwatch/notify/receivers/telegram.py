"""The `telegram` receiver: a bot's sendMessage, HTML (https://core.telegram.org/bots/api#sendmessage).

A text holds 1 to 4096 characters, counted after the entities are parsed: without the tags, `&amp;`
as one. A wait is told in the body: `{"ok": false, …, "parameters": {"retry_after": 17}}`.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from functools import partial
from typing import Annotated

import structlog
from pydantic import BeforeValidator, Field, WithJsonSchema

from regwatch.core.model import Severity
from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.http import Post, answered, to_json
from regwatch.notify.receivers.chat import Chat, ChatReceiver
from regwatch.notify.receivers.kind import Kind, Means, RestOfFile
from regwatch.notify.words.composition import Composed, default, listed
from regwatch.notify.words.markup import (
    ZERO_WIDTH_SPACE,
    Markup,
    cut_to,
    fitted,
    utf16_length,
)
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.notify.words.wording import Section
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import WebUrl
from regwatch.shapes.values import Duration, Secret, Text, revealed

log = structlog.get_logger(__name__)

API = "https://api.telegram.org"
TEXT_LIMIT = 4096
RAW_LIMIT = 12_000
"""With the tags; the documents name no limit, requests of many times the text are refused."""
TITLE_LIMIT = 400
TAG = re.compile(r"<[^<>]*>")
MARKS = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}
"""In place of the coloured bar that other services have."""
RESOLVED_MARK = "🟢"


def _chat_id(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class TelegramShape(Shape):
    """A bot of Telegram."""

    token: Secret
    chat_id: Annotated[
        Text, BeforeValidator(_chat_id), WithJsonSchema({"type": ["integer", "string"]})
    ] = Field(min_length=1)
    message_thread_id: int | None = Field(default=None, ge=1, description="A topic of a forum.")
    url: WebUrl = API
    timeout: Duration = 10.0


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
    zone: tzinfo = UTC
    own: OwnWords = NO_TEMPLATES


def settings_of(shape: TelegramShape, rest: RestOfFile) -> TelegramSettings:
    """As the file says."""
    return TelegramSettings(
        token=revealed(shape.token),
        chat_id=shape.chat_id,
        message_thread_id=shape.message_thread_id,
        url=shape.url,
        **rest.spoken(shape.timeout),
    )


def request(message: Composed, settings: TelegramSettings) -> Post:
    """Success is any 2xx: the API's `ok` and its status say the same."""
    return Post(
        url=f"{settings.url.rstrip('/')}/bot{settings.token}/sendMessage",
        body=to_json(payload(message, settings)),
        timeout_seconds=settings.timeout_seconds,
        secrets=(settings.token, settings.token.partition(":")[2]),
    )


def payload(message: Composed, settings: TelegramSettings) -> dict[str, object]:
    """The arguments of sendMessage."""
    thread = settings.message_thread_id
    place = {
        "chat_id": settings.chat_id,
        **({"message_thread_id": thread} if thread is not None else {}),
    }
    if message.notification.is_minimal:
        return {**place, "text": f"{message.title}\n{message.body}"}
    return {
        **place,
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
        message = default(
            message.notification, note="The text of the template is too long", zone=message.zone
        )
    return fitted(
        message.notification, partial(_whole, message, external_url), _fits, zone=message.zone
    )


def _whole(message: Composed, external_url: str, parts: Sequence[Section]) -> str:
    return f"{_first(message)}\n\n{listed(message, HTML, external_url, parts)}"


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


class TelegramReceiver(ChatReceiver[TelegramSettings]):
    """Follows a group that becomes a supergroup, and has another id from then on."""

    async def _send(self, message: Composed) -> None:
        try:
            await super()._send(message)
        except ReceiverRefusedError as error:
            chat_id = moved_to(error.answer)
            if chat_id is None:
                raise
            log.warning("telegram_group_moved", receiver=self.name, chat_id=chat_id)
            self._settings = replace(self._settings, chat_id=chat_id)
            await super()._send(message)


def moved_to(answer: str) -> str | None:
    """The id that a group has now, where a refusal says so; None if it is another."""
    parameters = answered(answer).get("parameters")
    chat_id = parameters.get("migrate_to_chat_id") if isinstance(parameters, dict) else None
    return str(chat_id) if isinstance(chat_id, int) and not isinstance(chat_id, bool) else None


def _receiver(name: str, settings: TelegramSettings, means: Means) -> TelegramReceiver:
    chat = Chat("telegram", request)
    return TelegramReceiver(chat, name, settings, means.session, clock=means.clock)


HTML = Markup(
    escape=escape,
    bold=lambda text: f"<b>{text}</b>",
    italic=lambda text: f"<i>{text}</i>",
    link=lambda text, url: f'<a href="{html.escape(url)}">{text}</a>',
)
TELEGRAM = Kind(
    "telegram",
    TelegramShape,
    settings_of,
    {TelegramSettings: _receiver},
    escape=HTML.escape,
)
