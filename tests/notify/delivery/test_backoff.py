"""When to try again."""

from hypothesis import given
from hypothesis import strategies as st

from regwatch.notify.delivery.backoff import RetryPolicy, delay

POLICY = RetryPolicy()
JITTER = st.floats(0, 1)


@given(st.integers(1, 10_000), JITTER)
def test_delays_stay_within_bounds(attempts, jitter):
    assert POLICY.first / 2 <= delay(POLICY, attempts, jitter=jitter) <= POLICY.cap


@given(st.integers(1, 100), JITTER)
def test_the_longest_delay_never_shrinks(attempts, jitter):
    assert delay(POLICY, attempts, jitter=1) <= delay(POLICY, attempts + 1, jitter=1)
    assert delay(POLICY, attempts, jitter=jitter) <= delay(POLICY, attempts, jitter=1)


@given(st.integers(1, 100), JITTER, st.floats(0, 1e12))
def test_what_the_receiver_asks_for_wins_within_bounds(attempts, jitter, wish):
    wait = delay(POLICY, attempts, jitter=jitter, retry_after=wish)
    assert POLICY.first <= wait <= POLICY.longest_wish
    if POLICY.first <= wish <= POLICY.longest_wish:
        assert wait == wish


def test_it_doubles():
    assert [delay(POLICY, n, jitter=1) for n in range(1, 11)] == [
        1, 2, 4, 8, 16, 32, 60, 60, 60, 60,
    ]  # fmt: skip
    assert delay(POLICY, 0, jitter=0) == 0.5
