"""Which extensions come and go."""

from collections.abc import Sequence

import pytest
from fakes.holdings import holdings
from fakes.values import at, registration
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.model import ChangeKind, ExtensionId
from regwatch.core.phones.diff import Change
from regwatch.core.phones.flapping import Flapping, FlappingPolicy

ONE = ExtensionId(1)
LOST, BACK = ChangeKind.UNREGISTERED, ChangeKind.RESTORED
POLICY = FlappingPolicy(changes=4, window=600, calm=300)


def note(
    flapping: Flapping, when: float, *kinds: ChangeKind, is_explained: bool = False
) -> tuple[float, int] | None:
    """What an answer showed; since when it flaps and how often, if it does."""
    changes = [Change(kind, ONE, at(when), registration()) for kind in kinds]
    flapping.count(ONE, changes, is_explained=is_explained)
    flaps = flapping.judge(ONE, now=at(when))
    return None if flaps is None else (flaps.since - at(0), flaps.changes)


def after(*kinds: ChangeKind, every: float = 100, policy: FlappingPolicy = POLICY) -> Flapping:
    flapping = Flapping(policy)
    for number, kind in enumerate(kinds):
        note(flapping, number * every, kind)
    return flapping


def test_who_changed_long_ago_is_forgotten_and_who_is_away_is_not() -> None:
    flapping = after(LOST)
    for number in range(2, 500):
        when = 60.0 * number
        for kind in (LOST, BACK):
            change = Change(kind, ExtensionId(number), at(when), registration())
            flapping.count(change.extension_id, [change], is_explained=False)
    assert holdings(flapping)["._records"] <= POLICY.window / 60 + 10
    assert note(flapping, 30_000, BACK) is None
    found = [
        note(flapping, 30_000 + each, kind) for each, kind in ((1, LOST), (2, BACK), (3, LOST))
    ]
    assert found[-1] == (30_000, 4), "its return counted"


@pytest.mark.parametrize(
    ("kinds", "is_flapping"),
    [
        pytest.param([LOST, BACK, LOST], False, id="one change less is not enough"),
        pytest.param([LOST, BACK, LOST, BACK], True, id="losses and returns are changes"),
        pytest.param([LOST, LOST, BACK, LOST], False, id="a second device lost is no change"),
        pytest.param([BACK, LOST, BACK, LOST], False, id="a return from nothing is none"),
        pytest.param(
            [LOST, ChangeKind.REGISTERED, ChangeKind.EXPIRED, BACK], True, id="however they happen"
        ),
        pytest.param([ChangeKind.REGISTERED] * 5, False, id="new entries are no changes"),
        pytest.param([ChangeKind.REPLACED] * 5, False, id="reboots are none"),
        pytest.param([ChangeKind.MOVED] * 5, False, id="moves are none"),
        pytest.param([ChangeKind.DELETED, BACK] * 3, False, id="what we deleted is none"),
    ],
)
def test_so_many_losses_and_returns_are_flapping(
    kinds: Sequence[ChangeKind], *, is_flapping: bool
) -> None:
    found = after(*kinds).judge(ONE, now=at(500))
    assert (found is not None) == is_flapping


def test_changes_that_are_spread_wider_than_the_window_are_no_flapping() -> None:
    flapping = after(LOST, BACK, LOST, every=250)
    assert note(flapping, 750, BACK) is None
    assert note(flapping, 800, LOST) == (250, 4), "the last four lie within it"


def test_it_is_over_after_the_calm_and_begins_afresh() -> None:
    flapping = after(LOST, BACK, LOST, BACK)
    assert note(flapping, 599) == (0, 4)
    assert note(flapping, 600) is None
    assert note(flapping, 610, LOST, BACK, LOST) is None
    assert note(flapping, 620, BACK) == (610, 4)


def test_each_change_puts_the_calm_off() -> None:
    flapping = after(LOST, BACK, LOST, BACK)
    assert note(flapping, 590, LOST) == (0, 5)
    assert note(flapping, 889) == (0, 5)
    assert note(flapping, 890) is None


def test_what_something_else_explains_does_not_count_nor_does_the_return_from_it() -> None:
    flapping = Flapping(POLICY)
    for number in range(6):
        note(flapping, 20 * number, LOST, is_explained=True)
        note(flapping, 20 * number + 10, BACK)
    assert flapping.judge(ONE, now=at(120)) is None
    note(flapping, 130, LOST)
    note(flapping, 140, BACK, is_explained=True)
    assert note(flapping, 150, LOST, BACK, LOST) is None, "the one before is taken back"
    assert note(flapping, 160, BACK) == (150, 4)


def test_after_a_restart_of_ours_the_calm_begins_with_the_first_answer() -> None:
    flapping = Flapping(POLICY)
    flapping.resume(ONE, at(-5000))
    assert note(flapping, 0) == (-5000, 0)
    assert note(flapping, 299) == (-5000, 0)
    assert note(flapping, 300) is None


def test_it_can_be_switched_off() -> None:
    flapping = Flapping(None)
    assert note(flapping, 0, LOST, BACK, LOST, BACK, LOST) is None
    flapping.resume(ONE, at(0))
    assert note(flapping, 1) is None


def test_who_is_removed_begins_afresh() -> None:
    flapping = after(LOST, BACK, LOST)
    flapping.forget(ONE)
    assert note(flapping, 310, LOST) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 900), st.sampled_from([LOST, BACK])), max_size=40))
def test_it_flaps_only_with_enough_changes_in_the_window_and_stops_only_in_calm(
    story: list[tuple[int, ChangeKind]],
) -> None:
    flapping, now, away, was, counted = Flapping(POLICY), 0.0, False, False, list[float]()
    for pause, kind in story:
        was_calm = bool(counted) and now + pause - counted[-1] >= POLICY.calm
        now += pause
        if was and was_calm:
            assert note(flapping, now) is None
            was, away = False, False
            counted.clear()
        if (kind is LOST) is not away:
            away = not away
            counted.append(now)
        is_flapping = note(flapping, now, kind) is not None
        dense = len(counted) >= POLICY.changes and counted[-POLICY.changes] >= now - POLICY.window
        assert is_flapping == (was or dense)
        was = is_flapping
