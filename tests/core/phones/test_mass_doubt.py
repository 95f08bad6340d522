from collections.abc import Iterable

import pytest
from fakes.values import answer, extension, registration

from regwatch.core.model import Answer, ExtensionId, Watched
from regwatch.core.phones.mass_doubt import MassDoubt, Verdict

HELD = registration(ends=600)


def watched(*numbers: int) -> dict[ExtensionId, Watched]:
    """Registered ones, whose leases go on until 600."""
    return {
        ExtensionId(n): Watched(extension(n), registrations=(HELD,), last_registered_at=None)
        for n in numbers
    }


def answers(gone: Iterable[int], here: Iterable[int], when: float) -> dict[ExtensionId, Answer]:
    found = [answer(n, when=when) for n in gone] + [answer(n, HELD, when=when) for n in here]
    return {each.extension_id: each for each in found}


def ids(*numbers: int) -> frozenset[ExtensionId]:
    return frozenset(map(ExtensionId, numbers))


@pytest.mark.parametrize(
    ("gone", "here", "when", "doubted"),
    [
        ((1, 2, 3), (), 60, (1, 2, 3)),
        ((1, 2), (), 60, ()),
        ((1, 2, 3, 4), (5, 6, 7), 60, (1, 2, 3, 4)),
        ((1, 2, 3), (4, 5, 6), 60, ()),
        ((1, 2, 3, 4, 5, 6), (), 700, ()),
    ],
    ids=[
        "all of three",
        "two are not many",
        "more than half",
        "half",
        "whose leases have ended are expected to be gone",
    ],
)
def test_what_vanishes_before_its_time_all_at_once_is_doubted(
    gone: tuple[int, ...], here: tuple[int, ...], when: float, doubted: tuple[int, ...]
) -> None:
    verdict = MassDoubt().weigh(answers(gone, here, when), watched(*gone, *here))
    assert verdict == Verdict(doubted=ids(*doubted))


def test_in_a_doubtful_answer_nothing_that_vanished_is_believed() -> None:
    known = watched(1, 2, 3, 4)
    ended = registration(ends=50)
    known[ExtensionId(4)] = Watched(extension(4), registrations=(ended,))
    verdict = MassDoubt().weigh(answers((1, 2, 3, 4), (), 60), known)
    assert verdict.doubted == ids(1, 2, 3, 4)


def test_what_vanished_twice_is_believed_and_told_apart() -> None:
    doubt, known = MassDoubt(), watched(1, 2, 3, 4)
    doubt.weigh(answers((1, 2, 3, 4), (), 60), known)
    assert doubt.weigh(answers((1, 2, 3), (4,), 63), known) == Verdict(confirmed=ids(1, 2, 3))


def test_a_single_one_that_stays_away_when_the_others_are_back_left_by_itself() -> None:
    doubt, known = MassDoubt(), watched(1, 2, 3, 4)
    doubt.weigh(answers((1, 2, 3, 4), (), 60), known)
    assert doubt.weigh(answers((1,), (2, 3, 4), 63), known) == Verdict()


def test_the_doubt_lasts_until_something_is_answered() -> None:
    doubt, known = MassDoubt(), watched(*range(1, 9))
    doubt.weigh(answers((1, 2, 3, 4), (), 60), known)
    assert doubt.weigh(answers((), (5, 6), 90), known) == Verdict()
    assert doubt.weigh(answers((1, 2, 3, 4), (), 300), known).confirmed == ids(1, 2, 3, 4)


def test_others_that_vanish_in_the_confirming_answer_are_doubted_in_their_turn() -> None:
    doubt, known = MassDoubt(), watched(*range(1, 9))
    doubt.weigh(answers((1, 2, 3, 4), (), 60), known)
    verdict = doubt.weigh(answers((1, 2, 3, 4, 5, 6, 7), (), 63), known)
    assert verdict == Verdict(doubted=ids(5, 6, 7), confirmed=ids(1, 2, 3, 4))


def test_one_that_is_watched_no_more_is_forgotten() -> None:
    doubt, known = MassDoubt(), watched(1, 2, 3)
    doubt.weigh(answers((1, 2, 3), (), 60), known)
    doubt.forget(ExtensionId(1))
    assert doubt.weigh(answers((1,), (), 63), known) == Verdict()


def test_an_answer_in_which_a_bug_is_met_leaves_the_others_to_be_weighed() -> None:
    known = watched(1, 2, 3, 4)
    known[ExtensionId(4)].registrations = (None,)  # type: ignore[assignment]
    verdict = MassDoubt().weigh(answers((1, 2, 3, 4), (), 60), known)
    assert verdict.doubted == ids(1, 2, 3)
    assert [(i, type(error)) for i, error in verdict.unweighed.items()] == [(4, AttributeError)]
