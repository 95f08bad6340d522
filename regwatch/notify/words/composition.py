"""What a chat message says: regwatch's words, or those of the receiver's own templates.

A template that fails, or makes a text that the service refuses, costs its words and never the
message: regwatch's own are sent instead, and say so.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import partial
from typing import Protocol

import structlog

from regwatch.core.model import Notification
from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.words.first_line import headline
from regwatch.notify.words.footer import footer
from regwatch.notify.words.markup import Markup, body, cut_to, fitted, tidy
from regwatch.notify.words.template_context import template_context
from regwatch.notify.words.templates import OwnWords, Template, TemplateError
from regwatch.notify.words.wording import Section

ROOM_FOR_ADVICE = 900
"""A service that takes less, as a text message to a phone, is told what is wrong and no more."""
MINIMAL_TITLE = 120
NOT_PLAIN = re.compile(r"[^A-Za-z0-9 .,:;()/+=%_\n-]")
POSSIBLY_REPEATED = "regwatch cannot store anything now: this message may come again."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Composed:
    """A message's words, before a service's limits and markup."""

    notification: Notification
    title: str
    """The first line: plain text, one line."""
    body: str | None = None
    """In the service's markup; None: the notification's sections."""
    note: str = ""
    """Why these are not the words that a template was to give; plain text."""
    is_own: bool = False
    """Whether a template had a part in it."""
    zone: tzinfo = UTC
    """Of its times."""


class Surroundings(Protocol):
    """What of a receiver's settings its words depend on."""

    @property
    def external_url(self) -> str:
        """Where people find regwatch's pages; may be empty."""

    @property
    def zone(self) -> tzinfo:
        """Of the times in messages."""


def default(
    notification: Notification, *, note: str = "", zone: tzinfo = UTC, external_url: str = ""
) -> Composed:
    """In regwatch's words."""
    if notification.is_minimal:
        return minimal(notification, zone, external_url)
    if notification.possibly_repeated and not note:
        note = POSSIBLY_REPEATED
    return Composed(notification, tidy(headline(notification, zone=zone)), note=note, zone=zone)


def minimal(notification: Notification, zone: tzinfo, external_url: str) -> Composed:
    """The least that wakes somebody: characters that every service takes, and no markup."""
    title = cut_to(_plain(tidy(headline(notification, zone=zone))), MINIMAL_TITLE)
    lines = ("The whole message was refused.", _plain(external_url))
    return Composed(notification, title, "\n".join(filter(None, lines)), zone=zone)


def _plain(text: str) -> str:
    """ASCII, without what means something in any markup."""
    return NOT_PLAIN.sub("?", text)


def compose(notification: Notification, own: OwnWords, around: Surroundings) -> Composed:
    """In the words of the receiver's templates, as far as there are any and they work."""
    zone = around.zone
    if notification.is_minimal or (own.title is None and own.body is None):
        return default(notification, zone=zone, external_url=around.external_url)
    context = template_context(notification, external_url=around.external_url, zone=zone)

    def rendered(template: Template | None) -> str | None:
        return None if template is None else template.render(context).strip()

    try:
        title, body = rendered(own.title), rendered(own.body)
    except TemplateError as error:
        log.warning("template_failed", receiver=notification.receiver, error=str(error))
        return default(notification, note=f"The template failed, {error}", zone=zone)
    usual = default(notification, zone=zone)
    return Composed(notification, tidy(title or "") or usual.title, body, is_own=True, zone=zone)


async def send_composed(
    notification: Notification,
    own: OwnWords,
    send: Callable[[Composed], Awaitable[None]],
    around: Surroundings,
) -> None:
    """Send it in the receiver's own words, or in regwatch's should the service refuse those;
    raises `DeliveryError`.
    """
    message = compose(notification, own, around)
    try:
        await send(message)
    except ReceiverRefusedError as error:
        if not message.is_own:
            raise
        log.warning("template_refused", receiver=notification.receiver, error=error.message)
        note = f"The text of the template was refused: {error.message}"
        await send(default(notification, note=note, zone=around.zone))


def with_note(text: str, message: Composed, markup: Markup) -> str:
    """A body, and below it the note if there is one."""
    return f"{text}\n{markup.italic(markup.field(message.note))}" if message.note else text


def listed(message: Composed, markup: Markup, external_url: str, parts: Sequence[Section]) -> str:
    """These sections of the notification in a service's markup, below them what to do, and the
    note.
    """
    below = "\n".join(footer(message.notification, markup, external_url))
    text = body(parts, markup, external_url)
    return with_note(f"{text}\n\n{below}" if below else text, message, markup)


def text_within(
    limit: int,
    message: Composed,
    markup: Markup,
    external_url: str,
    *,
    size: Callable[[str], int] = len,
) -> str:
    """The message below its first line: the template's text, cut, or as many lines as fit."""
    if message.body is not None:
        return cut_to(message.body, limit, size)
    build = partial(listed, message, markup, external_url)
    if limit < ROOM_FOR_ADVICE:
        build = partial(_bare, message, markup, external_url)
    return fitted(message.notification, build, lambda text: size(text) <= limit, zone=message.zone)


def _bare(message: Composed, markup: Markup, external_url: str, parts: Sequence[Section]) -> str:
    return with_note(body(parts, markup, external_url), message, markup)
