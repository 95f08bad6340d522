"""In which words a person is told of a place."""

from fakes.values import ACME, at
from msgspec.structs import replace

from regwatch.core.alerts.place_conditions import (
    back,
    evidence_words,
    not_the_place,
    reasons,
    site_lost,
)
from regwatch.core.phones.outages import Evidence, OutagePolicy

FOUND = Evidence(
    began_at=at(120), latest_at=at(250), members=8, heard=1, not_due=31, votes_for=7.5,
    votes_against=0.5,
)  # fmt: skip


def test_it_says_how_many_of_how_many_since_when_and_what_of_the_others() -> None:
    assert evidence_words("203.0.113.2", FOUND, site="") == (
        "8 of 40 phones behind 203.0.113.2 silent since 08:02–08:04 UTC, 1 heard since, "
        "31 not due yet"
    )
    at_once = replace(FOUND, latest_at=at(130))
    assert "8 of 40 phones at riga silent since 08:02 UTC, " in evidence_words(
        "riga", at_once, site="riga"
    )


def test_of_a_large_place_it_says_that_some_were_compared() -> None:
    assert evidence_words("riga", replace(FOUND, of=90_000), site="riga").startswith(
        "8 of 40 that were compared of the 90000 phones at riga silent since "
    )
    assert "compared" not in evidence_words("riga", replace(FOUND, of=40), site="riga")


def test_the_condition_says_share_cause_and_what_becomes_of_the_single_ones() -> None:
    told = site_lost(ACME, "203.0.113.2", FOUND, site="", cause="the line", detected=at(300))
    assert told.since == at(120)
    assert told.facts.place == "203.0.113.2"
    assert (
        "Of 9 phones that should have been heard since it began 89 % were not." in told.explanation
    )
    assert "have in common: the line." in told.explanation
    assert "everything" not in (told.summary + told.explanation).lower()
    named = site_lost(ACME, "riga", FOUND, site="riga", cause="the line", detected=at(300))
    assert (named.facts.site, named.facts.place, named.subject) == ("riga", "", "site:riga")


def test_the_rule_that_was_met_is_said() -> None:
    policy = OutagePolicy()
    assert reasons(FOUND, policy) == (
        "at least 3 silent, 50 % or more of those that say something, 7.0 votes ahead of 6 wanted"
    )
    most = replace(FOUND, not_due=2)
    assert reasons(most, policy) == "at least 3 silent, 50 % or more of all its phones"


def test_it_is_back_with_the_names_of_some() -> None:
    found = replace(FOUND, members=1, returned=7)
    names = ["101 (Anna)", "102", "103", "104", "105"]
    assert back(found, came_back=names, still_out=["110"]) == (
        "the place is back: 7 (101 (Anna), 102, 103, 104, 105, …) heard again; "
        "still silent: 1 (110)"
    )
    assert back(replace(FOUND, members=0, returned=1), came_back=["101"], still_out=[]) == (
        "the place is back: 1 (101) heard again, nobody is silent any more"
    )


def test_it_was_not_the_place() -> None:
    assert not_the_place(replace(FOUND, members=2, heard=9), still_out=["101", "102"]) == (
        "it was not the place: 9 others there were heard since, and who is silent still is told "
        "alone: 2 (101, 102)"
    )
    assert not_the_place(replace(FOUND, members=0), still_out=[]) == (
        "nobody of those that were silent is a phone of the place any more"
    )
    assert not_the_place(FOUND, still_out=[]).endswith("is told alone: 8")
