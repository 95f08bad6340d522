"""E-mail, sent to a real mail server."""

import asyncio
import os
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme
from fakes.notifications import (
    MESSAGES,
    NEW,
    NOW,
    RESOLVED,
    STILL,
    lost,
    mixed,
    notification,
    resolved,
)
from fakes.smtp import PASSWORD, USER, MailServer, certificates, mail_server
from msgspec.structs import replace

from regwatch.core.model import NotifyReason
from regwatch.notify.errors import DeliveryError, ReceiverRefusedError, ReceiverUnavailableError
from regwatch.notify.memo import MemoryMemo
from regwatch.notify.receivers.email import EmailReceiver, EmailSettings, Security
from regwatch.notify.trial import trial_notification
from regwatch.notify.words.template_context import NAMES
from regwatch.notify.words.templates import OwnWords, Template

GOLDEN = Path(__file__).parent / "golden"
SENDER = "regwatch <regwatch@example.com>"
NOTES = {**MESSAGES, "test": trial_notification("chat", NOW)}


def settings(server: MailServer | int, **more) -> EmailSettings:
    port = server if isinstance(server, int) else server.port
    usual = {"sender": SENDER, "to": ("noc@example.com",), "security": Security.NONE}
    return EmailSettings(host="127.0.0.1", port=port, **{**usual, **more})


async def send(server: MailServer | int, *notes, memo=None, **more) -> None:
    chosen = settings(server, **more)
    receiver = EmailReceiver("mail", chosen, memo or MemoryMemo(), clock=lambda: NOW)
    for note in notes:
        await receiver.deliver(note)


async def sent(*notes, **more) -> list[EmailMessage]:
    async with mail_server() as server:
        await send(server, *notes, **more)
    return [message for _, message in server.taken]


def shown(message: EmailMessage) -> str:
    """The headers that matter, then both parts."""
    names = ("From", "To", "Subject", "Date", "Auto-Submitted", "Importance")
    headers = [f"{name}: {message[name]}" for name in names if name in message]
    parts = [message.get_body((kind,)).get_content() for kind in ("plain", "html")]
    return "\n".join([*headers, "", *parts]).replace("\r\n", "\n")


