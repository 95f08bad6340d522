"""The `teams` receiver: a webhook of the Workflows app, an Adaptive Card 1.4
(https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
and https://adaptivecards.io/explorer/RichTextBlock.html).

A message holds 28 kB. Teams may count it as UTF-16, in which each of our characters takes two bytes
or four; so it is counted here. Text runs, unlike text blocks, are not read as Markdown: nothing in
a label can format, link or mention. 202 means that the flow has begun; how it ends is seen in Power
Automate alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial

from regwatch import runbooks
from regwatch.core.model import Notification, Severity
from regwatch.notify.http import Post, Reply, to_json
from regwatch.notify.receivers.chat import Chat
from regwatch.notify.receivers.kind import Kind, RestOfFile
from regwatch.notify.redaction import secrets_of
from regwatch.notify.words.composition import Composed
from regwatch.notify.words.footer import TO_DO, to_do
from regwatch.notify.words.links import help_url, incident_url, page_of
from regwatch.notify.words.markup import (
    EACH,
    PLAIN,
    TITLES,
    URL_LIMIT,
    cut_to,
    escape_markdown,
    fitted,
    joined,
    shared_details,
    utf16_length,
    whereabouts,
)
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.notify.words.wording import Line, Section, left_out_note
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import SecretUrl
from regwatch.shapes.values import Duration, revealed

SIZE_LIMIT = 27_000
TITLE_LIMIT = 300
OWN_LIMIT = SIZE_LIMIT - 5_000
"""Of a template's text; the rest is for the card around it."""
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
CARD_TYPE = "application/vnd.microsoft.card.adaptive"
STYLES = {Severity.CRITICAL: "attention", Severity.WARNING: "warning", Severity.INFO: "accent"}
RESOLVED_STYLE = "good"
FAILED = "Webhook message delivery failed"
"""How a former kind of webhook reports a failure, with status 200."""

Element = dict[str, object]


class TeamsShape(Shape):
    """A webhook of the Workflows app in Microsoft Teams."""

    url: SecretUrl
    timeout: Duration = 10.0


@dataclass(frozen=True, slots=True)
class TeamsSettings:
    """Where to post: the whole URL is the secret."""

    url: str = field(repr=False)
    timeout_seconds: float = 10.0
    external_url: str = ""
    zone: tzinfo = UTC
    own: OwnWords = NO_TEMPLATES


def settings_of(shape: TeamsShape, rest: RestOfFile) -> TeamsSettings:
    """As the file says."""
    return TeamsSettings(url=revealed(shape.url), **rest.spoken(shape.timeout))


def request(message: Composed, settings: TeamsSettings) -> Post:
    """The whole post."""
    return Post(
        url=settings.url,
        body=to_json(payload(message, external_url=settings.external_url)),
        headers={"Content-Type": "application/json; charset=utf-8"},
        timeout_seconds=settings.timeout_seconds,
        secrets=secrets_of(settings.url),
    )


def refusal(reply: Reply) -> str:
    """Success is any 2xx, usually 202, that does not speak of a failure."""
    return reply.body if reply.body.startswith(FAILED) else ""


def payload(message: Composed, *, external_url: str = "") -> dict[str, object]:
    """The message with its card, as many lines in it as fit."""
    if message.body is not None:
        own = {"type": "TextBlock", "text": cut_to(message.body, OWN_LIMIT, size), "wrap": True}
        return _wrapped(message, [own], external_url)
    return fitted(
        message.notification,
        partial(_listed, message, external_url),
        lambda content: size(content) <= SIZE_LIMIT,
        zone=message.zone,
    )


def size(content: object) -> int:
    """Bytes, counted as Teams may."""
    return 2 * utf16_length(to_json(content).decode())


def _listed(message: Composed, external_url: str, parts: Sequence[Section]) -> dict[str, object]:
    elements = [block for part in parts for block in _blocks(part, external_url)]
    for alert in to_do(message.notification):
        advice = _run(f" {runbooks.advice(alert)}")
        elements.append(_paragraph(_run(TO_DO, weight="Bolder"), advice, spacing="Medium"))
    if message.note:
        elements.append(_paragraph(_run(PLAIN.field(message.note), isSubtle=True)))
    return _wrapped(message, elements, external_url)


def _wrapped(
    message: Composed, elements: Sequence[Element], external_url: str
) -> dict[str, object]:
    notification = message.notification
    style = RESOLVED_STYLE if notification.is_resolved else STYLES[notification.severity]
    title = cut_to(message.title, TITLE_LIMIT)
    card = {
        "$schema": SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "fallbackText": title,
        "body": [
            {
                "type": "Container",
                "style": style,
                "bleed": True,
                "items": [_paragraph(_run(title, weight="Bolder", size="Medium"))],
            },
            *elements,
        ],
        **({"actions": _actions(notification, external_url)} if external_url else {}),
    }
    attachment = {"contentType": CARD_TYPE, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _blocks(section: Section, external_url: str) -> Iterator[Element]:
    heading, shared = f"{TITLES[section.status]} ({section.count})", shared_details(section)
    yield _paragraph(_run(heading, weight="Bolder"), spacing="Medium")
    if shared:
        yield _paragraph(_run(f"{EACH} {joined(shared, PLAIN)}", italic=True))
    for line in section.lines:
        yield from _line(line, shared, external_url)
    if note := left_out_note(section):
        yield _paragraph(_run(note, italic=True))


def _line(line: Line, shared: Sequence[str], external_url: str) -> Iterator[Element]:
    url = incident_url(line.incident.id, external_url)
    action = {"selectAction": _open(url)} if url and len(url) <= URL_LIMIT else {}
    yield _paragraph(
        _run(PLAIN.field(line.who), weight="Bolder", **action),
        _run(whereabouts(line, PLAIN)),
    )
    if rest := joined((d for d in line.details if d not in shared), PLAIN):
        yield _paragraph(_run(rest, isSubtle=True, size="Small"), spacing="None")


def _actions(notification: Notification, external_url: str) -> list[Element]:
    kinds = to_do(notification)
    helps = [_open(help_url(kind, external_url), "What to do") for kind in kinds[:1]]
    return [_open(page_of(notification, external_url)), *helps]


def _open(url: str, title: str = "Show in regwatch") -> Element:
    return {"type": "Action.OpenUrl", "title": title, "url": url}


def _paragraph(*runs: Element, spacing: str = "Small") -> Element:
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": list(runs)}


def _run(text: str, **how: object) -> Element:
    return {"type": "TextRun", "text": text, **how}


TEAMS = Kind(
    "teams",
    TeamsShape,
    settings_of,
    {TeamsSettings: Chat("teams", request, refusal).receiver},
    # regwatch's own cards hold no Markdown; the text of a template does.
    escape=escape_markdown,
)
