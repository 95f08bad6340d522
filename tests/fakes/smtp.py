"""A real mail server (aiosmtpd), on loopback, that keeps what it takes and refuses what it is told
to refuse."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "noc", "smtp-s3cret-password"


class MailServer:
    """What the tests see of the server; the handler of aiosmtpd."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[tuple[list[str], EmailMessage]] = []
        """Recipients and message."""
        self.raw: list[bytes] = []
        self.refused: dict[str, str] = {}
        """By recipient: the reply."""
        self.data_replies: list[str] = []
        """To the next messages, in place of taking them."""
        self.senders: list[str] = []
        self.encrypted: list[bool] = []
        self.hangs = False
        self.is_modern = True
        """Whether it offers SMTPUTF8."""

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.hangs:
            await asyncio.Event().wait()
        if reply := self.refused.get(address):
            return reply
        envelope.mail_from = address
        self.senders.append(address)
        self.encrypted.append(session.ssl is not None or server.transport_is_tls)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := self.refused.get(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data_replies:
            return self.data_replies.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        assert not message.defects
        assert all(len(line) <= 998 for line in envelope.content.splitlines())  # RFC 5322 2.1.1
        self.taken.append((envelope.rcpt_tos, message))
        self.raw.append(envelope.content)
        return "250 taken"


class Protocol(SMTP):
    """Knows whether the connection was encrypted from its first byte."""

    async def push(self, status: str | bytes) -> None:
        """Replies as bytes, where a test gives some that are no UTF-8 as lone surrogates."""
        raw = status.encode("utf-8", "surrogateescape") if isinstance(status, str) else status
        await super().push(raw)

    @property
    def transport_is_tls(self) -> bool:
        return self.transport is not None and bool(self.transport.get_extra_info("sslcontext"))


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    known = data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=known, handled=False)


def certificates(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@asynccontextmanager
async def mail_server(
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    auth: bool = False,
) -> AsyncIterator[MailServer]:
    """Serve on a free port."""
    server = MailServer()

    def protocol() -> SMTP:
        with warnings.catch_warnings(action="ignore"):  # passwords without STARTTLS: it is a test
            return Protocol(
                server,
                hostname="mail.example.com",
                enable_SMTPUTF8=server.is_modern,
                tls_context=starttls,
                require_starttls=starttls is not None,
                authenticator=authenticate if auth else None,
                auth_required=auth,
                auth_require_tls=starttls is not None,
            )

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