@pytest.mark.parametrize("name", NOTES)
async def test_each_message_reads_as_its_golden_file(name):
    url = "https://regwatch.example" if name == "mixed" else ""
    (message,) = await sent(NOTES[name], external_url=url)
    text = shown(message).rstrip("\n") + "\n"
    golden = GOLDEN / f"email_{name}.txt"
    if os.environ.get("REGWATCH_WRITE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


async def test_a_quoted_name_with_a_comma_is_one_person():
    async with mail_server() as server:
        people = ('"Doe, Jane; ops" <jane@example.com>', "bob@example.com")
        await send(server, FIRST, to=people, sender='"regwatch, acme" <regwatch@example.com>')
    ((recipients, message),) = server.taken
    assert recipients == ["jane@example.com", "bob@example.com"]
    assert server.senders == ["regwatch@example.com"]
    shown = [(each.display_name, each.addr_spec) for each in message["To"].addresses]
    assert shown == [("Doe, Jane; ops", "jane@example.com"), ("", "bob@example.com")]


# --- threads ------------------------------------------------------------


def note(number: int, reason: NotifyReason, *items, group: str = "g"):
    made = notification(*(items or ((NEW, lost()),)), number=number, reason=reason)
    return replace(made, group_key=group)


FIRST = note(1, NotifyReason.FIRST_SEEN)
REMINDER = note(2, NotifyReason.REPEAT_DUE, (STILL, lost()))
OVER = note(3, NotifyReason.ALL_RESOLVED, (RESOLVED, resolved(lost())))
AGAIN = note(4, NotifyReason.FIRST_SEEN)


def threads(messages: list[EmailMessage]) -> list[str]:
    """What each message answers to: the first of its thread."""
    for each in messages:
        assert each["In-Reply-To"] == each["References"]
    return [str(each["References"] or each["Message-ID"]) for each in messages]


async def test_a_groups_messages_make_one_thread_and_the_next_outage_another():
    first, reminder, over, again = threads(await sent(FIRST, REMINDER, OVER, AGAIN))
    assert first == reminder == over
    assert again != first


async def test_after_the_end_a_message_for_whatever_reason_begins_a_thread():
    first, over, later = threads(await sent(FIRST, OVER, REMINDER))
    assert first == over != later


async def test_groups_have_threads_of_their_own():
    other = note(5, NotifyReason.FIRST_SEEN, group="other")
    assert len(set(threads(await sent(FIRST, other, REMINDER)))) == 2


async def test_the_thread_goes_on_after_a_restart_and_a_retry_has_the_same_id():
    memo = MemoryMemo()
    async with mail_server() as server:
        server.data_replies = ["451 later"]
        with pytest.raises(ReceiverUnavailableError):
            await send(server, FIRST, memo=memo)
        for each in (FIRST, REMINDER, REMINDER):
            await send(server, each, memo=memo)
    messages = [message for _, message in server.taken]
    assert len(set(threads(messages))) == 1
    assert messages[1]["Message-ID"] == messages[2]["Message-ID"]
    assert messages[0]["Message-ID"].endswith("@example.com>")


# --- the connection ------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


ACCOUNT = {"username": USER, "password": PASSWORD}


async def test_starttls_and_a_password(authority, ca_file):
    async with mail_server(starttls=certificates(authority), auth=True) as server:
        await send(server, mixed(), security=Security.STARTTLS, ca_file=ca_file, **ACCOUNT)
    assert server.encrypted == [True]
    assert server.senders == ["regwatch@example.com"]


async def test_tls_from_the_first_byte(authority, ca_file):
    async with mail_server(tls=certificates(authority), auth=True) as server:
        chosen = {"security": Security.TLS, "ca_file": ca_file, **ACCOUNT}
        await send(server, FIRST, REMINDER, **chosen)
    assert server.encrypted == [True, True]


async def test_without_encryption_only_where_it_is_said():
    async with mail_server() as server:
        await send(server, mixed())
    assert server.encrypted == [False]


async def test_a_server_without_starttls_gets_nothing():
    async with mail_server() as server:
        with pytest.raises(ReceiverUnavailableError, match="STARTTLS"):
            await send(server, mixed(), security=Security.STARTTLS)
    assert server.senders == []


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_certificate_of_a_stranger_is_not_believed(authority, security):
    certificate = certificates(authority)
    tls = {"starttls" if security is Security.STARTTLS else "tls": certificate}
    async with mail_server(**tls) as server:
        with pytest.raises(ReceiverUnavailableError):
            await send(server, mixed(), security=security)
    assert server.taken == []


async def test_an_authority_that_cannot_be_read_is_said():
    with pytest.raises(ReceiverUnavailableError, match="FileNotFoundError"):
        await send(1, mixed(), security=Security.TLS, ca_file=Path("/nowhere/ca.pem"))


async def test_a_wrong_password_is_refused_and_not_shown():
    async with mail_server(auth=True) as server:
        with pytest.raises(ReceiverRefusedError, match="535") as caught:
            await send(server, mixed(), username=USER, password="another-s3cret")
    assert "another-s3cret" not in str(caught.value)
    assert PASSWORD not in repr(settings(1, **ACCOUNT))


@pytest.mark.parametrize("encoded", range(3))
async def test_a_server_that_repeats_the_password_is_not_quoted(encoded):
    secret = settings(1, **ACCOUNT).secrets[encoded]
    async with mail_server(auth=True) as server:
        server.data_replies = [f"554 you said {secret}"]
        with pytest.raises(ReceiverRefusedError, match="554 you said \\*\\*\\*") as caught:
            await send(server, mixed(), **ACCOUNT)
    assert secret not in f"{caught.value!r} {caught.value.message}"


async def test_nobody_listening_is_retryable(unused_tcp_port):
    with pytest.raises(ReceiverUnavailableError):
        await send(unused_tcp_port, mixed())


@pytest.mark.looptime
async def test_a_server_that_hangs_is_left_after_the_timeout():
    loop = asyncio.get_running_loop()
    before = loop.time()
    async with mail_server() as server:
        server.hangs = True
        with pytest.raises(ReceiverUnavailableError, match="no answer in time"):
            await send(server, mixed(), timeout_seconds=7)
    assert 7 <= loop.time() - before < 30


# --- replies ------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "retryable"),
    [
        ("421 closing", True),
        ("450 mailbox busy", True),
        ("451 error in processing", True),
        ("452 out of storage", True),
        ("500 what?", False),
        ("550 no such user", False),
        ("552 too much mail", False),
        ("554 rejected as spam", False),
    ],
)
@pytest.mark.parametrize("stage", ["sender", "recipient", "data"])
async def test_later_is_told_from_no(stage, reply, retryable):
    async with mail_server() as server:
        if stage == "data":
            server.data_replies = [reply]
        else:
            who = "regwatch@example.com" if stage == "sender" else "noc@example.com"
            server.refused[who] = reply
        with pytest.raises(DeliveryError, match=reply[:3]) as caught:
            await send(server, mixed())
    assert caught.value.retryable is retryable


