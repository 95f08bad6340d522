"""The `slack` receiver with an incoming webhook: Block Kit, within Slack's limits
(https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
https://docs.slack.dev/reference/block-kit). With a bot's token it is that of `slack_bot`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from regwatch.notify.http import Post, Reply, to_json
from regwatch.notify.receivers.chat import Chat
from regwatch.notify.redaction import secrets_of
from regwatch.notify.words.composition import Composed
from regwatch.notify.words.footer import footer
from regwatch.notify.words.markup import MAX_LINES, Markup, colour, cut_to, section_texts
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.notify.words.wording import sections

HEADER_LIMIT = 150
TEXT_LIMIT = 3000
TEXT_IN_ALL = 10_500
"""Characters of all blocks together: with the header they stay below 11,000, where Slack says
`msg_blocks_too_long`.
"""
MAX_BLOCKS = 50
FORMATTING = frozenset("*_~`")


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """Where to post: the whole URL is the secret."""

    url: str = field(repr=False)
    timeout_seconds: float = 10.0
    external_url: str = ""
    zone: tzinfo = UTC
    own: OwnWords = NO_TEMPLATES


def request(message: Composed, settings: SlackSettings) -> Post:
    """The whole post."""
    return Post(
        url=settings.url,
        body=to_json(payload(message, external_url=settings.external_url)),
        timeout_seconds=settings.timeout_seconds,
        secrets=secrets_of(settings.url),
    )


def refusal(reply: Reply) -> str:
    """Success is a 200 with the body `ok`."""
    is_taken = reply.body.strip() == "ok"
    return "" if is_taken else f"not Slack's answer, {reply.status}: {reply.body}"


WEBHOOK = Chat("slack", request, refusal)
"""The chat behind an incoming webhook."""


def payload(message: Composed, *, external_url: str = "") -> dict[str, object]:
    """The message: the first line as its header and as the text of the push notification, the
    rest beside a bar in the severity's colour.
    """
    first = cut_to(message.title, HEADER_LIMIT)
    if message.notification.is_minimal:
        return {"text": escape(f"{first}\n{message.body}")}
    header = {"type": "header", "text": {"type": "plain_text", "text": first, "emoji": False}}
    return {
        "text": escape(first),
        "blocks": [header],
        "attachments": [
            {
                "color": colour(message.notification),
                "fallback": first,
                "blocks": blocks(message, external_url=external_url),
            }
        ],
    }


def blocks(message: Composed, *, external_url: str) -> list[dict[str, object]]:
    """One section block per status, more where its lines do not fit into one."""
    texts = list(_texts(message, external_url, MAX_LINES))
    lines = MAX_LINES
    while not _fit(texts) and message.body is None and lines > 1:
        lines //= 2  # what is left out is counted
        texts = list(_texts(message, external_url, lines))
    while not _fit(texts):
        texts.pop()
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
        for text in texts
    ]


def _fit(texts: Sequence[str]) -> bool:
    return len(texts) <= MAX_BLOCKS and sum(map(len, texts)) <= TEXT_IN_ALL


def _texts(message: Composed, external_url: str, max_lines: int) -> Iterator[str]:
    if message.body is not None:
        lines = (cut_to(line, TEXT_LIMIT) for line in message.body.split("\n"))
        yield from (text for text in packed(lines, TEXT_LIMIT) if text.strip())
        return
    for section in sections(message.notification, max_lines=max_lines, zone=message.zone):
        yield from packed(section_texts(section, MRKDWN, external_url), TEXT_LIMIT)
    yield from packed(footer(message.notification, MRKDWN, external_url), TEXT_LIMIT)
    if message.note:
        yield MRKDWN.italic(MRKDWN.field(message.note))


def escape(text: str) -> str:
    """What Slack asks to escape; it also disarms `<!channel>` in a phone's label."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def bold(text: str) -> str:
    """Bold, unless the text holds characters that would break it."""
    return text if FORMATTING & set(text) else f"*{text}*"


MRKDWN = Markup(
    escape=escape,
    bold=bold,
    italic=lambda text: f"_{text}_",
    link=lambda text, url: f"<{url}|{text}>",
    indent="    ",
)


def packed(lines: Iterable[str], limit: int) -> list[str]:
    """The lines joined into as few texts as the limit allows."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + 1 + len(line) <= limit:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return texts
