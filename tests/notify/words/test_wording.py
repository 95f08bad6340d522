"""What is said, apart from markup."""

import pytest
from fakes.notifications import (
    NEW,
    NOW,
    RESOLVED,
    STILL,
    api_unavailable,
    lost,
    mixed,
    notification,
    resolved,
)
from msgspec.structs import replace

from regwatch.core.model import AlertName, FailureReason, ItemStatus, Toll
from regwatch.notify.trial import trial_notification
from regwatch.notify.words.wording import (
    REASONS,
    TITLES,
    counts,
    left_out_note,
    line,
    sections,
    truncate,
    who,
)


def test_every_alert_and_every_failure_has_words():
    assert TITLES.keys() == set(AlertName)
    assert set(FailureReason) <= REASONS.keys()


def test_counts():
    assert counts(mixed()) == "3 new, 2 still, 1 resolved"


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


def test_an_outage_that_has_grown_says_by_how_much():
    told = line(replace(lost(), toll=Toll(39, 40)), 5, now=NOW)
    assert told.details[0] == "grown: 39 of 40, was 5"
    assert line(replace(lost(), toll=Toll(9)), 3, now=NOW).details[0] == "grown: 9, was 3"
