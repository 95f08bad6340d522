"""What is held until it is stored: the last of each thing, and every line of the history."""

from fakes.stored import happening, incident
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import ExtensionId
from regwatch.watcher.held import MOST_HAPPENINGS, PIECE, Held
from regwatch.watcher.unsaved import Unsaved

IDS = st.lists(st.integers(0, 9).map(ExtensionId), max_size=5)


def ids(*numbers: int) -> list[ExtensionId]:
    return [ExtensionId(number) for number in numbers]


def held(**more: list[ExtensionId]) -> Held:
    made = Held()
    made.note_touched(more.get("touched", ()))
    made.note_removed(more.get("removed", ()))
    return made


def test_incidents_go_first_with_the_extensions_that_changed() -> None:
    it = held(touched=ids(1, 2, 3), removed=ids(4))
    it.changed[ExtensionId(2)] = None
    it.incidents[incident().id] = incident()
    it.note_happenings([happening(1)])
    parts = []
    while (part := it.next_part()) is not None:
        parts.append(part)
        it.note_saved(part, ())
    assert parts == [
        Unsaved(touched=(2,), incidents=(incident(),)),
        Unsaved(touched=(1, 3)),
        Unsaved(removed=(4,)),
        Unsaved(happenings=(happening(1),)),
    ]
    assert it.is_empty


def test_what_is_left_of_a_part_is_held_still() -> None:
    it = held(touched=ids(1, 2, 3))
    part = it.next_part()
    assert part is not None
    it.note_saved(part, [Unsaved(touched=part.touched[2:])])
    assert list(it.touched) == [3]


def test_many_are_stored_in_pieces() -> None:
    it = held(touched=ids(*range(PIECE + 1)))
    part = it.next_part()
    assert part is not None
    assert len(part.touched) == PIECE


def test_lines_beyond_the_bound_are_let_go_oldest_first_and_counted() -> None:
    it, line = Held(), happening(1)
    it.note_happenings([happening(0)])
    newer = Held()
    newer.note_happenings([line] * MOST_HAPPENINGS)
    it.followed_by(newer)
    assert len(it.happenings) == MOST_HAPPENINGS
    assert (it.happenings[0], it.let_go) == (line, 1)


@given(IDS, IDS, IDS, IDS)
def test_who_is_watched_again_is_not_removed_and_who_is_removed_is_not_stored(
    touched: list[ExtensionId],
    removed: list[ExtensionId],
    touched_since: list[ExtensionId],
    removed_since: list[ExtensionId],
) -> None:
    newer = held(touched=touched_since, removed=removed_since)
    it = held(touched=touched, removed=removed).followed_by(newer)
    assert not set(it.touched) & set(it.removed)
    assert set(newer.touched) <= set(it.touched)
    assert set(newer.removed) <= set(it.removed)
    assert set(it.touched) | set(it.removed) == {*touched, *removed, *touched_since, *removed_since}
