import pytest
from msgspec.structs import replace

from regwatch.core.model import Timestamp
from regwatch.core.phones.device_models import (
    ENOUGH,
    EXTRA_MARGIN_SHARE,
    LEASES_TO_WAIT,
    MOST_MODELS,
    DeviceModels,
)
from regwatch.core.phones.habits import Habit

FIRST = Timestamp(1_000_000.0)
LATER = Timestamp(FIRST + LEASES_TO_WAIT * 4000)
YOUNG = Habit(lease_low=590, lease_high=610)
"""Its lease is known, and nothing else."""


def habit(share: float = 0.5, lease: float = 600.0, spread: float = 0.01) -> Habit:
    usual = share * lease
    return Habit(
        refreshes=3,
        lease_low=lease,
        lease_high=lease,
        usual=usual,
        earliest=usual - spread * lease,
        latest=usual + spread * lease,
    )


def kin(*habits: Habit) -> DeviceModels:
    made = DeviceModels()
    for each in habits:
        made.learned("Yealink T46", each, is_new=True, now=FIRST)
    return made


def test_a_new_phone_is_judged_by_its_kin_with_a_wider_margin() -> None:
    judged = kin(*[habit()] * ENOUGH).judged("Yealink T46", YOUNG, learn_after=3, now=LATER)
    assert judged.refreshes == 3
    assert judged.is_steady
    assert judged.usual == 300
    assert judged.latest == 306 + EXTRA_MARGIN_SHARE * 600


def test_what_it_showed_itself_counts_too() -> None:
    own = replace(YOUNG, refreshes=1, usual=340, earliest=340, latest=340)
    judged = kin(*[habit()] * ENOUGH).judged("Yealink T46", own, learn_after=3, now=LATER)
    assert judged.latest == 340


def test_the_first_learned_do_not_speak_for_those_who_refresh_later() -> None:
    """Who refreshes at half its lease is learned long before who refreshes at its end."""
    soon = Timestamp(FIRST + LEASES_TO_WAIT * 600 - 1)
    many = kin(*[habit()] * ENOUGH)
    assert many.judged("Yealink T46", YOUNG, learn_after=3, now=soon) == YOUNG


def test_its_own_habit_goes_before_that_of_its_kin() -> None:
    own = habit(0.9)
    assert kin(*[habit()] * ENOUGH).judged("Yealink T46", own, learn_after=3, now=LATER) == own


def test_too_few_another_model_another_lease_or_an_unknown_one_say_nothing() -> None:
    few = kin(*[habit()] * (ENOUGH - 1))
    many = kin(*[habit()] * ENOUGH)
    assert few.judged("Yealink T46", YOUNG, learn_after=3, now=LATER) == YOUNG
    assert many.judged("Snom 300", YOUNG, learn_after=3, now=LATER) == YOUNG
    assert many.judged("Yealink T46", Habit(), learn_after=3, now=LATER) == Habit()
    long = Habit(lease_low=3590, lease_high=3610)
    assert many.judged("Yealink T46", long, learn_after=3, now=LATER) == long


def test_kin_that_disagree_say_nothing() -> None:
    assert (
        kin(*[habit()] * 9, habit(0.8)).judged("Yealink T46", YOUNG, learn_after=3, now=LATER)
        == YOUNG
    )


def test_a_single_odd_one_among_many_does_not_silence_them() -> None:
    judged = kin(*[habit()] * 60, habit(0.8)).judged("Yealink T46", YOUNG, learn_after=3, now=LATER)
    assert judged.refreshes == 3
    assert judged.latest == 306 + EXTRA_MARGIN_SHARE * 600


def test_if_the_first_was_the_odd_one_the_others_take_its_place() -> None:
    judged = kin(habit(0.8), *[habit()] * (ENOUGH + 1)).judged(
        "Yealink T46", YOUNG, learn_after=3, now=LATER
    )
    assert judged.usual == 300


def test_a_later_refresh_of_one_of_them_widens_what_is_usual() -> None:
    made = kin(*[habit()] * ENOUGH)
    made.learned("Yealink T46", habit(0.5, spread=0.04), is_new=False, now=FIRST)
    judged = made.judged("Yealink T46", YOUNG, learn_after=3, now=LATER)
    assert judged.latest == pytest.approx(324 + EXTRA_MARGIN_SHARE * 600)


def test_devices_without_a_name_or_a_habit_have_no_kin() -> None:
    made = DeviceModels()
    made.learned("", habit(), is_new=True, now=FIRST)
    made.learned("Wild", habit(spread=0.3), is_new=True, now=FIRST)
    assert made.models == {}


def test_however_many_names_come_from_outside_few_are_remembered() -> None:
    made = DeviceModels()
    for number in range(MOST_MODELS + 10):
        made.learned(f"device {number}", habit(), is_new=True, now=FIRST)
    assert len(made.models) == MOST_MODELS
