"""The `email` receiver: SMTP (RFC 5321). A 4xx reply means later, a 5xx means no."""

import asyncio
import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import aiosmtplib
from pydantic import Field, model_validator

from regwatch.clock import Clock
from regwatch.core.model import Notification
from regwatch.notify.errors import (
    DeliveryError,
    ReceiverRefusedError,
    ReceiverUnavailableError,
)
from regwatch.notify.memo import GroupNotes, Memo, begins_anew
from regwatch.notify.receivers.email_message import Heading, message_id, written
from regwatch.notify.receivers.kind import Kind, Means, RestOfFile
from regwatch.notify.redaction import redact
from regwatch.notify.smtp import (
    Letter,
    MailServer,
    Progress,
    Reply,
    Security,
    hand_over,
)
from regwatch.notify.words.composition import Composed, send_composed
from regwatch.notify.words.markup import PLAIN
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.shapes.mailbox import Mailbox, mailbox
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import Address, Host, SenderAddress
from regwatch.shapes.values import ONE_OR_MORE, Duration, Secret, Text, revealed, wrong

OVER = ""
"""Noted in place of a thread's root: what comes next begins another."""
PERMANENT = 500
LOOPBACK = ("localhost", "127.0.0.1", "::1")


PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
"""Where a server listens unless the file says otherwise (RFC 6409, RFC 8314, RFC 5321)."""


class EmailShape(Shape):
    """E-mail by SMTP."""

    host: Host = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Text | None = None
    password: Secret | None = None
    sender: SenderAddress = Field(alias="from")
    to: Annotated[list[Address], ONE_OR_MORE] = Field(min_length=1)
    ca_file: Text | None = Field(default=None, description="Authorities, PEM.")
    helo: Host | None = Field(
        default=None,
        description="This machine's name for the server; by default its full name, or its address.",
    )
    timeout: Duration = 30.0

    @model_validator(mode="after")
    def _keeps_the_password(self) -> "EmailShape":
        if (self.username is None) != (self.password is None):
            raise wrong("`username` and `password` go together")
        if self.password is not None and self.security == "none" and self.host not in LOOPBACK:
            raise wrong("would send the password in the clear", "use `starttls` or `tls`")
        return self


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
    helo: str = ""
    """How this machine names itself; empty: by its full name, or else its address."""
    ca_file: Path | None = None
    """Trusted instead of the system's authorities."""
    timeout_seconds: float = 30.0
    """For a whole message."""
    external_url: str = ""
    zone: tzinfo = UTC
    own: OwnWords = NO_TEMPLATES

    @property
    def secrets(self) -> tuple[str, ...]:
        """What a server may echo: the password, and as AUTH sends it (RFC 4616, RFC 4954)."""
        plain = f"\0{self.username}\0{self.password}"
        encoded = [base64.b64encode(each.encode()).decode() for each in (plain, self.password)]
        return (self.password, *encoded)


def settings_of(shape: EmailShape, rest: RestOfFile) -> EmailSettings:
    """As the file says; the port follows from the security."""
    security = Security(shape.security)
    return EmailSettings(
        host=shape.host,
        port=PORTS[security] if shape.port is None else shape.port,
        security=security,
        username=shape.username or "",
        password=revealed(shape.password),
        sender=shape.sender,
        to=tuple(shape.to),
        ca_file=rest.path(shape.ca_file),
        helo=shape.helo or "",
        **rest.spoken(shape.timeout),
    )


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
        self._reached: set[Mailbox] = set()
        self._sender = mailbox(settings.sender)
        self._people = tuple(map(mailbox, settings.to))

    async def deliver(self, notification: Notification) -> None:
        """Success is that the server took it for everybody."""
        if self._under_way != notification.id:
            self._under_way, self._reached = notification.id, set()
        settings = self._settings
        await send_composed(notification, settings.own, self._send, settings)
        if notification.is_resolved:
            await self._notes.remember(notification, OVER, at=self._clock())

    async def _send(self, message: Composed) -> None:
        settings = self._settings
        own_id = message_id(message.notification, self.name, self._sender)
        root = await self._root(message.notification, own_id)
        heading = Heading(self._sender, self._people, self._clock(), own_id, root)
        left = [each for each in self._people if each not in self._reached]
        if not left:
            return
        text = partial(written, message, heading, settings.external_url)
        refused = await self._submit(Letter(self._sender, left, text))
        self._reached.update(each for each in left if each not in refused)
        if refused:
            raise self._refusal(refused)

    async def _root(self, notification: Notification, own_id: str) -> str:
        known = None if begins_anew(notification) else await self._notes.recall(notification)
        root = known or own_id
        await self._notes.remember(notification, root, at=self._clock())
        return root

    async def _submit(self, letter: Letter) -> Mapping[Mailbox, Reply]:
        """Whom the server refused; raises `DeliveryError` if it took nothing."""
        settings, progress = self._settings, Progress()
        server = MailServer(
            settings.host,
            settings.port,
            settings.security,
            settings.username,
            settings.password,
            settings.helo,
        )
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                return await hand_over(letter, server, self._context(), progress)
        except TimeoutError as error:
            raise ReceiverUnavailableError(
                f"{settings.host}: no answer in time", may_have_arrived=progress.is_text_sent
            ) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise self._mapped(error, progress) from None

    def _context(self) -> ssl.SSLContext | None:
        if self._tls is None and self._settings.security is not Security.NONE:
            self._tls = ssl.create_default_context(cafile=self._settings.ca_file)
        return self._tls

    def _mapped(self, error: Exception, progress: Progress) -> DeliveryError:
        text = redact(f"{self._settings.host}: {_said(error)}", self._settings.secrets)
        code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 0
        # A line break in a header, for one; but a bad certificate, which may be mended, is a
        # ValueError too.
        is_unsendable = isinstance(error, ValueError) and not isinstance(error, OSError)
        if code >= PERMANENT or is_unsendable:
            about = is_unsendable or isinstance(error, aiosmtplib.SMTPDataError)
            return ReceiverRefusedError(text, is_about_message=about)
        return ReceiverUnavailableError(text, may_have_arrived=progress.is_text_sent)

    def _refusal(self, refused: Mapping[Mailbox, Reply]) -> DeliveryError:
        """Of some people: tried again as long as one of them was refused for now only."""
        replies = "; ".join(f"{who.address}: {n} {text}" for who, (n, text) in refused.items())
        message = redact(f"{self._settings.host} refused {replies}", self._settings.secrets)
        if all(code >= PERMANENT for code, _ in refused.values()):
            return ReceiverRefusedError(message, may_have_arrived=bool(self._reached))
        return ReceiverUnavailableError(message, may_have_arrived=bool(self._reached))


def _said(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return f"{type(error).__name__}: {error}"


def _receiver(name: str, settings: EmailSettings, means: Means) -> EmailReceiver:
    return EmailReceiver(name, settings, means.memo, clock=means.clock)


EMAIL = Kind("email", EmailShape, settings_of, {EmailSettings: _receiver}, escape=PLAIN.escape)
