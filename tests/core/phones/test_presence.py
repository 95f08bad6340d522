"""One extension, one answer: what it means in the light of the one before."""

import pytest
from fakes.values import answer, at, extension, registration
from msgspec.structs import replace

from regwatch.core.model import (
    Answer,
    ChangeKind,
    ExtensionState,
    Registration,
    RegistrationId,
    Watched,
)
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Loss, Memory
from regwatch.core.phones.presence import changes_in, held_last, is_lost, state_of, understood

HELD = registration("uloc-1", ends=600)
OTHER = registration("uloc-2", ends=900)
LOST = Memory(loss=Loss(HELD, "expired", at(0), at(610)))


def watched(*held: Registration, ever: bool = True, asked: bool = True) -> Watched:
    return Watched(
        extension(1),
        registrations=held,
        answered_at=at(0) if asked else None,
        last_registered_at=at(0) if ever and asked else None,
    )


def without_lease(name: str = "uloc-1") -> Registration:
    return registration(name, ends=None)


@pytest.mark.parametrize(
    ("given", "means"),
    [
        pytest.param(
            answer(1, when=60, registered=True), [HELD, OTHER],
            id="registered without entries: those it had",
        ),
        pytest.param(answer(1, when=60), [], id="not registered: none"),
        pytest.param(answer(1, OTHER, when=60), [OTHER], id="entries with leases: as they stand"),
        pytest.param(
            answer(1, without_lease(), when=599), [HELD],
            id="no lease in its last second: the old lease",
        ),
        pytest.param(
            answer(1, without_lease(), OTHER, when=700), [HELD, OTHER],
            id="no lease until the registrar cleans up: the old lease",
        ),
        pytest.param(
            answer(1, without_lease(), when=300), [without_lease()],
            id="no lease in the midst of the old one: permanent now",
        ),
        pytest.param(
            answer(1, without_lease("uloc-9"), when=700), [without_lease("uloc-9")],
            id="another one without a lease: permanent",
        ),
    ],
)  # fmt: skip
def test_an_answer_is_read_in_the_light_of_the_one_before(
    given: Answer, means: list[Registration]
) -> None:
    assert list(understood(given, watched(HELD, OTHER)).registrations) == means


@pytest.mark.parametrize(
    ("held", "ever", "lost"), [((HELD,), True, False), ((), True, True), ((), False, False)]
)
def test_lost_is_what_was_there_and_is_not(
    held: tuple[Registration, ...], ever: bool, lost: bool
) -> None:
    assert is_lost(watched(*held, ever=ever)) is lost


def test_what_it_held_last_is_what_it_holds_or_lost() -> None:
    assert held_last(watched(OTHER), LOST) == (OTHER,)
    assert held_last(watched(), LOST) == (HELD,)
    assert held_last(watched(), NOTHING_REMEMBERED) == ()


def kinds(who: Watched, given: Answer, *deleted: str) -> list[ChangeKind]:
    ids = [RegistrationId(each) for each in deleted]
    return [change.kind for change in changes_in(who, NOTHING_REMEMBERED, given, ids)]


def test_the_first_answer_changes_nothing_and_an_equal_one_neither() -> None:
    assert kinds(watched(asked=False), answer(1, HELD, when=60)) == []
    assert kinds(watched(HELD), answer(1, HELD, when=60)) == []


def test_what_came_and_went_is_told_apart_from_what_came_back() -> None:
    assert kinds(watched(ever=False), answer(1, HELD, when=60)) == [ChangeKind.REGISTERED]
    assert kinds(watched(), answer(1, HELD, when=60)) == [ChangeKind.RESTORED]
    assert kinds(watched(HELD), answer(1, when=60)) == [ChangeKind.UNREGISTERED]
    assert kinds(watched(HELD), answer(1, when=60), "uloc-1") == [ChangeKind.DELETED]
    assert kinds(watched(HELD), answer(1, when=700)) == [ChangeKind.ENDED_UNSEEN]


REGISTERED, OVERDUE, LOSS, NONE = (
    ExtensionState.REGISTERED,
    ExtensionState.OVERDUE,
    ExtensionState.LOST,
    ExtensionState.UNREGISTERED,
)


@pytest.mark.parametrize(
    ("held", "ever", "overdue", "expected", "state"),
    [
        ((HELD,), True, False, True, REGISTERED),
        ((HELD,), True, True, True, OVERDUE),
        ((HELD,), True, True, False, REGISTERED),
        ((), True, False, True, LOSS),
        ((), True, True, True, LOSS),
        ((), True, False, False, NONE),
        ((), False, False, True, NONE),
        ((), False, False, False, NONE),
    ],
)
def test_the_state_by_the_last_answer(
    held: tuple[Registration, ...],
    ever: bool,
    overdue: bool,
    expected: bool,
    state: ExtensionState,
) -> None:
    who = watched(*held, ever=ever)
    assert state_of(who, LOST.loss, overdue=overdue, is_expected=expected) is state


def test_who_said_good_bye_signed_off_and_is_not_lost() -> None:
    assert LOST.loss is not None
    loss = replace(LOST.loss, reason="unregistered")
    assert state_of(watched(), loss, overdue=False) is ExtensionState.SIGNED_OFF
    assert state_of(watched(), loss, overdue=False, is_expected=False) is NONE
    assert state_of(watched(), None, overdue=False) is LOSS, "nobody knows how"
