"""What is said, apart from markup."""

import pytest
from fakes.notifications import (
    NEW,
    NOW,
    RESOLVED,
    STILL,
    all_new,
    api_unavailable,
    lost,
    mixed,
    notification,
    phones_lost,
    resolved,
)
from msgspec.structs import replace

from regwatch.core.model import AccountName, AlertName, Facts, FailureReason, ItemStatus
from regwatch.notify.trial import trial_notification
from regwatch.notify.words.wording import (
    REASONS,
    TITLES,
    counts,
    headline,
    left_out_note,
    line,
    sections,
    truncate,
    who,
)


def test_every_alert_and_every_failure_has_words():
    assert TITLES.keys() == set(AlertName)
    assert set(FailureReason) <= REASONS.keys()


def elsewhere(incident, account):
    return replace(
        incident,
        account=AccountName(account),
        facts=replace(incident.facts, account=AccountName(account), site=""),
    )


@pytest.mark.parametrize(
    ("note", "first_line"),
    [
        (
            phones_lost(500),
            "500 new, since 03:12:00 UTC: 500 extensions lost at riga",
        ),
        (
            all_new([elsewhere(lost(1), "acme"), elsewhere(lost(2), "acme")]),
            "2 new, since 03:12:00 UTC: 2 extensions lost at account acme",
        ),
        (
            notification((RESOLVED, resolved(lost(1))), (RESOLVED, resolved(lost(2), after=60))),
            "2 resolved, after up to 2 h 5 min: 2 extensions lost at riga",
        ),
        (
            notification((RESOLVED, elsewhere(resolved(lost(1)), "acme"))),
            "1 resolved, after 2 h 5 min: extension lost, 1 (Reception)",
        ),
        (
            notification((NEW, replace(lost(1), summary=""))),
            "1 new, since 03:12:00 UTC: extension lost, 1 (Reception)",
        ),
        (
            notification(
                (STILL, lost(1, site="a")), (STILL, lost(2, site="b")), (STILL, lost(3, site="b")),
                (STILL, lost(4, site="c")),
            ),
            "4 still, since 03:12:00 UTC: 4 extensions lost at 3 places, most at b",
        ),
        (notification(), "Nothing to report"),
        (trial_notification("x", NOW), "TEST: regwatch can reach you"),
        (trial_notification("x", NOW, resolves=True), "TEST: this test is over"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_first_lines(note, first_line):
    assert headline(note) == first_line


def test_counts():
    assert counts(mixed()) == "3 new · 2 still · 1 resolved"


@pytest.mark.parametrize(
    ("new", "still", "over", "room", "shares"),
    [
        (50, 4, 50, 30, [13, 4, 13]),
        (500, 0, 0, 30, [30, 0, 0]),
        (1, 1, 1, 30, [1, 1, 1]),
        (2, 0, 500, 30, [2, 0, 28]),
    ],
)
def test_none_crowds_out_the_others(new, still, over, room, shares):
    items = [(NEW, lost(n)) for n in range(new)] + [(STILL, lost(n)) for n in range(still)]
    items += [(RESOLVED, resolved(lost(n))) for n in range(over)]
    found = {section.status: section for section in sections(notification(*items), max_lines=room)}
    shown = [len(found[status].lines) if status in found else 0 for status in ItemStatus]
    assert shown == shares
    for section, count in zip(found.values(), [c for c in (new, still, over) if c], strict=True):
        assert section.left_out == count - len(section.lines)
        assert bool(left_out_note(section)) == (section.left_out > 0)


def test_a_line_says_what_is_known_and_no_more():
    bare = lost(1, label="", site="")
    facts = replace(
        bare.facts, device="", real_address="", reason="odd_word", lease_ended=None, extension=""
    )
    told = line(replace(bare, facts=facts), now=NOW)
    assert (told.who, told.where, told.details) == ("id 1", "", ("odd word",))


def test_what_concerns_an_account_is_explained():
    told = line(api_unavailable(), now=NOW)
    assert told.who == "acme"
    assert told.details[0].startswith("While this lasts")


def test_an_extension_is_named_by_number_and_label():
    assert who(lost(101)) == "101 (Reception)"
    assert who(lost(101, label="")) == "101"


def test_a_text_that_is_cut_says_so():
    assert truncate("abcdef", 4) == "abc…"


def test_a_test_is_marked_everywhere():
    fires = trial_notification("hook", NOW, account="acme")
    over = trial_notification("hook", NOW, account="acme", resolves=True)
    incident, ended = fires.items[0].incident, over.items[0].incident
    assert incident.id == ended.id
    assert fires.id != over.id
    assert over.is_resolved
    assert incident.labels["regwatch_test"] == "true"
    assert incident.summary.startswith("TEST: ")
    assert line(incident, now=NOW).title == "test"


def about_a_place(address, number):
    facts = Facts(account=AccountName("acme"), place=address, reason="site_lost")
    alert, subject = AlertName.SITE_LOST, f"site:{address}"
    return replace(lost(number), alert=alert, subject=subject, facts=facts)


def about_a_receiver(name, number):
    facts = Facts(account=AccountName(""), receiver=name, reason="receiver_broken")
    alert, subject = AlertName.RECEIVER_BROKEN, f"receiver:{name}"
    return replace(lost(number), alert=alert, subject=subject, facts=facts)


def test_places_and_receivers_of_one_message_are_told_apart():
    places = all_new([about_a_place("203.0.113.2", 1), about_a_place("203.0.113.3", 2)])
    assert headline(places).endswith("2 sites lost at 203.0.113.2 and 203.0.113.3")
    assert [line(i.incident, now=NOW).where for i in places.items] == ["203.0.113.2", "203.0.113.3"]
    broken = all_new([about_a_receiver("chat", 1), about_a_receiver("pager", 2)])
    assert [who(i.incident) for i in broken.items] == ["receiver chat", "receiver pager"]
    over = notification((RESOLVED, resolved(about_a_place("203.0.113.2", 1))))
    assert headline(over).endswith("site lost, acme at 203.0.113.2")


def test_who_is_told_because_nobody_acknowledged_reads_so_in_the_first_line():
    said = replace(all_new([lost()]), unacknowledged_for=900.0)
    assert headline(said) == f"{headline(all_new([lost()]))} (not acknowledged for 15 min)"
    over = replace(notification((RESOLVED, resolved(lost()))), unacknowledged_for=900.0)
    assert "acknowledged" not in headline(over)
