"""How far warnings can be trusted, by what became of the last ones."""

from fakes.values import at
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.phones.warned import LAST, Outcomes, TrackRecord, Warned


def test_nothing_is_said_before_the_first_one_has_ended() -> None:
    assert TrackRecord().words == ""


def test_it_is_said_how_many_of_the_last_ones_came_true() -> None:
    record = TrackRecord()
    record.add(Warned(at(number), came_true=number != 3) for number in range(LAST))
    assert record.words == "Of the last 20 such warnings 19 came true."


@given(st.lists(st.tuples(st.integers(0, 10_000), st.booleans()), unique_by=lambda each: each[0]))
def test_the_last_ones_count_in_whatever_order_they_are_told(ended: list[tuple[int, bool]]) -> None:
    """After a restart they are told extension by extension."""
    record = TrackRecord()
    for when, came_true in ended:
        record.add([Warned(at(when), came_true)])
    last = sorted(ended)[-LAST:]
    true = sum(true for _, true in last)
    assert record.outcomes == Outcomes(true, len(last) - true)


def test_they_move_with_the_clock() -> None:
    record = TrackRecord()
    record.add([Warned(at(0), came_true=True)])
    record.clock_set(3600.0)
    record.add(Warned(at(100), came_true=False) for _ in range(LAST))
    assert record.outcomes == Outcomes(1, LAST - 1)
