"""An e-mail message (RFC 5322): text and HTML, one thread per group; pure.

The first message of a group's life is the root that all later ones refer to (RFC 5322 section
3.6.4); each Message-ID comes from the notification's, and is the same at each retry. Auto-Submitted
keeps answering machines silent (RFC 3834 section 5).
"""

import hashlib
import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from regwatch.core.model import Notification, Severity, Timestamp
from regwatch.notify.words.composition import Composed, listed
from regwatch.notify.words.markup import PLAIN, Markup, colour, cut_to
from regwatch.notify.words.wording import sections
from regwatch.shapes.mailbox import Mailbox

SUBJECT_LIMIT = 200
MAX_LINES = 200
"""There is room for more, but nobody reads it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Who writes to whom, when, and in which thread."""

    sender: Mailbox
    to: Sequence[Mailbox]
    at: Timestamp
    own_id: str
    root: str
    """The first message of the thread; itself if it is that."""


SEVEN_BITS = SMTP.clone(cte_type="7bit")
"""What any relay passes on as it is: a signature over it (DKIM) stays valid."""


def written(
    message: Composed, heading: Heading, external_url: str, able: Sequence[Mailbox], utf8: bool
) -> bytes:
    """The message as it goes out. `able`: whose addresses the server takes; others are not named.
    `utf8`: headers may hold more than ASCII, since an address does (RFC 6532).
    """
    named = [each for each in heading.to if each.is_ascii or each in able]
    email = build(message, replace(heading, to=named), external_url=external_url)
    return email.as_bytes(policy=SEVEN_BITS.clone(utf8=utf8))


def build(message: Composed, heading: Heading, *, external_url: str = "") -> EmailMessage:
    """The whole message."""
    email = EmailMessage(policy=SEVEN_BITS)
    email["From"] = heading.sender.header
    email["To"] = [each.header for each in heading.to]
    email["Subject"] = cut_to(message.title, SUBJECT_LIMIT)
    email["Date"] = format_datetime(datetime.fromtimestamp(heading.at, UTC))
    email["Message-ID"] = heading.own_id
    if heading.root != heading.own_id:
        email["In-Reply-To"] = heading.root
        email["References"] = heading.root
    email["Auto-Submitted"] = "auto-generated"
    email["X-Auto-Response-Suppress"] = "All"
    notification = message.notification
    if notification.severity is Severity.CRITICAL and not notification.is_resolved:
        email["Importance"] = "high"
    email.set_content(as_text(message, external_url))
    if message.body is None:
        email.add_alternative(as_html(message, external_url), subtype="html")
        # Not by chance: a retry is the same message.
        email.set_boundary(f"={hashlib.sha256(heading.own_id.encode()).hexdigest()[:32]}=")
    return email


def message_id(notification: Notification, receiver: str, sender: Mailbox) -> str:
    """Stable over retries; of the sender's domain."""
    digest = hashlib.sha256(f"{receiver}\0{notification.id}".encode()).hexdigest()[:32]
    return f"<{digest}@{sender.domain}>"


def as_text(message: Composed, external_url: str) -> str:
    """The first line, and below it all that is known."""
    if message.body is not None:
        return f"{message.body}\n"
    return f"{message.title}\n\n{_all(message, PLAIN, external_url)}\n"


def as_html(message: Composed, external_url: str) -> str:
    """The same beside a bar in the severity's colour."""
    text = _all(message, HTML, external_url).replace("\n", "<br>\n")
    bar = f"border-left:4px solid {colour(message.notification)};padding-left:12px"
    return (
        '<html><body style="font-family:sans-serif">\n'
        f"<p><b>{HTML.escape(message.title)}</b></p>\n"
        f'<div style="{bar}">\n{text}\n</div>\n</body></html>\n'
    )


def _all(message: Composed, markup: Markup, external_url: str) -> str:
    parts = sections(message.notification, max_lines=MAX_LINES, zone=message.zone)
    return listed(message, markup, external_url, parts)


HTML = Markup(
    escape=html.escape,
    bold=lambda text: f"<b>{text}</b>",
    italic=lambda text: f"<i>{text}</i>",
    link=lambda text, url: f'<a href="{html.escape(url)}">{text}</a>',
)
