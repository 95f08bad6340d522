"""What is believed of an answer, and what is asked again first."""

from collections.abc import Iterable, Mapping

import pytest
from fakes.values import answer, at, extension, registration

from regwatch.core.model import Answer, ChangeKind, ExtensionId, Watched
from regwatch.core.phones.diff import Change
from regwatch.core.phones.doubt import Doubt, Standing, Weighed, judge, weigh
from regwatch.core.phones.gaps import Gaps

HELD = registration(ends=600)
GONE = Change(ChangeKind.UNREGISTERED, ExtensionId(1), at(60), HELD)
DOUBT = Doubt(answer(1, when=60))


@pytest.mark.parametrize(
    ("changes", "doubt", "when", "standing"),
    [
        pytest.param((GONE,), None, 60, Standing.DOUBTED, id="gone while its lease ran"),
        pytest.param((GONE,), DOUBT, 61, Standing.BELIEVED, id="gone from two answers"),
        pytest.param((GONE,), DOUBT, 60, Standing.DOUBTED, id="two answers of one moment are one"),
        pytest.param((), DOUBT, 61, Standing.REFUTED, id="there again"),
        pytest.param((), None, 60, Standing.BELIEVED, id="nothing surprising"),
        pytest.param((GONE,), None, 700, Standing.BELIEVED, id="its lease has ended since"),
        pytest.param((GONE,), DOUBT, 700, Standing.BELIEVED, id="gone still, its lease over"),
        pytest.param(
            (Change(ChangeKind.REPLACED, ExtensionId(1), at(60), HELD, HELD),), None, 60,
            Standing.BELIEVED, id="it has an heir",
        ),
        pytest.param(
            (Change(ChangeKind.DELETED, ExtensionId(1), at(60), HELD),), None, 60,
            Standing.BELIEVED, id="we deleted it",
        ),
        pytest.param(
            (Change(ChangeKind.EXPIRED, ExtensionId(1), at(60), HELD),), None, 60,
            Standing.BELIEVED, id="it ran out",
        ),
    ],
)  # fmt: skip
def test_what_becomes_of_an_answer(
    changes: tuple[Change, ...], doubt: Doubt | None, when: float, standing: Standing
) -> None:
    assert judge(changes, doubt, looked=at(when), now=at(when)) is standing


@pytest.mark.parametrize(
    ("kind", "looked", "standing"),
    [
        pytest.param(ChangeKind.ENDED_UNSEEN, 500, Standing.DOUBTED, id="it ran when we looked"),
        pytest.param(ChangeKind.UNREGISTERED, 500, Standing.DOUBTED, id="likewise"),
        pytest.param(ChangeKind.ENDED_UNSEEN, 600, Standing.BELIEVED, id="it had ended by then"),
        pytest.param(
            ChangeKind.EXPIRED, 500, Standing.BELIEVED, id="its refresh was missed before"
        ),
    ],
)
def test_that_nobody_looked_makes_nothing_less_surprising(
    kind: ChangeKind, looked: float, standing: Standing
) -> None:
    gone = Change(kind, ExtensionId(1), at(900), HELD)
    assert judge((gone,), None, looked=at(looked), now=at(900)) is standing


def watched(*numbers: int) -> dict[ExtensionId, Watched]:
    """Registered ones, whose leases go on until 600."""
    return {
        ExtensionId(n): Watched(extension(n), registrations=(HELD,), last_registered_at=None)
        for n in numbers
    }


def answers(gone: Iterable[int], here: Iterable[int], when: float) -> dict[ExtensionId, Answer]:
    found = [answer(n, when=when) for n in gone] + [answer(n, HELD, when=when) for n in here]
    return {each.extension_id: each for each in found}


def weigh_at_63(
    found: Mapping[ExtensionId, Answer],
    known: Mapping[ExtensionId, Watched],
    doubted: Mapping[ExtensionId, Doubt],
) -> Weighed:
    return weigh(found, known, doubted, Gaps(), account=99, now=at(63))


