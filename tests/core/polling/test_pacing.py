import pytest
from fakes.values import START, at

from regwatch.core.model import Timestamp
from regwatch.core.polling.pacing import HOUR, LEAST_SHARE, LOAN_HASTE, Allowance, Pacer

BEGIN = HOUR - START % HOUR
"""When the next clock hour begins, as seconds after the start of the tests' time."""


def pacer(*, own_limit: int | None = None, reserve: float = 0.0) -> Pacer:
    return Pacer(own_limit=own_limit, reserve=reserve)


def seen(made: Pacer, remaining: int, when: float, *, limit: int = 1000) -> None:
    hour_end = BEGIN + ((when - BEGIN) // HOUR + 1) * HOUR
    made.quota_seen(Allowance(limit, remaining, at(hour_end), at(when)))


def asked(made: Pacer, times: int, when: float, *, ahead_of_pace: bool = False) -> None:
    """Polls, from begin to end."""
    for _ in range(times):
        made.poll_begun(ahead_of_pace=ahead_of_pace, now=at(when))
        made.request_made(now=at(when))
        made.poll_ended()


def test_alone_what_is_left_is_spread_over_the_rest_of_the_hour() -> None:
    made = pacer()
    asked(made, 100, BEGIN)
    seen(made, 900, BEGIN)
    assert made.spacing(now=at(BEGIN)) == pytest.approx(4)
    assert made.spacing(now=at(BEGIN + 1800)) == pytest.approx(2)


def test_what_was_used_before_we_came_says_nothing_of_how_fast() -> None:
    made = pacer()
    asked(made, 1, BEGIN + 1800)
    seen(made, 450, BEGIN + 1800)
    assert made.spacing(now=at(BEGIN + 1800)) == pytest.approx(4)


def test_others_are_expected_to_go_on_as_they_were_seen_to() -> None:
    made = pacer()
    seen(made, 1000, BEGIN)
    even = made.spacing(now=at(BEGIN))
    for minute in range(1, 11):  # one a second
        seen(made, 1000 - 60 * minute, BEGIN + 60 * minute)
    spacing = made.spacing(now=at(BEGIN + 600))
    assert even is not None
    assert spacing == pytest.approx(3000 / (LEAST_SHARE * 400))
    assert spacing > 3 * even


def test_what_we_ask_beside_our_polls_is_expected_to_go_on_too() -> None:
    """The list of extensions, for example, every quarter of an hour in 30 pages."""
    made = pacer()
    asked(made, 1, BEGIN)
    seen(made, 999, BEGIN)
    for _ in range(30):
        made.request_made(now=at(BEGIN + 60))
    seen(made, 969, BEGIN + 60)
    spacing = made.spacing(now=at(BEGIN + 60))
    assert spacing is not None
    assert spacing > 3540 / 969 * 1.1


def test_what_others_use_does_not_narrow_a_limit_of_our_own_that_is_far_below() -> None:
    made = pacer(own_limit=100)
    seen(made, 1000, BEGIN)
    seen(made, 900, BEGIN + 600)
    assert made.spacing(now=at(BEGIN + 600)) == pytest.approx(3000 / 100)


def test_if_they_stop_they_are_forgotten_by_and_by() -> None:
    made = pacer()
    seen(made, 1000, BEGIN)
    seen(made, 800, BEGIN + 60)
    early = made.spacing(now=at(BEGIN + 61))
    assert early is not None
    assert early > 3539 / 800 * 1.2
    late = made.spacing(now=at(BEGIN + 3500))
    assert late is not None
    assert late < 1.2


def test_answers_that_overtake_each_other_are_nobody_elses_requests() -> None:
    made = pacer()
    seen(made, 1000, BEGIN)
    asked(made, 3, BEGIN + 1)
    for remaining in (998, 997, 999, 998, 997):
        seen(made, remaining, BEGIN + 1)
    assert made.spacing(now=at(BEGIN + 1)) == pytest.approx(3599 / 997, rel=1e-3)


def test_a_new_hour_counts_what_others_used_in_it_from_the_first() -> None:
    made = pacer()
    seen(made, 1000, BEGIN)
    seen(made, 900, BEGIN + HOUR + 60)
    spacing = made.spacing(now=at(BEGIN + HOUR + 60))
    assert spacing is not None
    assert spacing > 3540 / 900 * 1.2


def test_the_rest_of_an_hour_is_not_thrown_at_the_pbx() -> None:
    made = pacer()
    seen(made, 1000, BEGIN + 3590)
    assert made.spacing(now=at(BEGIN + 3590)) == pytest.approx(0.9)


def test_haste_is_a_loan_that_is_used_up_and_granted_anew_each_hour() -> None:
    made = pacer()
    now = at(BEGIN)
    spacing, hurried = made.spacing(now=now), made.hurried_spacing(now=now)
    assert spacing is not None
    assert hurried == pytest.approx(spacing / LOAN_HASTE)
    asked(made, 100, BEGIN, ahead_of_pace=True)
    assert made.hurried_spacing(now=now) == made.spacing(now=now)
    assert made.hurried_spacing(now=Timestamp(now + HOUR)) == pytest.approx(spacing / LOAN_HASTE)


def test_with_nothing_left_there_is_no_pace_not_even_in_haste() -> None:
    made = pacer(reserve=0.1)
    seen(made, 100, BEGIN)
    assert made.spacing(now=at(BEGIN)) is None
    assert made.hurried_spacing(now=at(BEGIN)) is None


def test_headers_of_an_hour_gone_by_count_no_more() -> None:
    made = pacer(own_limit=50)
    seen(made, 0, BEGIN)
    assert made.left(now=at(BEGIN)) == 0
    assert made.left(now=at(BEGIN + HOUR)) == 50
    assert made.resets_at(now=at(BEGIN + HOUR)) == at(BEGIN + 2 * HOUR)
