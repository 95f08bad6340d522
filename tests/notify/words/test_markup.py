"""Escaping, cutting, what turns the reading, what many lines have in common."""

import pytest
from fakes.notifications import NEW, all_new, lost, mixed, notification, phones_lost
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch.notify.receivers import discord, mattermost, slack, telegram
from regwatch.notify.words.markup import (
    ESCAPED_LIMIT,
    PLAIN,
    body,
    cut_escaped,
    cut_to,
    escape_markdown,
    fitted,
    isolated,
    markdown_link,
    shared_details,
    tidy,
    utf16_length,
)
from regwatch.notify.words.wording import sections

MARKUPS = {
    "slack": slack.MRKDWN,
    "mattermost": mattermost.MARKDOWN,
    "telegram": telegram.HTML,
    "discord": discord.MARKDOWN,
    "plain": PLAIN,
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\n b\tc", "a b c"),
        ("\x00\x1b[31m", "[31m"),
        ("\u202eevil\u2066", "evil"),
        ("half \ud800", "half ?"),
        ("שלום", "שלום"),
    ],
)
def test_tidy(text, shown):
    assert tidy(text) == shown


def test_text_from_right_to_left_is_shut_in():
    assert isolated("שלום 1") == "\u2068שלום 1\u2069"
    assert isolated("مرحبا") == "\u2068مرحبا\u2069"
    assert isolated("Petrov 1") == "Petrov 1"


@pytest.mark.parametrize(
    ("text", "limit", "size", "result"),
    [
        ("abcdef", 6, len, "abcdef"),
        ("abcdefg", 6, len, "abcde…"),
        ("abc  defg", 6, len, "abc…"),
        ("🔥🔥🔥", 4, utf16_length, "🔥…"),
        ("ab", 1, len, "…"),
    ],
)
def test_cut_to(text, limit, size, result):
    assert cut_to(text, limit, size) == result


@settings(deadline=None)
@given(st.text(max_size=80), st.integers(1, 40), st.sampled_from([len, utf16_length]))
def test_what_is_cut_fits_and_nothing_is_cut_needlessly(text, limit, size):
    text = text.encode("utf-8", errors="replace").decode()
    cut = cut_to(text, limit, size)
    assert size(cut) <= limit
    assert (cut == text) == (size(text) <= limit)


@settings(deadline=None)
@given(st.text(max_size=80), st.integers(12, 100), st.sampled_from(sorted(MARKUPS)))
def test_what_is_cut_before_escaping_fits_and_stays_whole(text, limit, kind):
    escape = MARKUPS[kind].escape
    escaped = cut_escaped(text, limit, escape)
    assert len(escaped) <= limit
    assert any(
        escaped == escape(text[:kept].rstrip() + "…" if kept < len(text) else text)
        for kept in range(len(text) + 1)
    )


@settings(deadline=None)
@given(st.text(max_size=3000), st.sampled_from(sorted(MARKUPS)))
def test_a_field_is_one_short_line(text, kind):
    field = MARKUPS[kind].field(text)
    assert "\n" not in field
    assert len(field) <= ESCAPED_LIMIT + 2


def test_markdown():
    assert escape_markdown(r"a\b*c*_d_[e](f)`g`~h~|i|<@1>") == (
        r"a\\b\*c\*\_d\_\[e\](f)\`g\`\~h\~\|i\|\<@1\>"
    )
    assert markdown_link("t", "https://h/(a) b") == "[t](https://h/%28a%29%20b)"


def test_what_all_lines_share_is_said_once():
    (section,) = sections(phones_lost(3), max_lines=30)
    assert shared_details(section) == section.lines[0].details
    text = body([section], PLAIN, "")
    assert text.count("Yealink") == 1
    assert text.split("\n")[1].startswith("each listed: Yealink SIP-T46G")


def test_of_few_lines_nothing_is_taken_out():
    (section,) = sections(phones_lost(2), max_lines=30)
    assert shared_details(section) == ()


def test_what_differs_stays_with_its_line():
    other = lost(103)
    other = replace(other, facts=replace(other.facts, device="Snom D785"))
    (section,) = sections(all_new([lost(101), lost(102), other]), max_lines=30)
    assert shared_details(section) == section.lines[0].details[1:]
    text = body([section], PLAIN, "")
    assert "    Snom D785\n" in text + "\n"
    assert text.count("lease ran out") == 1


def test_without_room_for_lines_the_numbers_are_told():
    text = fitted(mixed(), lambda parts: body(parts, PLAIN, ""), lambda text: len(text) < 10)
    assert text.split("\n") == [
        "New (3)",
        "… and 3 more new, not listed here",
        "Still (2)",
        "… and 2 more still, not listed here",
        "Resolved (1)",
        "… and 1 more resolved, not listed here",
    ]


def test_a_link_too_long_is_left_out():
    parts = sections(notification((NEW, lost())), max_lines=1)
    assert "<https://h/incidents" in body(parts, slack.MRKDWN, "https://h")
    assert "https" not in body(parts, slack.MRKDWN, "https://h/" + "x" * 500)
