import pytest
from fakes.values import START, at

from regwatch.core.model import Timestamp
from regwatch.core.polling.pacing import (
    LEARN_SECONDS,
    LEAST_SHARE,
    LOAN_HASTE,
    Pacer,
)
from regwatch.core.polling.window import HOUR, Allowance

BEGIN = HOUR - START % HOUR
"""When the next clock hour begins, as seconds after the start of the tests' time."""
ROUNDED = 2e-3
"""A window is taken to last a second longer than its reset says."""


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
    assert made.spacing(now=at(BEGIN)) == pytest.approx(4, rel=ROUNDED)
    assert made.spacing(now=at(BEGIN + 1800)) == pytest.approx(2, rel=ROUNDED)


def test_what_was_used_before_we_came_says_nothing_of_how_fast() -> None:
    made = pacer()
    asked(made, 1, BEGIN + 1800)
    seen(made, 450, BEGIN + 1800)
    assert made.spacing(now=at(BEGIN + 1800)) == pytest.approx(4, rel=ROUNDED)


def test_others_are_expected_to_go_on_as_they_were_seen_to() -> None:
    made = pacer()
    seen(made, 1000, BEGIN)
    even = made.spacing(now=at(BEGIN))
    for minute in range(1, 11):  # one a second
        seen(made, 1000 - 60 * minute, BEGIN + 60 * minute)
    spacing = made.spacing(now=at(BEGIN + 600))
    assert even is not None
    assert spacing == pytest.approx(3000 / (LEAST_SHARE * 400), rel=ROUNDED)
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
    seen(made, 0, BEGIN)
    assert made.spacing(now=at(BEGIN)) is None
    assert made.hurried_spacing(now=at(BEGIN)) is None


def test_of_the_reserve_a_quarter_trickles_and_no_more() -> None:
    """54 minutes blind with 56 requests left would be worse."""
    made = pacer(reserve=0.1)
    seen(made, 56, BEGIN + 360)
    spacing = made.spacing(now=at(BEGIN + 360))
    assert spacing == pytest.approx(54 * 60 / 25, rel=ROUNDED)
    assert made.hurried_spacing(now=at(BEGIN + 360)) == spacing
    assert made.is_short(now=at(BEGIN + 360))
    for n in range(25):
        asked(made, 1, BEGIN + 360 + n)
    seen(made, 31, BEGIN + 400)
    assert made.spacing(now=at(BEGIN + 400)) is None
    assert made.spacing(now=at(BEGIN + HOUR + 2)) is not None, "the next window has its own"


def test_headers_of_an_hour_gone_by_count_no_more() -> None:
    made = pacer(own_limit=50)
    seen(made, 0, BEGIN)
    assert made.left(now=at(BEGIN)) == 0
    assert made.left(now=at(BEGIN + HOUR + 1)) == 50
    assert made.resets_at(now=at(BEGIN + HOUR + 1)) == at(BEGIN + 2 * HOUR + 1)


def test_after_a_reset_the_first_request_goes_alone_and_soon() -> None:
    made = pacer()
    made.quota_seen(Allowance(60, 30, at(20), at(0)))
    assert made.spacing(now=at(21)) == LEARN_SECONDS
    made.poll_begun(ahead_of_pace=False, now=at(21))
    assert (made.spacing(now=at(21)) or 0.0) > LEARN_SECONDS, "what it tells is waited for"


def test_a_window_of_a_minute_is_used_as_one() -> None:
    made = pacer()
    for window in range(3):
        for n in range(50):
            when = 60 * window + n + 2
            made.poll_begun(ahead_of_pace=False, now=at(when))
            made.request_made(now=at(when))
            made.quota_seen(Allowance(60, 59 - n, at(60 * (window + 1)), at(when)))
            made.poll_ended()
    assert made._window.seconds == 58
    assert made.spacing(now=at(182)) == LEARN_SECONDS
    made.quota_seen(Allowance(60, 60, at(240), at(182)))
    assert made.spacing(now=at(182)) == pytest.approx(59 / 60)


def test_a_window_that_slides_is_asked_at_an_even_pace() -> None:
    made = pacer(reserve=0.1)
    for n in range(900):  # as fast as it was allowed, in half of the time
        when = 2.0 * n
        made.poll_begun(ahead_of_pace=False, now=at(when))
        made.request_made(now=at(when))
        made.quota_seen(Allowance(1000, 999 - n, at(HOUR), at(when)))
        made.poll_ended()
    assert (made.spacing(now=at(1800)) or 0.0) > 60, "the reserve alone is left"
    later = HOUR + 10
    made.poll_begun(ahead_of_pace=False, now=at(later))
    made.request_made(now=at(later))
    made.quota_seen(Allowance(1000, 105, at(later + 2), at(later)))
    made.poll_ended()
    assert made.spacing(now=at(later)) == pytest.approx(HOUR / 900, rel=0.02)
    assert made.remaining(now=at(later + 20)) == 115, "ten more were given back since"


def test_another_limit_is_learned_anew() -> None:
    made = pacer()
    for n in range(4):
        made.quota_seen(Allowance(1000, 900, at(HOUR * (n + 1)), at(HOUR * n)))
    for n in range(3):
        seconds = 4 * HOUR + 60 * n
        made.quota_seen(Allowance(60, 50, at(seconds + 60), at(seconds)))
    assert made._window.seconds == 60


def test_where_the_headers_say_how_long_a_window_is_nothing_is_to_be_learned() -> None:
    made = pacer()
    made.quota_seen(Allowance(100, 100, at(30), at(0), window=600.0))
    assert made._window.seconds == 600


def test_where_no_header_ever_comes_what_we_made_is_not_kept_for_ever() -> None:
    made = pacer()
    for hour in range(50):
        asked(made, 10, HOUR * hour)
    assert len(made._made._at) <= 20
