"""Phones of one place that go to one new address."""

from fakes.values import at

from regwatch.core.model import ExtensionId
from regwatch.core.phones.line_moves import (
    KNOWN_SECONDS,
    MOST,
    TOGETHER_SECONDS,
    LineMove,
    LineMoves,
)

ONE, TWO, THREE = ExtensionId(1), ExtensionId(2), ExtensionId(3)


def test_the_first_speaks_for_all_that_follow_within_an_hour() -> None:
    moves = LineMoves()
    assert moves.went(ONE, "a", "b", now=at(0)) == LineMove(ONE, at(0))
    last = at(TOGETHER_SECONDS)
    assert moves.went(TWO, "a", "b", now=last) == LineMove(ONE, last, 2)
    later = at(2 * TOGETHER_SECONDS)
    assert moves.went(THREE, "a", "b", now=later) == LineMove(ONE, later, 3), "an hour after it"


def test_who_comes_later_brings_no_news() -> None:
    moves = LineMoves()
    moves.went(ONE, "a", "b", now=at(0))
    late = at(5 * TOGETHER_SECONDS)
    assert moves.went(TWO, "a", "b", now=late).is_over
    assert moves.went(THREE, "a", "b", now=late).is_over, "though it is soon after the second"


def test_a_day_later_it_is_another_move() -> None:
    moves = LineMoves()
    moves.went(ONE, "a", "b", now=at(0))
    later = at(KNOWN_SECONDS + 1)
    assert moves.went(TWO, "a", "b", now=later) == LineMove(TWO, later)


def test_other_places_are_others() -> None:
    moves = LineMoves()
    moves.went(ONE, "a", "b", now=at(0))
    assert moves.went(TWO, "a", "c", now=at(1)).phones == 1
    assert moves.went(TWO, "d", "b", now=at(2)).phones == 1


def test_the_oldest_are_forgotten() -> None:
    moves = LineMoves()
    for number in range(MOST + 1):
        moves.went(ONE, "a", f"b{number}", now=at(number))
    assert moves.went(TWO, "a", f"b{MOST}", now=at(MOST)).phones == 2
    assert moves.went(TWO, "a", "b0", now=at(MOST)).phones == 1
    assert len(moves._moves) == MOST


def test_the_clock_moves_them() -> None:
    moves = LineMoves()
    moves.went(ONE, "a", "b", now=at(0))
    list(moves.clock_set(1e6))
    assert moves.went(TWO, "a", "b", now=at(1e6 + 60)).phones == 2
