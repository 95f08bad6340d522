"""Over how long requests are counted, as far as resets tell."""

from fakes.values import at
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.model import Instant, Now, Quota, Timestamp
from regwatch.core.polling.window import HOUR, Allowance, Made, Window
from regwatch.simulator.quota import FixedWindow, SharedQuota, SlidingWindow


def told(resets_in: float, when: float, *, remaining: int = 50, limit: int = 100) -> Allowance:
    return Allowance(limit, remaining, at(when + resets_in), at(when))


def test_until_something_is_told_an_hour_of_the_clock_is_supposed() -> None:
    window = Window()
    assert window.seconds == HOUR
    assert window.ends_at(now=Instant(HOUR + 5)) == 2 * HOUR
    assert not window.has_ended(now=Instant(HOUR + 5))
    assert window.has_ended(now=Instant(2 * HOUR + 5))


def test_a_reset_that_was_told_is_over_a_second_later_as_it_is_rounded_down() -> None:
    window = Window()
    window.seen(told(20, 0))
    assert not window.has_ended(now=at(20.9))
    assert window.has_ended(now=at(21))
    assert window.is_supposed
    assert not window.has_ended(now=at(22)), "that is said once"


def test_a_window_is_as_long_as_the_longest_reset_once_one_jumped() -> None:
    window = Window()
    assert not window.seen(told(20, 0))
    assert window.seconds == HOUR, "it was met in its midst"
    assert window.seen(told(58, 19, remaining=99)), "nobody knew"
    assert window.seconds == 58
    assert window.has_ended(now=at(80))
    assert not window.seen(told(59, 81, remaining=99)), "that it had begun was known"
    assert window.seconds == 59


def test_an_answer_that_was_overtaken_is_of_the_window_before() -> None:
    window = Window()
    window.seen(told(20, 0))
    assert window.has_ended(now=at(21.5))
    assert window.is_over(told(0, 21.5))
    assert not window.is_over(told(59, 21.6))
    window.seen(told(59, 21.6, remaining=99))
    assert window.is_over(told(0, 22))
    assert not window.is_over(told(58, 22))


def test_a_limit_that_is_another_is_learned_anew() -> None:
    window = Window()
    for when in (0, HOUR, 2 * HOUR):
        window.seen(told(HOUR, when))
    for when in (2.5 * HOUR, 2.5 * HOUR + 60, 2.5 * HOUR + 120):
        window.seen(told(60, when, limit=7, remaining=3))
    assert window.seconds == 60


def test_what_the_headers_say_of_it_is_taken() -> None:
    seen = Quota(100, 50, Timestamp(40.0), Timestamp(10.0), 600.0)
    window = Window()
    window.seen(Allowance.of(seen, now=Now(Instant(1010.0), Timestamp(10.0))))
    assert window.seconds == 600
    assert window.ends_at(now=Instant(1010.0)) == 1041


def test_of_one_that_slides_the_requests_of_ours_are_given_back_one_by_one() -> None:
    made = Made()
    for n in range(5):
        made.add(at(n))
    assert made.count(60, now=at(10)) == 5
    assert made.count(60, now=at(62)) == 2
    assert made.given_back == 3


@given(
    seconds=st.sampled_from([10.0, 60.0, 600.0, 3600.0]),
    slides=st.booleans(),
    begins=st.floats(0, 3600),
    pauses=st.lists(st.floats(0.05, 0.2), min_size=60, max_size=120),
)
@settings(deadline=None)
def test_whatever_the_window_it_is_told_which_kind_it_is_and_never_taken_for_a_longer_one(
    *, seconds: float, slides: bool, begins: float, pauses: list[float]
) -> None:
    """Asked for some times in each, as far as it allows."""
    quota = SharedQuota(50, SlidingWindow(seconds) if slides else FixedWindow(seconds))
    window, now, is_learned = Window(), 1e6 + begins, False
    for pause in pauses:
        now += pause * seconds
        quota.take(now)
        limit, remaining, reset = map(int, quota.headers("seconds", now).values())
        allowance = Allowance(limit, remaining, Instant(now + reset), Instant(now))
        window.has_ended(now=Instant(now))
        if not window.is_over(allowance):
            window.seen(allowance)
        is_learned |= window.seconds != HOUR
    assert is_learned or seconds == HOUR or (slides and seconds < 60)
    assert window.seconds <= seconds or not is_learned
    assert seconds < 60 or window.is_sliding is slides
