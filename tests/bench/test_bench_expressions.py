"""How the time of a regular expression grows: with the length of its text, not with the square."""

import gc
import re
import time

import pytest
from fakes.expressions import OVER_OUTSIDE_TEXT, texts
from fakes.values import registration

from regwatch.core.moves import model_of

SHORT, TIMES = 2000, 8
MOST_TIMES = 3.0 * TIMES
"""A square would take 64 times as long, where the length is 8 times as great."""
WORTH_A_LOOK = 2e-3
"""Seconds; below that the clock and the machine say more than the expression."""
ROUNDS = 5


def seconds(expression: re.Pattern[str], text: str) -> float:
    """The least of a few: what disturbs makes it only longer."""
    spent = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        expression.sub("", text)
        spent.append(time.perf_counter() - begun)
    return min(spent)


@pytest.mark.parametrize("name", OVER_OUTSIDE_TEXT)
def test_time_grows_with_the_length(name: str) -> None:
    expression = OVER_OUTSIDE_TEXT[name]
    gc.collect()
    worst = 0.0
    for short, long in zip(texts(SHORT), texts(SHORT * TIMES), strict=True):
        many = seconds(expression, long)
        if many > WORTH_A_LOOK:
            worst = max(worst, many / seconds(expression, short))
    print(f"\n{name}: at most {worst:.1f} times as long on {TIMES} times the text")
    assert worst <= MOST_TIMES


def test_a_user_agent_without_end_costs_no_more_than_its_length() -> None:
    spent = {}
    for length in (10_000, 80_000):
        phone = registration(device="a" * length)
        begun = time.perf_counter()
        model_of(phone)
        spent[length] = time.perf_counter() - begun
    assert spent[80_000] <= MOST_TIMES * spent[10_000]
