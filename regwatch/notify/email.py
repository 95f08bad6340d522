"""The `email` receiver: SMTP (RFC 5321), text and HTML, one thread per group.

The first message of a group's life is the root that all later ones refer to (RFC 5322 section
3.6.4); each Message-ID comes from the notification's, and is the same at each retry. Auto-Submitted
keeps answering machines silent (RFC 3834 section 5). A 4xx reply means later, a 5xx means no.
"""

import asyncio
import base64
import hashlib
import html
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from enum import StrEnum
from pathlib import Path

import aiosmtplib

from regwatch.clock import Clock
from regwatch.core.model import Notification, Severity, Timestamp
from regwatch.notify.composition import Composed, send_composed, with_note
from regwatch.notify.errors import (
    DeliveryError,
    ReceiverRefusedError,
    ReceiverUnavailableError,
)
from regwatch.notify.markup import PLAIN, Markup, body, colour, cut_to
from regwatch.notify.memo import GroupNotes, Memo, begins_anew
from regwatch.notify.redaction import redact
from regwatch.notify.templates import NO_TEMPLATES, OwnWords
from regwatch.notify.wording import sections

SUBJECT_LIMIT = 200
MAX_LINES = 200
"""There is room for more, but nobody reads it."""
PERMANENT = 500


class Security(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    """Asked for in the clear; without it nothing is sent."""
    TLS = "tls"
    """From the first byte, mostly on port 465."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """Which server, from whom, to whom."""

    host: str
    sender: str
    """`regwatch@example.com` or `regwatch <regwatch@example.com>`."""
    to: tuple[str, ...]
    port: int = 587
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    """Trusted instead of the system's authorities."""
    timeout_seconds: float = 30.0
    """For a whole message."""
    external_url: str = ""
    own: OwnWords = NO_TEMPLATES

    @property
    def secrets(self) -> tuple[str, ...]:
        """What a server may echo: the password, and as AUTH sends it (RFC 4616, RFC 4954)."""
        plain = f"\0{self.username}\0{self.password}"
        encoded = [base64.b64encode(each.encode()).decode() for each in (plain, self.password)]
        return (self.password, *encoded)


class EmailReceiver:
    """Sends each notification as one message to all its people, and remembers who has got the one
    under way: a retry goes to the others.
    """

    kind = "email"

    def __init__(self, name: str, settings: EmailSettings, memo: Memo, *, clock: Clock) -> None:
        self.name = name
        self._settings = settings
        self._notes = GroupNotes(name, memo)
        self._clock = clock
        self._tls: ssl.SSLContext | None = None
        self._under_way = ""
        self._reached: set[str] = set()

    async def deliver(self, notification: Notification) -> None:
        """Success is that the server took it for everybody."""
        if self._under_way != notification.id:
            self._under_way, self._reached = notification.id, set()
        settings = self._settings
        await send_composed(
            notification, settings.own, self._send, external_url=settings.external_url
        )

    async def _send(self, message: Composed) -> None:
        own_id = message_id(message.notification, self.name, self._settings.sender)
        root = await self._root(message.notification, own_id)
        left = [address for address in self._settings.to if address not in self._reached]
        if not left:
            return
        try:
            email = build(message, self._settings, own_id, root, at=self._clock())
            refused = await self._submit(email, [bare(address) for address in left])
        except TimeoutError as error:
            raise ReceiverUnavailableError(f"{self._settings.host}: no answer in time") from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise self._mapped(error) from None
        self._reached.update(address for address in left if bare(address) not in refused)
        if refused:
            raise self._refusal(refused)

    async def _root(self, notification: Notification, own_id: str) -> str:
        known = None if begins_anew(notification) else await self._notes.recall(notification)
        root = known or own_id
        await self._notes.remember(notification, root, at=self._clock())
        return root

    async def _submit(
        self, email: EmailMessage, recipients: list[str]
    ) -> Mapping[str, tuple[int, str]]:
        """Whom the server refused, with its reply; raises if it took nothing."""
        settings = self._settings
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                refused, _ = await aiosmtplib.send(
                    email,
                    sender=bare(settings.sender),
                    recipients=recipients,
                    hostname=settings.host,
                    port=settings.port,
                    username=settings.username or None,
                    password=settings.password or None,
                    use_tls=settings.security is Security.TLS,
                    start_tls=settings.security is Security.STARTTLS,
                    tls_context=self._context(),
                    timeout=settings.timeout_seconds,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            return {each.recipient: (each.code, each.message) for each in error.recipients}
        return {address: (reply.code, reply.message) for address, reply in refused.items()}

    def _context(self) -> ssl.SSLContext | None:
        if self._tls is None and self._settings.security is not Security.NONE:
            self._tls = ssl.create_default_context(cafile=self._settings.ca_file)
        return self._tls

    def _mapped(self, error: Exception) -> DeliveryError:
        text = redact(f"{self._settings.host}: {_said(error)}", self._settings.secrets)
        code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 0
        # A line break in an address, for one; but a bad certificate, which may be mended, is a
        # ValueError too.
        is_unsendable = isinstance(error, ValueError) and not isinstance(error, OSError)
        if code >= PERMANENT or is_unsendable:
            return ReceiverRefusedError(text)
        return ReceiverUnavailableError(text)

    def _refusal(self, refused: Mapping[str, tuple[int, str]]) -> DeliveryError:
        """Of some people: tried again as long as one of them was refused for now only."""
        replies = "; ".join(f"{who}: {code} {text}" for who, (code, text) in refused.items())
        message = redact(f"{self._settings.host} refused {replies}", self._settings.secrets)
        if all(code >= PERMANENT for code, _ in refused.values()):
            return ReceiverRefusedError(message)
        return ReceiverUnavailableError(message)


def build(
    message: Composed, settings: EmailSettings, own_id: str, root: str, *, at: Timestamp
) -> EmailMessage:
    """The whole message."""
    email = EmailMessage(policy=SMTP)
    email["From"] = settings.sender
    email["To"] = ", ".join(settings.to)
    email["Subject"] = cut_to(message.title, SUBJECT_LIMIT)
    email["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
    email["Message-ID"] = own_id
    if root != own_id:
        email["In-Reply-To"] = root
        email["References"] = root
    email["Auto-Submitted"] = "auto-generated"
    email["X-Auto-Response-Suppress"] = "All"
    notification = message.notification
    if notification.severity is Severity.CRITICAL and not notification.is_resolved:
        email["Importance"] = "high"
    email.set_content(as_text(message, settings.external_url))
    if message.body is None:
        email.add_alternative(as_html(message, settings.external_url), subtype="html")
    return email


def message_id(notification: Notification, receiver: str, sender: str) -> str:
    """Stable over retries; of the sender's domain."""
    digest = hashlib.sha256(f"{receiver}\0{notification.id}".encode()).hexdigest()[:32]
    return f"<{digest}@{bare(sender).rpartition('@')[2]}>"


def bare(address: str) -> str:
    """The address without a name."""
    return parseaddr(address)[1]


def as_text(message: Composed, external_url: str) -> str:
    """The first line, and below it all that is known."""
    if message.body is not None:
        return f"{message.body}\n"
    listed = body(sections(message.notification, max_lines=MAX_LINES), PLAIN, external_url)
    text = f"{message.title}\n\n{with_note(listed, message, PLAIN)}\n"
    return f"{text}\n{external_url}\n" if external_url else text


def as_html(message: Composed, external_url: str) -> str:
    """The same beside a bar in the severity's colour."""
    parts = sections(message.notification, max_lines=MAX_LINES)
    listed = with_note(body(parts, HTML, external_url), message, HTML).replace("\n", "<br>\n")
    bar = f"border-left:4px solid {colour(message.notification)};padding-left:12px"
    return (
        '<html><body style="font-family:sans-serif">\n'
        f"<p><b>{HTML.escape(message.title)}</b></p>\n"
        f'<div style="{bar}">\n{listed}\n</div>\n</body></html>\n'
    )


HTML = Markup(
    escape=html.escape,
    bold=lambda text: f"<b>{text}</b>",
    italic=lambda text: f"<i>{text}</i>",
    link=lambda text, url: f'<a href="{html.escape(url)}">{text}</a>',
)


def _said(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return f"{type(error).__name__}: {error}"
