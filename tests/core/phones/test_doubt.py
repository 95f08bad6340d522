"""What is believed of an answer, and what is asked again first."""

from collections.abc import Iterable

import pytest
from fakes.values import answer, at, extension, registration
from msgspec.structs import replace

from regwatch.core.model import Answer, ChangeKind, ExtensionId, Watched
from regwatch.core.phones.diff import Change
from regwatch.core.phones.doubt import Doubt, Standing, Weighed, judge, weigh

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
    assert judge(changes, doubt, answer(1, when=when), Weighed()) is standing


UNSEEN = Change(ChangeKind.ENDED_UNSEEN, ExtensionId(1), at(700), HELD)


RAN_OUT = replace(UNSEEN, kind=ChangeKind.EXPIRED)


@pytest.mark.parametrize(
    ("change", "weighed", "standing"),
    [
        pytest.param(UNSEEN, Weighed(), Standing.BELIEVED, id="one that ended unseen"),
        pytest.param(UNSEEN, Weighed(are_many=True), Standing.DOUBTED, id="with many"),
        pytest.param(RAN_OUT, Weighed(are_many=True), Standing.BELIEVED, id="leases run out"),
        pytest.param(RAN_OUT, Weighed(is_mass=True), Standing.DOUBTED, id="others' ran on"),
    ],
)
def test_many_that_are_gone_together_are_asked_again(
    change: Change, weighed: Weighed, standing: Standing
) -> None:
    assert judge((change,), None, answer(1, when=700), weighed) is standing
    assert judge((change,), DOUBT, answer(1, when=703), Weighed()) is Standing.BELIEVED


@pytest.mark.parametrize(
    ("looked", "standing"),
    [
        pytest.param(500, Standing.DOUBTED, id="its lease ran when somebody could look last"),
        pytest.param(600, Standing.BELIEVED, id="it had ended by then"),
        pytest.param(None, Standing.BELIEVED, id="somebody could look all the time"),
    ],
)
def test_one_that_ended_while_nobody_could_look_is_asked_again(
    looked: float | None, standing: Standing
) -> None:
    until = None if looked is None else at(looked)
    assert judge((UNSEEN,), None, answer(1, when=700), Weighed(), looked=until) is standing


def test_what_the_pbx_says_of_a_lease_counts_though_it_was_seen_to_end() -> None:
    """A PBX that calls everybody unregistered, and lists what is registered, after an outage."""
    lying = answer(1, when=700, former=(registration(ends=1200),))
    gone = replace(GONE, at=at(700))
    assert judge((gone,), None, lying, Weighed()) is Standing.DOUBTED
    everybody = {ExtensionId(n): replace(lying, extension_id=ExtensionId(n)) for n in (1, 2, 3)}
    assert weigh(everybody, watched(1, 2, 3), {}, registered=99).is_mass


def watched(*numbers: int) -> dict[ExtensionId, Watched]:
    """Registered ones, whose leases go on until 600."""
    return {
        ExtensionId(n): Watched(extension(n), registrations=(HELD,), last_registered_at=None)
        for n in numbers
    }


def answers(gone: Iterable[int], here: Iterable[int], when: float) -> dict[ExtensionId, Answer]:
    found = [answer(n, when=when) for n in gone] + [answer(n, HELD, when=when) for n in here]
    return {each.extension_id: each for each in found}


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
        pytest.param((1, 2), (3, 4), 60, False, id="half of four"),
    ],
)
def test_many_that_vanish_at_once_are_a_mass(
    gone: tuple[int, ...], here: tuple[int, ...], when: float, is_mass: bool
) -> None:
    known = watched(*gone, *here)
    assert weigh(answers(gone, here, when), known, {}, registered=99).is_mass is is_mass


@pytest.mark.parametrize(
    ("gone", "registered", "is_mass"), [(4, 12, False), (5, 12, True), (4, 15, True)]
)
def test_a_few_of_a_small_account_are_no_mass(gone: int, registered: int, is_mass: bool) -> None:
    found = answers(range(1, gone + 1), range(gone + 1, 13), 60)
    assert weigh(found, watched(*range(1, 13)), {}, registered=registered).is_mass is is_mass


def test_many_may_be_gone_that_are_no_mass() -> None:
    assert weigh(answers((1, 2, 3), (4,), 700), watched(1, 2, 3, 4), {}).are_many
    assert not weigh(answers((1, 2), (4,), 700), watched(1, 2, 4), {}).are_many


def test_who_could_not_vanish_early_says_nothing_of_a_mass() -> None:
    known = watched(*range(1, 13))
    for n in range(4, 13):
        known[ExtensionId(n)].registrations = (registration(ends=30),)
    assert weigh(answers(range(1, 13), (), 60), known, {}, registered=99).is_mass


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
    found = weigh(answers(gone, here, 63), watched(1, 2, 3, 4), doubts(1, 2, 3, 4))
    assert (found.is_mass, found.confirms_mass) == (False, confirms)


def test_single_ones_that_are_gone_still_are_no_mass() -> None:
    known = doubts(1, 2, 3, is_mass=False)
    assert weigh(answers((1, 2, 3), (), 63), watched(1, 2, 3), known) == Weighed()


def test_others_that_vanish_in_the_confirming_answer_are_doubted_in_their_turn() -> None:
    known, doubted = watched(*range(1, 9)), doubts(1, 2, 3, 4)
    found = weigh(answers(range(1, 8), (), 63), known, doubted, registered=99)
    assert found == Weighed(is_mass=True, are_many=True, confirms_mass=True)


def test_an_answer_in_which_a_bug_is_met_leaves_the_others_to_be_weighed() -> None:
    known = watched(1, 2, 3, 4)
    known[ExtensionId(4)].registrations = (None,)  # type: ignore[assignment]
    found = weigh(answers((1, 2, 3, 4), (), 60), known, {}, registered=99)
    assert found.is_mass
    assert [(i, type(error)) for i, error in found.unweighed.items()] == [(4, AttributeError)]