def doubts(*numbers: int, is_mass: bool = True) -> dict[ExtensionId, Doubt]:
    return {ExtensionId(n): Doubt(answer(n, when=60), is_mass) for n in numbers}


@pytest.mark.parametrize(
    ("gone", "here", "when", "is_mass"),
    [
        pytest.param((1, 2, 3), (), 60, True, id="all of three"),
        pytest.param((1, 2), (), 60, False, id="two are not many"),
        pytest.param((1, 2, 3), tuple(range(4, 21)), 60, True, id="three of twenty"),
        pytest.param((1, 2, 3), tuple(range(4, 22)), 60, False, id="three of twenty-one"),
        pytest.param((1, 2, 3, 4), (), 700, False, id="whose leases have ended may be gone"),
    ],
)
def test_many_that_vanish_at_once_are_a_mass(
    gone: tuple[int, ...], here: tuple[int, ...], when: float, is_mass: bool
) -> None:
    known = watched(*gone, *here)
    assert weigh(answers(gone, here, when), known, {}, Gaps(), account=99, now=at(when)) == Weighed(
        is_mass
    )


def test_a_few_of_a_small_account_are_no_mass() -> None:
    for gone, account, is_mass in ((4, 12, False), (5, 12, True), (4, 15, True)):
        found = answers(range(1, gone + 1), range(gone + 1, 13), 60)
        known = watched(*range(1, 13))
        weighed = weigh(found, known, {}, Gaps(), account=account, now=at(60))
        assert weighed.is_mass is is_mass


def test_whose_lease_ended_unseen_counts_only_where_no_others_leases_run() -> None:
    gaps = Gaps()
    gaps.answered(now=at(500))
    gaps.interrupted()
    gaps.answered(now=at(700))
    ended = watched(1, 2, 3)
    assert weigh(answers((1, 2, 3), (), 700), ended, {}, gaps, account=99, now=at(700)).is_mass
    running = {
        ExtensionId(n): Watched(extension(n), registrations=(registration(ends=9000),))
        for n in (4, 5, 6)
    }
    some = answers((1, 2, 3), (4, 5, 6), 700)
    assert not weigh(some, ended | running, {}, gaps, account=99, now=at(700)).is_mass
    all_gone = answers((1, 2, 3, 4, 5, 6), (), 700)
    assert weigh(all_gone, ended | running, {}, gaps, account=99, now=at(700)).is_mass


@pytest.mark.parametrize(
    ("gone", "here", "confirms"),
    [
        pytest.param((1, 2, 3), (4,), True, id="most are gone still"),
        pytest.param((1,), (2, 3, 4), False, id="one that stays away left by itself"),
        pytest.param((), (1, 2, 3, 4), False, id="all are back"),
    ],
)
def test_a_mass_is_one_only_if_many_are_gone_still(
    gone: tuple[int, ...], here: tuple[int, ...], confirms: bool
) -> None:
    found = weigh_at_63(answers(gone, here, 63), watched(1, 2, 3, 4), doubts(1, 2, 3, 4))
    assert (found.is_mass, found.confirms_mass) == (False, confirms)


def test_single_ones_that_are_gone_still_are_no_mass() -> None:
    known = doubts(1, 2, 3, is_mass=False)
    assert weigh_at_63(answers((1, 2, 3), (), 63), watched(1, 2, 3), known) == Weighed()


def test_others_that_vanish_in_the_confirming_answer_are_doubted_in_their_turn() -> None:
    found = weigh_at_63(answers(range(1, 8), (), 63), watched(*range(1, 9)), doubts(1, 2, 3, 4))
    assert found == Weighed(is_mass=True, confirms_mass=True)


def test_an_answer_in_which_a_bug_is_met_leaves_the_others_to_be_weighed() -> None:
    known = watched(1, 2, 3, 4)
    known[ExtensionId(4)].registrations = (None,)  # type: ignore[assignment]
    found = weigh(answers((1, 2, 3, 4), (), 60), known, {}, Gaps(), account=99, now=at(60))
    assert found.is_mass
    assert [(i, type(error)) for i, error in found.unweighed.items()] == [(4, AttributeError)]
