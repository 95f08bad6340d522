"""The `email` receiver: SMTP (RFC 5321). A 4xx reply means later, a 5xx means no."""

import asyncio
import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from email.message import EmailMessage
from enum import StrEnum
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
from regwatch.notify.receivers.email_message import Heading, bare, build, message_id
from regwatch.notify.receivers.kind import Kind, Means, RestOfFile
from regwatch.notify.redaction import redact
from regwatch.notify.words.composition import Composed, send_composed
from regwatch.notify.words.markup import PLAIN
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import Address, Host, SenderAddress
from regwatch.shapes.values import ONE_OR_MORE, Duration, Secret, Text, revealed, wrong

OVER = ""
"""Noted in place of a thread's root: what comes next begins another."""
PERMANENT = 500
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Security(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    """Asked for in the clear; without it nothing is sent."""
    TLS = "tls"
    """From the first byte, mostly on port 465."""
    NONE = "none"


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
        self._reached: set[str] = set()

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
        own_id = message_id(message.notification, self.name, settings.sender)
        root = await self._root(message.notification, own_id)
        heading = Heading(settings.sender, settings.to, self._clock(), own_id, root)
        left = [address for address in settings.to if address not in self._reached]
        if not left:
            return
        try:
            email = build(message, heading, external_url=settings.external_url)
            refused = await self._submit(email, [bare(address) for address in left])
        except TimeoutError as error:
            raise ReceiverUnavailableError(f"{settings.host}: no answer in time") from error
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
        is_unsent = bool(code) or isinstance(error, aiosmtplib.SMTPConnectError)
        return ReceiverUnavailableError(text, may_have_arrived=not is_unsent)

    def _refusal(self, refused: Mapping[str, tuple[int, str]]) -> DeliveryError:
        """Of some people: tried again as long as one of them was refused for now only."""
        replies = "; ".join(f"{who}: {code} {text}" for who, (code, text) in refused.items())
        message = redact(f"{self._settings.host} refused {replies}", self._settings.secrets)
        if all(code >= PERMANENT for code, _ in refused.values()):
            return ReceiverRefusedError(message, may_have_arrived=True)
        return ReceiverUnavailableError(message)


def _said(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return f"{type(error).__name__}: {error}"


def _receiver(name: str, settings: EmailSettings, means: Means) -> EmailReceiver:
    return EmailReceiver(name, settings, means.memo, clock=means.clock)


EMAIL = Kind("email", EmailShape, settings_of, {EmailSettings: _receiver}, escape=PLAIN.escape)
