"""Sweeps' worth of requests, at whatever pace they are made."""

import pytest

from regwatch.core.model import LONG_AGO, Instant
from regwatch.core.polling.rounds import MOST_SWEEPS, SPARE, Rounds

BATCHES = 20
MOST = MOST_SWEEPS * BATCHES - SPARE


@pytest.mark.parametrize("spacing", [0.1, 4.0, 90.0])
def test_who_was_asked_before_the_last_ones_is_overdue_at_any_pace(spacing: float) -> None:
    rounds = Rounds()
    for number in range(200):
        rounds.made(BATCHES, now=Instant(number * spacing))
    assert rounds.overdue_before(BATCHES) == (200 - MOST) * spacing


def test_while_too_few_were_made_nobody_is() -> None:
    rounds = Rounds()
    for number in range(MOST - 1):
        rounds.made(BATCHES, now=Instant(float(number)))
        assert rounds.overdue_before(BATCHES) == LONG_AGO


def test_a_longer_list_is_looked_back_upon_once_as_many_were_made() -> None:
    rounds = Rounds()
    for number in range(100):
        rounds.made(1, now=Instant(float(number)))
    assert rounds.overdue_before(1) == 99
    assert rounds.overdue_before(BATCHES) == LONG_AGO


def test_no_more_are_kept_than_are_looked_back_upon() -> None:
    rounds = Rounds()
    for number in range(10_000):
        rounds.made(BATCHES, now=Instant(float(number)))
    assert len(rounds._made_at) == MOST
