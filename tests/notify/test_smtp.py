"""Handing a message over, step by step, to a server that breaks at any of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fakes.smtp import mail_server

from regwatch.core.model import Timestamp
from regwatch.notify.errors import DeliveryError, ReceiverUnavailableError
from regwatch.notify.memo import MemoryMemo
from regwatch.notify.receivers.email import EmailReceiver, EmailSettings
from regwatch.notify.smtp import (
    NOT_TAKEN_HERE,
    Letter,
    MailServer,
    Progress,
    Security,
    hand_over,
    own_name,
)
from regwatch.notify.trial import trial_notification
from regwatch.shapes.mailbox import mailbox

GOODS = {
    "greeting": b"220 mail.example.com\r\n",
    "EHLO": b"250-mail.example.com\r\n250 AUTH PLAIN\r\n",
    "AUTH": b"235 welcome\r\n",
    "MAIL": b"250 ok\r\n",
    "RCPT": b"250 ok\r\n",
    "DATA": b"354 go on\r\n",
    "text": b"250 taken\r\n",
    "QUIT": b"221 bye\r\n",
}
CLOSE = b""


@asynccontextmanager
async def scripted(step: str, reply: bytes | None) -> AsyncIterator[int]:
    """All goes well but for one step; without a reply it is never answered, and an empty one closes
    the connection.
    """
    replies: dict[str, bytes | None] = {**GOODS, step: reply}
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            step = "greeting"
            while True:
                answer = replies[step]
                if answer == CLOSE:
                    return
                if answer is not None:
                    writer.write(answer)
                if step == "DATA" and answer == GOODS["DATA"]:
                    await reader.readuntil(b"\r\n.\r\n")
                    step = "text"
                else:
                    step = (await reader.readuntil(b"\r\n"))[:4].decode().strip()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            done.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await done.wait()


async def error_of(port: int) -> DeliveryError | None:
    settings = EmailSettings(
        host="127.0.0.1",
        port=port,
        security=Security.NONE,
        sender="regwatch@example.com",
        to=("noc@example.com",),
        username="noc",
        password="s3cret",
        timeout_seconds=0.5,
    )
    receiver = EmailReceiver("mail", settings, MemoryMemo(), clock=lambda: Timestamp(0.0))
    try:
        await receiver.deliver(trial_notification("mail", Timestamp(0.0)))
    except DeliveryError as error:
        return error
    return None


@pytest.mark.parametrize("step", [*GOODS][:-1])
@pytest.mark.parametrize(
    ("reply", "is_retryable"),
    [(None, True), (CLOSE, True), (b"450 later\r\n", True), (b"550 no\r\n", False)],
    ids=["no answer", "closed", "later", "no"],
)
async def test_at_each_step_it_is_known_whether_it_may_have_arrived(
    step: str, reply: bytes | None, is_retryable: bool
) -> None:
    async with scripted(step, reply) as port:
        error = await error_of(port)
    assert error is not None
    # Before an answer to its text comes, or to the word before, it cannot be known.
    is_unsure = step in ("DATA", "text") and reply in (None, CLOSE)
    assert error.retryable is is_retryable
    assert error.may_have_arrived is is_unsure


async def test_who_refuses_the_farewell_has_taken_it_all_the_same() -> None:
    async with scripted("QUIT", b"550 no\r\n") as port:
        assert await error_of(port) is None


async def test_a_refused_text_may_pass_in_another_form() -> None:
    async with scripted("text", b"552 too large\r\n") as port:
        error = await error_of(port)
    assert error is not None
    assert error.is_about_message


@pytest.mark.parametrize("is_offered", [True, False])
async def test_an_address_that_is_not_ascii_needs_a_server_that_takes_it(is_offered: bool) -> None:
    people = [mailbox("анна@example.com"), mailbox("noc@bērziņš.example")]
    texts: list[tuple[list[str], bool]] = []

    def text(able: object, utf8: bool) -> bytes:
        texts.append(([each.address for each in able], utf8))  # type: ignore[attr-defined]
        return b"Subject: x\r\n\r\nx\r\n"

    letter = Letter(mailbox("regwatch@example.com"), people, text)
    async with mail_server() as server:
        server.is_modern = is_offered
        at = MailServer("127.0.0.1", server.port, Security.NONE)
        refused = await hand_over(letter, at, None, Progress())
    german = "noc@xn--brzi-bva32apg.example"
    if is_offered:
        assert (refused, texts) == ({}, [(["анна@example.com", german], True)])
    else:
        assert (refused, texts) == ({people[0]: NOT_TAKEN_HERE}, [([german], False)])


async def test_who_is_refused_for_now_gets_it_later_and_nobody_twice() -> None:
    """A grey list, for one."""
    async with mail_server() as server:
        server.refused["new@example.com"] = "451 4.7.1 Greylisted, try again in 300 seconds"
        settings = EmailSettings(
            host="127.0.0.1", port=server.port, security=Security.NONE,
            sender="regwatch@example.com", to=("new@example.com", "noc@example.com"),
        )  # fmt: skip
        receiver = EmailReceiver("mail", settings, MemoryMemo(), clock=lambda: Timestamp(0.0))
        note = trial_notification("mail", Timestamp(0.0))
        with pytest.raises(ReceiverUnavailableError, match=r"new@example\.com: 451"):
            await receiver.deliver(note)
        server.refused.clear()
        await receiver.deliver(note)
    assert [to for to, _ in server.taken] == [["noc@example.com"], ["new@example.com"]]
    first, second = server.raw
    assert first == second, "the same message"


def test_without_a_full_name_the_address_says_who_greets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, expected in {
        "monitor.example.com": "monitor.example.com",
        "vm": "[192.0.2.7]",
        "localhost.localdomain": "[192.0.2.7]",
        "1.0.0.127.in-addr.arpa": "[192.0.2.7]",
    }.items():
        monkeypatch.setattr("socket.getfqdn", lambda name=name: name)
        assert own_name(("192.0.2.7", 4711)) == expected
    assert own_name(("2001:db8::1", 4711, 0, 0)) == "[IPv6:2001:db8::1]"
