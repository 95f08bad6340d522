"""What a receiver answers may be any bytes: it is stored all the same, and said."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.notifications import NOW, all_new, lost
from fakes.patience import PATIENCE
from fakes.smtp import MailServer, mail_server
from msgspec.structs import replace

from regwatch.core.model import IncidentId, Instant
from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt
from regwatch.notify.delivery.outbox import Outbox
from regwatch.notify.receivers.email import EmailReceiver, EmailSettings, Security
from regwatch.store import Store

LATIN_1 = "550 5.7.1 gel\udcf6scht"
"""As a server says it that knows of no UTF-8."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/regwatch.db")
    yield opened
    await opened.close()


def mail(server: MailServer, store: Store) -> EmailReceiver:
    settings = EmailSettings(
        "127.0.0.1", "regwatch@example.com", ("noc@example.com",), server.port, Security.NONE
    )
    return EmailReceiver("mail", settings, store.memos, clock=lambda: NOW)


def message(number: int):
    incident = replace(lost(number), id=IncidentId(f"i-{number}"))
    note = all_new([incident], number=number, receiver="mail")
    return replace(note, group_key=f"g-{number}")


@pytest.mark.parametrize("reply", [LATIN_1, LATIN_1.replace("550", "451", 1)])
async def test_a_reply_that_is_no_utf_8_stops_no_receiver(store: Store, reply: str) -> None:
    heard: asyncio.Queue[DeliveryAttempt] = asyncio.Queue()
    async with mail_server() as server:
        server.data_replies = [reply, reply]  # to the message, and to its minimal form
        await store.outbox.enqueue(message(1), [])
        outbox = Outbox(
            [mail(server, store)],
            store.outbox,
            clock=lambda: NOW,
            steady=lambda: Instant(NOW),
            listeners=[heard.put_nowait],
        )
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            running = group.create_task(outbox.run())
            first = await heard.get()
            running.cancel()
        (entry,) = await store.outbox.pending("mail", limit=9)
    assert first.outcome is (Delivery.REFUSED if reply is LATIN_1 else Delivery.RETRIED)
    assert first.error is not None
    assert "gel?scht" in first.error
    assert entry.attempts == 1
