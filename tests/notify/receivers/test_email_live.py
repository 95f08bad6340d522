"""E-mail through a real Postfix, under the rules that companies' relays have."""

import asyncio
from typing import Any

import pytest
from fakes.notifications import NOW, lost
from fakes.notifications import all_new as message
from fakes.patience import PATIENCE
from fakes.postfix import postfix
from fakes.smtp import PASSWORD, USER, MailServer, mail_server

from regwatch.notify.errors import DeliveryError
from regwatch.notify.memo import MemoryMemo
from regwatch.notify.receivers.email import EmailReceiver, EmailSettings
from regwatch.notify.smtp import Security

pytestmark = pytest.mark.needs_debian

LOGIN = {"username": f"{USER}@example.com", "password": PASSWORD}
NOTE = message([lost(label="Ķīpsala")])


async def send(port: int, **more: Any) -> str:
    """Why it was not taken; empty: it was."""
    usual = {"sender": "regwatch <regwatch@example.com>", "to": ("noc@example.com",)}
    settings = EmailSettings(host="127.0.0.1", port=port, **{**usual, **more})
    receiver = EmailReceiver("mail", settings, MemoryMemo(), clock=lambda: NOW)
    try:
        await receiver.deliver(NOTE)
    except DeliveryError as error:
        return error.message
    return ""


async def arrived(sink: MailServer, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(sink.raw) < count:
            await asyncio.sleep(0.05)


async def test_what_a_relay_asks_for_and_what_comes_through() -> None:
    async with mail_server() as direct:
        assert await send(direct.port, security=Security.NONE) == ""
    async with mail_server() as sink, postfix(sink=sink.port) as relay:
        tls = {"ca_file": relay.ca_file}
        starttls = {**tls, "security": Security.STARTTLS}
        wrapped = {**tls, "security": Security.TLS}
        elsewhere = {"to": ("noc@elsewhere.example",)}
        plain = {"security": Security.NONE}

        assert await send(relay.submission, **starttls, **LOGIN, **elsewhere) == ""
        assert await send(relay.smtps, **wrapped, **LOGIN, **elsewhere) == ""
        assert await send(relay.plain, **plain) == ""
        wrong = {**LOGIN, "password": "wrong"}
        assert "535" in await send(relay.submission, **starttls, **wrong)
        assert "wrong" not in await send(relay.submission, **starttls, **wrong)
        assert "Relay access denied" in await send(relay.plain, **plain, **elsewhere)
        assert "STARTTLS" in await send(relay.submission, **plain)
        untrusted = await send(relay.submission, security=Security.STARTTLS)
        assert "certificate verify failed" in untrusted
        assert "need fully-qualified hostname" in await send(relay.plain, **plain, helo="vm")
        assert await send(relay.plain, **plain, helo="monitor.example.com") == ""
        several = {"to": ("noc@example.com", "nobody@elsewhere.example")}
        partly = await send(relay.plain, **plain, **several)
        assert "nobody@elsewhere.example: 554" in partly
        await arrived(sink, 5)

        # A signature (DKIM) made over what was handed over is valid still: nothing was recoded.
        passed = {raw[raw.index(b"From: ") :] for raw in sink.raw[:1]}
        assert passed == {direct.raw[0].replace(b"noc@example.com", b"noc@elsewhere.example")}
