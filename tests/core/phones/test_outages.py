"""The tables of the rule, row by row, and what a place is."""

import pytest
from fakes.values import at, registration
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.phones.outages import (
    VOTES_OF_A_MOMENT,
    Evidence,
    OutagePolicies,
    OutagePolicy,
    Verdict,
    judge,
    place_by_address,
    votes,
)

POLICY = OutagePolicy()


def evidence(
    members: int,
    heard: int = 0,
    not_due: int = 0,
    *,
    ahead: float = 0.0,
    unseen: int = 0,
    returned: int = 0,
    departed: int = 0,
) -> Evidence:
    return Evidence(
        began_at=at(0),
        latest_at=at(60),
        members=members,
        heard=heard,
        not_due=not_due,
        unseen=unseen,
        returned=returned,
        departed=departed,
        votes_for=ahead,
    )


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        pytest.param(evidence(2, ahead=9.0), Verdict.NOTHING, id="too few members"),
        pytest.param(evidence(3, unseen=3), Verdict.NOTHING, id="all may have said good-bye"),
        pytest.param(evidence(3, unseen=2), Verdict.OUT, id="beside one that is silent they count"),
        pytest.param(evidence(3, 4, ahead=9.0), Verdict.NOTHING, id="too many were heard"),
        pytest.param(evidence(3, 0, 3), Verdict.OUT, id="half of all its phones"),
        pytest.param(
            evidence(3, 3, 0), Verdict.OUT, id="half of those that say something, and of all"
        ),
        pytest.param(evidence(3, 3, 0, departed=1), Verdict.OUT, id="who left is no phone of it"),
        pytest.param(evidence(3, 0, 37), Verdict.VOTES_WANTING, id="votes are wanting"),
        pytest.param(evidence(3, 0, 37, ahead=5.9), Verdict.VOTES_WANTING, id="still wanting"),
        pytest.param(evidence(9, 0, 37, ahead=6.0), Verdict.OUT, id="six votes ahead"),
    ],
)
def test_a_place_is_judged_by_the_first_table(found: Evidence, verdict: Verdict) -> None:
    assert judge(found, POLICY) is verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        pytest.param(evidence(1, 1), Verdict.STILL, id="half of them are silent still"),
        pytest.param(evidence(1, 2), Verdict.NOT_THE_PLACE, id="others were heard"),
        pytest.param(evidence(1, 2, returned=1), Verdict.BACK, id="a member was heard again"),
        pytest.param(evidence(0, 2, returned=2), Verdict.BACK, id="all were heard again"),
        pytest.param(evidence(0), Verdict.NOT_THE_PLACE, id="nobody is there any more"),
    ],
)
def test_one_that_is_out_is_judged_by_the_second(found: Evidence, verdict: Verdict) -> None:
    assert judge(found, POLICY, is_out=True) is verdict


def test_a_vote_against_weighs_as_much_as_keeps_the_share_even() -> None:
    for share, fold in ((0.5, 1.0), (0.8, 4.0), (0.95, 19.0), (1.0, 19.0), (0.2, 0.25)):
        assert OutagePolicy(share=share).fold == pytest.approx(fold)
    found = Evidence(
        began_at=at(0), latest_at=at(0), members=9, heard=1, not_due=0, votes_for=9, votes_against=1
    )
    assert found.lead(OutagePolicy(share=0.8)) == pytest.approx(5.0)


def test_one_alone_has_one_vote_and_many_in_one_moment_share_two() -> None:
    assert votes(0, 0) == (0.0, 0.0)
    assert votes(1, 0) == (1.0, 0.0)
    assert votes(1, 1) == (1.0, 1.0)
    assert votes(8, 0) == (2.0, 0.0)
    assert votes(3, 1) == (1.5, 0.5)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_moment_has_no_more_than_two_votes(members: int, heard: int) -> None:
    assert sum(votes(members, heard)) <= VOTES_OF_A_MOMENT + 1e-9


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.floats(-20, 20))
def test_who_is_heard_besides_never_makes_a_place_out(
    members: int, heard: int, not_due: int, ahead: float
) -> None:
    one = judge(evidence(members, heard, not_due, ahead=ahead), POLICY)
    another = judge(evidence(members, heard + 1, not_due, ahead=ahead - POLICY.fold), POLICY)
    assert one is Verdict.OUT or another is not Verdict.OUT


def test_all_its_phones_are_those_that_were_not_silent_before() -> None:
    found = evidence(3, 4, 5, departed=2)
    assert (found.phones, found.share) == (10, pytest.approx(3 / 7))


def test_a_place_may_have_a_policy_of_its_own_or_be_left_alone() -> None:
    policies = OutagePolicies(POLICY, {"riga": OutagePolicy(at_least=9), "tallinn": None})
    assert policies.of("riga") == OutagePolicy(at_least=9)
    assert policies.of("tallinn") is None
    assert policies.of("203.0.113.7") == POLICY
    assert policies.is_on
    assert OutagePolicies(None, {"riga": POLICY}).is_on
    assert not OutagePolicies(None, {"riga": None}).is_on
    assert not OutagePolicies().is_on


@pytest.mark.parametrize(
    ("real", "place"),
    [
        ("sip:203.0.113.7:62338", "203.0.113.7"),
        ("sip:[::ffff:203.0.113.7]:62338", "203.0.113.7"),
        ("sip:[2001:db8:1:2:3:4:5:6]:5060", "2001:db8:1:2::/64"),
        ("sip:pbx.example.com", ""),
        ("", ""),
    ],
)
def test_without_a_site_the_public_address_is_the_place(real: str, place: str) -> None:
    assert place_by_address([registration(real=real)]) == place


def test_without_a_registration_there_is_no_place() -> None:
    assert place_by_address([]) == ""
