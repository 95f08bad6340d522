"""The begin of an outage: each missed refresh is tried, by what all phones showed since."""

import pytest
from fakes.values import at
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import LONG_AGO, Timestamp
from regwatch.core.phones.outage_begins import Shown, Signs, Supposed, supposed
from regwatch.core.phones.outages import (
    MOMENT_SECONDS,
    Evidence,
    OutagePolicy,
    Verdict,
    judge,
    votes,
)

POLICY = OutagePolicy()


def silent(heard: float, missed: float, *, is_unseen: bool = False) -> Signs:
    return Signs(at(heard), at(missed), is_unseen)


def well(heard: float) -> Signs:
    return Signs(at(heard), None)


def shown(*signs: Signs, departed: tuple[float, ...] = (), since: float = LONG_AGO) -> Shown:
    return Shown(
        signs=signs,
        departed=[at(each) for each in departed],
        since=Timestamp(since),
        of=len(signs),
    )


def found(*signs: Signs, **others: tuple[float, ...]) -> Supposed:
    result = supposed(shown(*signs, **others), POLICY)  # type: ignore[arg-type]
    assert result is not None
    return result


def test_half_of_the_phones_that_missed_their_refresh_make_an_outage() -> None:
    result = found(silent(0, 100), silent(0, 110), silent(0, 130), well(50), well(60))
    assert result.verdict is Verdict.OUT
    evidence = result.evidence
    assert (evidence.began_at, evidence.latest_at) == (at(100), at(130))
    assert (evidence.members, evidence.heard, evidence.not_due) == (3, 0, 2)
    assert (evidence.votes_for, evidence.votes_against) == (3.0, 0.0)


def test_too_few_are_nothing() -> None:
    assert supposed(shown(silent(0, 100), silent(0, 110), well(50)), POLICY) is None


def test_who_was_heard_since_speaks_against_it() -> None:
    many = [well(200 + number) for number in range(4)]
    assert supposed(shown(*(silent(0, 100 + 20 * n) for n in range(3)), *many), POLICY) is None


def test_so_does_who_left_with_a_good_bye_since() -> None:
    three = [silent(0, 100 + 20 * n) for n in range(3)]
    assert supposed(shown(*three, well(50), departed=(200, 210, 220, 230)), POLICY) is None
    assert found(*three, well(50), departed=(90, 95, 80, 70)).verdict is Verdict.OUT


def test_one_silent_for_long_does_not_hide_an_outage_that_began_after_it() -> None:
    result = found(
        silent(-900, 0), *(silent(50, 200 + 20 * n) for n in range(3)), well(60), well(70)
    )
    assert result.verdict is Verdict.OUT
    assert (result.evidence.began_at, result.evidence.members) == (at(200), 3)
    assert result.evidence.phones == 5, "without who was silent before"


def test_who_was_heard_and_fell_silent_after_it_began_is_heard() -> None:
    three = [silent(0, 100 + 20 * n) for n in range(3)]
    result = found(*three, silent(150, 300))
    assert (result.evidence.members, result.evidence.heard) == (3, 1)
    assert result.evidence.began_at == at(100)


def test_of_all_begins_the_one_with_the_greatest_lead_has_most_members() -> None:
    twenty = [silent(0, 100 + 15 * number) for number in range(20)]
    result = found(*twenty, *(well(-50 - n) for n in range(30)))
    assert result.verdict is Verdict.OUT
    assert (result.evidence.began_at, result.evidence.members) == (at(100), 20)


def test_nothing_before_the_end_of_the_last_outage_is_a_begin() -> None:
    three = [silent(0, 100 + 20 * n) for n in range(3)]
    assert supposed(shown(*three, since=at(130)), POLICY) is None


def test_votes_are_wanting_where_all_fell_silent_in_step() -> None:
    eight = [silent(0, 100 + number / 2) for number in range(8)]
    result = found(*eight, *(well(50) for _ in range(32)))
    assert result.verdict is Verdict.VOTES_WANTING
    assert result.evidence.votes_for == pytest.approx(2.0)


