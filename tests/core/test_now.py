"""One clock becomes the other, by what both show at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import Timestamp
from regwatch.core.now import Instant, Now

SECONDS = st.integers(-(2**40), 2**40)
"""Whole ones: as floats they add up to the last bit."""


@pytest.mark.parametrize(("wall", "instant"), [(1000, 7), (1060, 67), (940, -53)])
def test_what_is_a_minute_ahead_on_one_is_so_on_the_other(wall: float, instant: float) -> None:
    now = Now(Instant(7.0), Timestamp(1000.0))
    assert now.instant_of(Timestamp(wall)) == instant
    assert now.time_of(Instant(instant)) == wall


@given(SECONDS, SECONDS, SECONDS)
def test_there_and_back_is_where_one_was(steady: int, wall: int, at: int) -> None:
    now = Now(Instant(steady), Timestamp(wall))
    assert now.time_of(now.instant_of(Timestamp(at))) == at
    assert now.instant_of(now.wall) == now.steady
