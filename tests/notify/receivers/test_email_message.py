"""An e-mail message, as whoever gets it reads it: its headers, its thread, what it leaves out."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from fakes.notifications import (
    NEW,
    NOW,
    RESOLVED,
    hostile,
    lost,
    mixed,
    notification,
    overdue,
    resolved,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.model import Notification
from regwatch.notify.receivers.email_message import (
    SUBJECT_LIMIT,
    Heading,
    as_html,
    as_text,
    build,
    message_id,
)
from regwatch.notify.words.composition import Composed, default
from regwatch.shapes.mailbox import mailbox

SENDER = mailbox("regwatch <regwatch@example.com>")
FIRST = notification((NEW, lost()))
OVER = notification((RESOLVED, resolved(lost())), number=2)
URL = "https://regwatch.example"


def heading(own_id: str = "<1@example.com>", root: str = "<1@example.com>") -> Heading:
    return Heading(SENDER, (mailbox("noc@example.com"),), at=NOW, own_id=own_id, root=root)


def read(message: EmailMessage) -> EmailMessage:
    """As it comes out of its bytes."""
    return message_from_bytes(message.as_bytes(), policy=SMTP)


def arrived(note: Notification, **more) -> EmailMessage:
    return read(build(default(note), heading(**more)))


def part(message: EmailMessage, kind: str) -> str:
    return message.get_body((kind,)).get_content()


def test_500_lost_phones_fit_and_it_is_said_how_many_are_left_out():
    message = arrived(notification(*((NEW, hostile(n)) for n in range(500))))
    for kind in ("plain", "html"):
        text = part(message, kind)
        assert "… and 300 more new, not listed here" in text
        assert text.count(": extension lost ") == 200
    assert len(message["Subject"]) <= SUBJECT_LIMIT
    assert message["To"] == "noc@example.com"


def test_a_label_cannot_add_headers_or_markup():
    label = "x\r\nBcc: all@example.com\r\n\r\n<script>"
    message = arrived(notification((NEW, lost(label=label))))
    assert message["Bcc"] is None
    assert "<script>" not in part(message, "html")


@settings(max_examples=25)
@given(st.text(max_size=80) | st.text("\r\n:<>B, ", max_size=20))
def test_no_label_adds_a_header_or_a_part(label):
    message, usual = arrived(notification((NEW, lost(label=label)))), arrived(FIRST)
    assert set(message.keys()) == set(usual.keys())
    assert len(message["Subject"]) <= SUBJECT_LIMIT
    assert [p.get_content_type() for p in message.walk()] == [
        p.get_content_type() for p in usual.walk()
    ]


def test_machines_do_not_answer_and_people_see_what_is_urgent():
    urgent, over = arrived(FIRST), arrived(OVER)
    assert urgent["Auto-Submitted"] == over["Auto-Submitted"] == "auto-generated"
    assert urgent["X-Auto-Response-Suppress"] == "All"
    assert (urgent["Importance"], over["Importance"]) == ("high", None)
    assert arrived(notification((NEW, overdue())))["Importance"] is None


def test_the_first_of_a_thread_answers_to_nothing_and_the_others_to_it():
    root = arrived(FIRST)
    assert (root["In-Reply-To"], root["References"]) == (None, None)
    later = arrived(OVER, own_id="<2@example.com>")
    assert later["Message-ID"] == "<2@example.com>"
    assert later["In-Reply-To"] == later["References"] == root["Message-ID"]


def test_an_id_is_the_same_at_each_retry_and_another_elsewhere():
    own = message_id(FIRST, "a", SENDER)
    assert own == message_id(FIRST, "a", SENDER)
    assert own.endswith("@example.com>")
    others = {
        message_id(FIRST, "b", SENDER),
        message_id(OVER, "a", SENDER),
        message_id(FIRST, "a", mailbox("regwatch@example.net")),
    }
    assert len(others - {own}) == 3


@pytest.mark.parametrize("url", ["", URL])
def test_the_text_ends_with_the_address_of_the_pages_if_there_is_one(url):
    text = as_text(default(FIRST), url)
    assert text.startswith(f"{default(FIRST).title}\n\n")
    page = f"{URL}/incidents/{FIRST.items[0].incident.id}"
    assert text.endswith(f"\n{page}\n") is bool(url)


def test_words_of_ones_own_are_the_whole_text_and_have_no_html():
    message = read(build(Composed(mixed(), "mine", "all of it"), heading(), external_url=URL))
    assert message.get_content_type() == "text/plain"
    assert message.get_content().rstrip() == "all of it"
    assert message["Subject"] == "mine"


def test_a_note_is_in_both_parts():
    message = default(FIRST, note="The template failed & more")
    assert "The template failed & more" in as_text(message, "")
    assert "<i>The template failed &amp; more</i>" in as_html(message, "")
