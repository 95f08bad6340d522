"""How the time of a regular expression grows: with the length of its text, not with the square."""

import time
from collections.abc import Callable

import pytest
from fakes.expressions import OVER_OUTSIDE_TEXT, texts, worked

from regwatch.core.phones.moves import model_of

pytestmark = pytest.mark.bench

SHORT, TIMES = 4000, 16
MOST_TIMES = 6.0 * TIMES
"""A square would take 256 times as long, where the length is 16 times as great."""
WORTH_A_LOOK = 5e-4
"""Seconds of the processor; below that the clock and the machine say more than the expression."""
ROUNDS = 5


def seconds(work: Callable[[str], object], text: str) -> float:
    """The least of a few: what disturbs makes it only longer."""
    spent = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work(text)
        spent.append(time.process_time() - begun)
    return min(spent)


def growth(work: Callable[[str], object]) -> float:
    """The greatest, over all texts."""
    worst = 0.0
    for short, long in zip(texts(SHORT), texts(SHORT * TIMES), strict=True):
        many = seconds(work, long)
        if many > WORTH_A_LOOK:
            worst = max(worst, many / seconds(work, short))
    return worst


@pytest.mark.parametrize("name", OVER_OUTSIDE_TEXT)
def test_time_grows_with_the_length(name: str) -> None:
    expression = OVER_OUTSIDE_TEXT[name]
    worst = growth(lambda text: worked(expression, text))
    print(f"\n{name}: at most {worst:.1f} times as long on {TIMES} times the text")
    assert worst <= MOST_TIMES


def test_the_model_of_a_device_costs_no_more_than_its_length() -> None:
    worst = growth(model_of)
    print(f"\nthe model of a device: at most {worst:.1f} times as long on {TIMES} times the text")
    assert worst <= MOST_TIMES
