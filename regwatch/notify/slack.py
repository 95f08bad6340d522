"""The `slack` receiver: an incoming webhook, Block Kit, within Slack's limits
(https://docs.slack.dev/reference/block-kit).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import aiohttp

from regwatch.clock import Clock
from regwatch.core.model import ItemStatus, Notification, Severity
from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.http import Post, post, to_json
from regwatch.notify.redaction import redact
from regwatch.notify.wording import (
    Line,
    Section,
    headline,
    left_out_note,
    link,
    sections,
    truncate,
)

HEADER_LIMIT = 150
TEXT_LIMIT = 3000
MAX_BLOCKS = 50
MAX_LINES = 30
"""More than this nobody reads in a chat; what is left out is counted."""
FIELD_LIMIT = 200
"""Of a single label, device or explanation: one must not crowd out the others."""
COLOURS = {Severity.CRITICAL: "#c62828", Severity.WARNING: "#ef8f00", Severity.INFO: "#1565c0"}
RESOLVED_COLOUR = "#2e7d32"
MARKUP = frozenset("*_~`")
TITLES = {ItemStatus.NEW: "New", ItemStatus.STILL: "Still", ItemStatus.RESOLVED: "Resolved"}


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """Where to post: the whole URL is the secret."""

    url: str = field(repr=False)
    timeout_seconds: float = 10.0
    external_url: str = ""


class SlackReceiver:
    """Posts each notification as one message."""

    kind = "slack"

    def __init__(
        self, name: str, settings: SlackSettings, session: aiohttp.ClientSession, *, clock: Clock
    ) -> None:
        self.name = name
        self._settings = settings
        self._session = session
        self._clock = clock

    async def deliver(self, notification: Notification) -> None:
        """Success is a 200 with the body `ok`."""
        settings = self._settings
        request = Post(
            url=settings.url,
            body=to_json(payload(notification, external_url=settings.external_url)),
            timeout_seconds=settings.timeout_seconds,
            secrets=(settings.url,),
        )
        reply = await post(self._session, request, clock=self._clock)
        if reply.body.strip() != "ok":
            raise ReceiverRefusedError(
                redact(f"not Slack's answer, {reply.status}: {reply.body}", request.secrets)
            )


def payload(notification: Notification, *, external_url: str = "") -> dict[str, object]:
    """The message: the first line as its header and as the text of the push notification, the
    rest beside a bar in the severity's colour.
    """
    first = truncate(headline(notification), HEADER_LIMIT)
    header = {"type": "header", "text": {"type": "plain_text", "text": first, "emoji": False}}
    colour = RESOLVED_COLOUR if notification.is_resolved else COLOURS[notification.severity]
    return {
        "text": escape(first),
        "blocks": [header],
        "attachments": [
            {
                "color": colour,
                "fallback": first,
                "blocks": blocks(notification, external_url=external_url),
            }
        ],
    }


def blocks(notification: Notification, *, external_url: str) -> list[dict[str, object]]:
    """One section block per status, more where its lines do not fit into one."""
    texts = [
        text
        for section in sections(notification, max_lines=MAX_LINES)
        for text in packed(_texts(section, external_url), TEXT_LIMIT)
    ]
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
        for text in texts[:MAX_BLOCKS]
    ]


def escape(text: str) -> str:
    """What Slack asks to escape; it also disarms `<!channel>` in a phone's label."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def bold(text: str) -> str:
    """Bold, unless the text holds characters that would break it."""
    return text if MARKUP & set(text) else f"*{text}*"


def packed(lines: Iterable[str], limit: int) -> list[str]:
    """The lines joined into as few texts as the limit allows."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + 1 + len(line) <= limit:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return texts


def _texts(section: Section, external_url: str) -> Iterator[str]:
    yield f"*{TITLES[section.status]} ({section.count})*"
    for line in section.lines:
        yield _line(line, external_url)
    if note := left_out_note(section):
        yield f"_{note}_"


def _line(line: Line, external_url: str) -> str:
    name = bold(_field(line.who))
    url = link(line.incident, external_url)
    name = f"<{url}|{name}>" if url else name
    at = f" at {_field(line.where)}" if line.where else ""
    first = f"• {name}{at}: {line.title} {line.when}"
    rest = " · ".join(_field(detail) for detail in line.details)
    return f"{first}\n    {rest}" if rest else first


def _field(text: str) -> str:
    return escape(truncate(" ".join(text.split()), FIELD_LIMIT))
