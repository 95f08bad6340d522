"""Long work in short pieces."""

from hypothesis import given
from hypothesis import strategies as st

from regwatch.batching import batched


@given(st.lists(st.integers()), st.integers(1, 7))
def test_nothing_is_lost_and_only_the_last_piece_is_shorter(items: list[int], size: int) -> None:
    pieces = list(batched(items, size))
    assert [each for piece in pieces for each in piece] == items
    assert all(len(piece) == size for piece in pieces[:-1])
    assert all(0 < len(piece) <= size for piece in pieces)


def test_no_more_is_taken_than_the_piece_that_is_asked_for() -> None:
    taken: list[int] = []
    pieces = batched((taken.append(n) or n for n in range(100)), 3)
    assert next(pieces) == [0, 1, 2]
    assert taken == [0, 1, 2]