PEOPLE = ("Ops <ops@example.com>", "noc@example.com", "boss@example.com")


@pytest.mark.parametrize("stage", ["sender", "recipient", "data"])
@pytest.mark.parametrize("code", ["451", "554"])
async def test_of_a_reply_that_is_no_utf_8_only_text_is_left(stage, code):
    reply = f"{code} gel\udcf6scht"
    async with mail_server() as server:
        if stage == "data":
            server.data_replies = [reply]
        else:
            server.refused["regwatch@example.com" if stage == "sender" else "noc@example.com"] = (
                reply
            )
        with pytest.raises(DeliveryError, match=f"{code} gel.scht") as caught:
            await send(server, mixed())
    assert caught.value.message.encode()


async def test_who_was_refused_for_now_is_tried_again_and_nobody_else():
    async with mail_server() as server:
        chosen = settings(server, to=PEOPLE)
        receiver = EmailReceiver("mail", chosen, MemoryMemo(), clock=lambda: NOW)
        server.refused["noc@example.com"] = "450 greylisted"
        with pytest.raises(ReceiverUnavailableError, match=r"noc@example\.com: 450 greylisted"):
            await receiver.deliver(FIRST)
        server.refused.clear()
        await receiver.deliver(FIRST)
        await receiver.deliver(REMINDER)
    assert [recipients for recipients, _ in server.taken] == [
        ["ops@example.com", "boss@example.com"],
        ["noc@example.com"],
        ["ops@example.com", "noc@example.com", "boss@example.com"],
    ]


async def test_who_was_refused_for_good_is_reported_and_the_others_have_it():
    async with mail_server() as server:
        server.refused = {"noc@example.com": "550 no such user"}
        with pytest.raises(ReceiverRefusedError, match=r"noc@example\.com: 550 no such user"):
            await send(server, FIRST, to=PEOPLE)
    ((recipients, _),) = server.taken
    assert recipients == ["ops@example.com", "boss@example.com"]


async def test_some_for_good_and_some_for_now_is_retryable():
    async with mail_server() as server:
        server.refused = {"noc@example.com": "550 no", "boss@example.com": "450 later"}
        with pytest.raises(ReceiverUnavailableError):
            await send(server, FIRST, to=PEOPLE)


async def test_an_address_with_a_line_break_is_refused():
    async with mail_server() as server:
        with pytest.raises(ReceiverRefusedError):
            await send(server, FIRST, to=("a@example.com\r\nRCPT TO:<b@example.com>",))
    assert server.taken == []


async def test_what_everybody_has_is_not_sent_again():
    async with mail_server() as server:
        await send(server, FIRST, FIRST)
    assert len(server.taken) == 1


# --- words of one's own ------------------------------------------------------------


async def test_a_template_makes_the_subject_and_a_text_without_html():
    own = OwnWords(
        Template("{{ severity }}: {{ title }}", known=NAMES),
        Template("{% for a in alerts %}\n- {{ a.words.who }}\n{% endfor %}", known=NAMES),
    )
    (message,) = await sent(notification((NEW, lost(label="A & <B>"))), own=own)
    assert message["Subject"].startswith("critical: CRITICAL 101 lost at riga (A & <B>)")
    assert message.get_content().strip() == "- 101 (A & <B>)"
    assert not message.is_multipart()


async def test_a_template_that_fails_is_told_in_the_usual_message():
    own = OwnWords(body=Template("{{ alerts[7].words }}", known=NAMES))
    (message,) = await sent(mixed(), own=own)
    for kind in ("plain", "html"):
        assert "The template failed, line 1" in message.get_body((kind,)).get_content()