def test_ends_that_nobody_saw_make_no_outage_for_themselves() -> None:
    unseen = [silent(0, 100 + 20 * n, is_unseen=True) for n in range(4)]
    assert supposed(shown(*unseen), POLICY) is None
    assert found(*unseen, silent(0, 150)).evidence.members == 5


SIGNS = st.lists(
    st.builds(
        lambda heard, after: Signs(at(heard), None if after is None else at(heard + after)),
        st.floats(0, 300),
        st.none() | st.floats(1, 300),
    ),
    max_size=25,
)


def by_hand(signs: list[Signs], began_at: Timestamp) -> Evidence:
    """The evidence, counted as the rule says it."""
    members = [s for s in signs if s.missed_at is not None and s.heard_at < began_at <= s.missed_at]
    heard = [s for s in signs if s.heard_at > began_at]
    before = [s for s in signs if s.missed_at is not None and s.missed_at < began_at]
    return Evidence(
        began_at=began_at,
        latest_at=began_at,
        members=len(members),
        heard=len(heard),
        not_due=len(signs) - len(members) - len(heard) - len(before),
    )


@given(SIGNS)
def test_it_counts_as_the_rule_says(signs: list[Signs]) -> None:
    result = supposed(shown(*signs), POLICY)
    if result is None:
        return
    evidence, expected = result.evidence, by_hand(signs, result.evidence.began_at)
    assert (evidence.members, evidence.heard) == (expected.members, expected.heard)
    assert evidence.not_due == expected.not_due
    assert evidence.votes_for <= evidence.members + 1e-6
    assert evidence.votes_against <= evidence.heard + 1e-6
    assert judge(evidence, POLICY) is result.verdict


@given(SIGNS, st.randoms(use_true_random=False))
def test_the_order_of_the_phones_decides_nothing(signs: list[Signs], random: object) -> None:
    one = supposed(shown(*signs), POLICY)
    random.shuffle(signs)  # type: ignore[attr-defined]
    other = supposed(shown(*signs), POLICY)
    assert (one is None) is (other is None)
    if one is not None and other is not None:
        assert one.verdict is other.verdict
        assert one.evidence.began_at == other.evidence.began_at
        assert one.evidence.votes_for == pytest.approx(other.evidence.votes_for)


@given(SIGNS, st.floats(-1e6, 1e6))
def test_what_the_clock_shows_decides_nothing(signs: list[Signs], by: float) -> None:
    def later(when: float) -> Timestamp:
        return Timestamp(round(when * 16) / 16 + round(by))

    first = [Signs(later(s.heard_at - by), None if s.missed_at is None else later(s.missed_at - by))
             for s in signs]  # fmt: skip
    moved = [
        Signs(
            Timestamp(s.heard_at + 4096.0),
            None if s.missed_at is None else Timestamp(s.missed_at + 4096.0),
        )
        for s in first
    ]
    one, other = supposed(shown(*first), POLICY), supposed(shown(*moved), POLICY)
    assert (one and one.verdict) == (other and other.verdict)
    if one is not None and other is not None:
        assert other.evidence.began_at == one.evidence.began_at + 4096.0
        assert other.evidence.votes_for == pytest.approx(one.evidence.votes_for)


@given(st.lists(st.floats(0, MOMENT_SECONDS / 2), min_size=3, max_size=30))
def test_phones_in_step_have_two_votes_together(seconds: list[float]) -> None:
    signs = [silent(-100, each) for each in seconds]
    others = [well(-50) for _ in range(3 * len(signs))]
    result = supposed(shown(*signs, *others), POLICY)
    assert result is not None
    assert result.verdict is Verdict.VOTES_WANTING
    assert result.evidence.votes_for == pytest.approx(sum(votes(result.evidence.members, 0)))
