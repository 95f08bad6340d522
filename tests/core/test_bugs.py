"""What was set aside: kept, bounded, and named without its words."""

import pytest
from fakes.values import at

from regwatch.core.bugs import (
    KEPT_SECONDS,
    MOST_KEPT,
    MOST_SHOWN,
    Book,
    Where,
    place_of,
    why,
    without_culprits,
)


def test_what_was_set_aside_moves_along_when_the_clock_is_set() -> None:
    book = Book()
    book.note(Where.ANSWER, "acme/1", "KeyError", now=at(0))
    book.clock_set(-3600)
    (found,) = book.latest(now=at(-3500))
    assert (found.since, found.last_at) == (at(-3600), at(-3600))


def test_once_it_is_news_then_it_is_counted_until_something_else_is_the_matter() -> None:
    book = Book()
    notes = [("KeyError", 1), ("KeyError", 2), ("ValueError", 3)]
    news = [book.note(Where.ANSWER, "acme/1", said, now=at(when)) for said, when in notes]
    assert news == [True, False, True]
    (entry,) = book.latest(now=at(3))
    assert (entry.why, entry.since, entry.last_at, entry.times) == ("ValueError", at(1), at(3), 3)


def test_what_is_well_again_leaves_and_is_news_when_it_comes_again() -> None:
    book = Book()
    assert book.mended(Where.ANSWER, "acme/1") is None
    book.note(Where.ANSWER, "acme/1", "KeyError", now=at(1))
    book.note(Where.ANSWER, "acme/2", "KeyError", now=at(1))
    known = book.mended(Where.ANSWER, "acme/1")
    assert known is not None
    assert known.times == 1
    assert [each.what for each in book.latest(now=at(2))] == ["acme/2"]
    assert book.note(Where.ANSWER, "acme/1", "KeyError", now=at(3))


def test_the_latest_are_shown_and_all_are_counted_within_bounds() -> None:
    book = Book()
    for number in range(MOST_KEPT + 5):
        book.note(Where.ANSWER, f"acme/{number}", "KeyError", now=at(number))
    book.note(Where.ANSWER, "acme/7", "KeyError", now=at(MOST_KEPT + 9))
    now = at(MOST_KEPT + 10)
    assert book.count(now=now) == MOST_KEPT
    shown = book.latest(now=now)
    assert len(shown) == MOST_SHOWN
    assert [each.what for each in shown[:2]] == ["acme/7", f"acme/{MOST_KEPT + 4}"]


def test_what_was_not_met_for_a_day_is_named_no_more() -> None:
    book = Book()
    book.note(Where.HTTP, "GET /", "KeyError", now=at(0))
    book.note(Where.HTTP, "GET /x", "KeyError", now=at(1))
    assert book.count(now=at(KEPT_SECONDS - 1)) == 2
    assert [each.what for each in book.latest(now=at(KEPT_SECONDS))] == ["GET /x"]


def test_a_bug_is_named_by_its_kind_and_the_last_of_our_own_lines() -> None:
    assert why(RuntimeError("made here, raised nowhere")) == "RuntimeError"
    with pytest.raises(AttributeError) as met:
        place_of("no error")  # type: ignore[arg-type]
    assert why(met.value).startswith("AttributeError at bugs.py:")
    assert why(ExceptionGroup("of one", [met.value])) == why(met.value)
    two = ExceptionGroup("of two", [met.value, met.value])
    assert why(two) == f"ExceptionGroup{place_of(met.value)}"


def test_of_foreign_code_the_last_line_is_named() -> None:
    with pytest.raises(ZeroDivisionError) as met:
        _ = 1 / 0
    assert place_of(met.value).startswith(" at test_bugs.py:")


@pytest.mark.parametrize("wrong", [(), (3,), (0, 9), (4, 5, 6)])
def test_it_is_done_with_all_with_which_it_can_be_done(wrong: tuple[int, ...]) -> None:
    def inverse(some: object) -> list[float]:
        return [1 / (0 if item in wrong else 1) for item in some]  # type: ignore[attr-defined]

    done, failed = without_culprits(list(range(10)), inverse)
    assert len(done) == 10 - len(wrong)
    assert [item for item, _ in failed] == list(wrong)
    assert all(isinstance(error, ZeroDivisionError) for _, error in failed)


def test_what_cannot_be_done_at_all_is_nobodys_fault() -> None:
    def never(_some: object) -> None:
        raise KeyError("the whole")

    with pytest.raises(KeyError, match="the whole"):
        without_culprits([1, 2], never)
