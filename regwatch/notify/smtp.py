"""Handing one message to a mail server (RFC 5321), step by step: until its text goes out nobody
can have seen it.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import aiosmtplib

from regwatch.shapes.mailbox import Mailbox

Reply = tuple[int, str]
NOT_TAKEN_HERE: Reply = (553, "the server takes no address that is not ASCII (SMTPUTF8)")


class Security(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    """Asked for in the clear; without it nothing is sent."""
    TLS = "tls"
    """From the first byte, mostly on port 465."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where a message is handed over, and by whom."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = field(default="", repr=False)
    helo: str = ""
    """How this machine names itself; empty: by its full name, or else its address."""


@dataclass(slots=True)
class Progress:
    """How far it came."""

    is_text_sent: bool = False
    """Whether any of the message's text may have gone out."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message for some people."""

    sender: Mailbox
    to: Sequence[Mailbox]
    text: Callable[[Sequence[Mailbox], bool], bytes]
    """Of those who are named in it, and whether its headers may hold more than ASCII; ASCII
    otherwise, so that no relay recodes it, and breaks a signature.
    """


async def hand_over(
    letter: Letter, server: MailServer, tls: ssl.SSLContext | None, progress: Progress
) -> Mapping[Mailbox, Reply]:
    """Whom the server refused, with its reply; raises what aiosmtplib does if it took nothing."""
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.security is Security.TLS,
        start_tls=False,
        tls_context=tls,
        timeout=None,  # the caller has one for all steps together
    )
    try:
        await client.connect()
        await _introduce(client, server)
        return await _submit(client, letter, progress)
    finally:
        await _leave(client)


async def _introduce(client: aiosmtplib.SMTP, server: MailServer) -> None:
    name = server.helo or own_name(client.get_transport_info("sockname"))
    await client.ehlo(hostname=name)
    if server.security is Security.STARTTLS:
        await client.starttls()
        await client.ehlo(hostname=name)  # what it said before may be another's (RFC 3207)
    if server.username:
        await client.login(server.username, server.password)


async def _submit(
    client: aiosmtplib.SMTP, letter: Letter, progress: Progress
) -> Mapping[Mailbox, Reply]:
    takes_any = client.supports_extension("smtputf8")
    able = [each for each in letter.to if takes_any or each.is_ascii]
    refused = {each: NOT_TAKEN_HERE for each in letter.to if each not in able}
    if not able:
        return refused
    utf8 = not all(each.is_ascii for each in (letter.sender, *able))
    await _name_sender(client, letter.sender, utf8=utf8)
    for each in able:
        try:
            await client.rcpt(each.address, encoding="utf-8")
        except aiosmtplib.SMTPRecipientRefused as error:
            refused[each] = (error.code, error.message)
    if len(refused) < len(letter.to):
        text = letter.text(able, utf8)
        progress.is_text_sent = True
        try:
            await client.data(text)
        except aiosmtplib.SMTPResponseException:
            progress.is_text_sent = False  # it says that it did not take it
            raise
    return refused


async def _name_sender(client: aiosmtplib.SMTP, sender: Mailbox, *, utf8: bool) -> None:
    options = ["SMTPUTF8"] if utf8 else []
    if utf8 and client.supports_extension("8bitmime"):
        options.append("BODY=8BITMIME")
    await client.mail(sender.address, options=options, encoding="utf-8")


async def _leave(client: aiosmtplib.SMTP) -> None:
    """A message that was taken is taken, however the farewell goes."""
    try:
        if client.is_connected:
            async with asyncio.timeout(1.0):
                await client.quit()
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        pass
    finally:
        client.close()


def own_name(address: object) -> str:
    """The full name of this machine; or, if it has none that servers take, its address."""
    name = socket.getfqdn()
    if "." in name and not name.endswith((".localdomain", ".arpa")):
        return name
    host = address[0] if isinstance(address, tuple) else "127.0.0.1"
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"
