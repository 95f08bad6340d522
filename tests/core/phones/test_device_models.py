"""Who speaks for a model: extensions, each once, by what they show now."""

from collections.abc import Sequence
from random import Random

import pytest
from fakes.values import at, registration
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch.core.model import ExtensionId
from regwatch.core.phones.device_models import (
    ENOUGH,
    EXTRA_MARGIN_SHARE,
    FADES_SECONDS,
    LEASES_TO_WAIT,
    MOST_MODELS,
    STEPS,
    DeviceModels,
    kin_of,
)
from regwatch.core.phones.habits import STEADY_SHARE, Habit

FIRST = at(0)
LATER = at(LEASES_TO_WAIT * 4000)
DEVICE = "Yealink T46"
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


def see(
    models: DeviceModels,
    number: int,
    *shown: Habit,
    device: str = DEVICE,
    when: float = 0.0,
    entry: int = 0,
) -> None:
    """An extension holds one registration for each of these habits."""
    held = [registration(f"uloc-{number}-{entry}-{n}", device=device) for n in range(len(shown))]
    habits = {each.id: habit for each, habit in zip(held, shown, strict=True)}
    models.learn(ExtensionId(number), held, habits, after=3, now=at(when))


def kin(*habits: Habit) -> DeviceModels:
    """Each that of another extension."""
    made = DeviceModels()
    for number, each in enumerate(habits):
        see(made, number, each)
    return made


def judged(models: DeviceModels, own: Habit = YOUNG, device: str = DEVICE) -> Habit:
    return models.judged(device, own, learn_after=3, now=LATER)


MANY = kin(*[habit()] * ENOUGH)


def test_a_new_phone_is_judged_by_its_kin_with_a_wider_margin() -> None:
    found = judged(MANY)
    assert found.refreshes == 3
    assert found.is_steady
    assert found.usual == 300
    assert found.latest == 306 + EXTRA_MARGIN_SHARE * 600


def test_what_it_showed_itself_counts_too() -> None:
    own = replace(YOUNG, refreshes=1, usual=340, earliest=340, latest=340)
    assert judged(MANY, own).latest == 340


def test_the_first_learned_do_not_speak_for_those_who_refresh_later() -> None:
    """Who refreshes at half its lease is learned long before who refreshes at its end."""
    soon = at(LEASES_TO_WAIT * 600 - 1)
    assert MANY.judged(DEVICE, YOUNG, learn_after=3, now=soon) == YOUNG


def test_its_own_habit_goes_before_that_of_its_kin() -> None:
    assert judged(MANY, habit(0.9)) == habit(0.9)


def test_too_few_another_model_another_lease_or_an_unknown_one_say_nothing() -> None:
    assert judged(kin(*[habit()] * (ENOUGH - 1))) == YOUNG
    assert judged(MANY, device="Snom 300") == YOUNG
    assert judged(MANY, device="Yealink T46 66.86.0.15") == YOUNG, "with other firmware"
    assert judged(MANY, Habit()) == Habit()
    long = Habit(lease_low=3590, lease_high=3610)
    assert judged(MANY, long) == long


def test_kin_that_disagree_say_nothing() -> None:
    assert judged(kin(*[habit()] * 9, habit(0.8))) == YOUNG
    assert judged(kin(*[habit()] * 9, habit(spread=0.2))) == YOUNG


def test_a_single_odd_one_among_many_does_not_silence_them() -> None:
    found = judged(kin(*[habit()] * 60, habit(0.8)))
    assert found.refreshes == 3
    assert found.latest == 306 + EXTRA_MARGIN_SHARE * 600


def test_a_later_refresh_of_one_of_them_widens_what_is_usual() -> None:
    made = kin(*[habit()] * ENOUGH)
    see(made, 0, habit(0.5, spread=0.04))
    assert judged(made).latest == pytest.approx(324 + EXTRA_MARGIN_SHARE * 600)


def test_devices_without_a_name_or_a_habit_have_no_kin() -> None:
    made = DeviceModels()
    see(made, 1, habit(), device="")
    see(made, 2, YOUNG)
    assert made.models == {}


def test_one_that_never_refreshes_at_the_same_point_counts_against_the_others() -> None:
    made = DeviceModels()
    see(made, 1, habit(spread=0.3))
    assert made.models[DEVICE, 600].extensions == 1
    assert made.models[DEVICE, 600].common is None


def test_however_many_names_come_from_outside_few_are_remembered() -> None:
    made = DeviceModels()
    for number in range(MOST_MODELS + 10):
        see(made, number, habit(), device=f"device {number}")
    assert len(made.models) == MOST_MODELS
    for number in range(MOST_MODELS + 10):
        made.forget(ExtensionId(number))
    assert made.models == {}


@pytest.mark.parametrize(
    "device",
    [
        "Gigaset N870 IP PRO/83.V2.43.0+build.5f0a106;7C2F80{}",
        "PolycomVVX-VVX_411-UA/5.9.5.0614_64167f{}",
        "Aastra57i MAC:00-08-5D-{} V:2.3.1.26-SIP",
    ],
)
def test_what_only_one_device_has_does_not_part_it_from_its_kin(device: str) -> None:
    parts = ("AB-CD-EF", "12-34-56") if "-{}" in device else ("ABCDEF", "123456")
    one, other = (device.format(each) for each in parts)
    assert one != other
    assert kin_of(one) == kin_of(other) != ""


def test_firmware_and_model_do() -> None:
    assert len({kin_of(f"Yealink SIP-T{each}") for each in ("46S 66.84", "46S 66.85", "48S")}) == 3


# --- extensions, not registrations ----------------------------------------------------------------


def test_one_phone_never_speaks_for_its_model_however_often_it_is_rebooted() -> None:
    made = DeviceModels()
    for entry in range(10 * ENOUGH):
        see(made, 1, habit(), entry=entry)
    assert made.models[DEVICE, 600].extensions == 1
    assert judged(made) == YOUNG


def test_nor_does_one_extension_with_many_of_them() -> None:
    made = DeviceModels()
    see(made, 1, *[habit()] * (2 * ENOUGH))
    assert judged(made) == YOUNG


@pytest.mark.parametrize(
    ("shown", "device"),
    [
        pytest.param(habit(0.8), DEVICE, id="it refreshes otherwise"),
        pytest.param(habit(lease=300.0), DEVICE, id="it has another lease"),
        pytest.param(YOUNG, DEVICE, id="it is learned anew"),
        pytest.param(habit(), "Yealink T46 66.86", id="it has other firmware"),
    ],
)
def test_one_that_changes_is_taken_out_again(shown: Habit, device: str) -> None:
    made = kin(*[habit()] * ENOUGH)
    see(made, 0, shown, device=device)
    assert judged(made) == YOUNG


def test_so_is_one_that_is_watched_no_more_but_not_one_that_is_away() -> None:
    made = kin(*[habit()] * ENOUGH)
    see(made, 0)
    assert judged(made) != YOUNG
    made.forget(ExtensionId(0))
    assert judged(made) == YOUNG
    made.forget(ExtensionId(0))
    assert made.models[DEVICE, 600].extensions == ENOUGH - 1


def test_who_was_not_seen_to_refresh_for_long_says_nothing_any_more() -> None:
    made = kin(*[habit()] * ENOUGH)
    see(made, 1, habit(), when=FADES_SECONDS / 2)
    see(made, 99, habit(), device="Snom", when=FADES_SECONDS - 1)
    assert made.models[DEVICE, 600].extensions == ENOUGH
    see(made, 99, habit(), device="Snom", when=FADES_SECONDS)
    assert made.models[DEVICE, 600].extensions == 1
    see(made, 99, habit(), device="Snom", when=1.5 * FADES_SECONDS)
    assert list(made.models) == [("Snom", 600)]


# --- laws -----------------------------------------------------------------------------------------

SHOWN = st.builds(
    habit,
    st.sampled_from([0.5, 0.51, 0.53, 0.56, 0.8]),
    st.sampled_from([600.0, 3600.0]),
    st.sampled_from([0.0, 0.01, 0.04, 0.2]),
)
SEEN = st.tuples(st.integers(0, 12), st.lists(SHOWN, max_size=2))
"""An extension, and what it holds then."""


@given(st.lists(SEEN, max_size=40), st.randoms(use_true_random=False))
def test_only_what_extensions_show_last_matters(
    seen: Sequence[tuple[int, list[Habit]]], random: Random
) -> None:
    """Not what they showed before, nor in which order."""
    made = DeviceModels()
    for number, shown in seen:
        see(made, number, *shown)
    last = {number: shown for number, shown in seen if shown}
    shuffled = list(last.items())
    random.shuffle(shuffled)
    fresh = DeviceModels()
    for number, shown in shuffled:
        see(fresh, number, *shown)
    assert {k: (m.extensions, m.common) for k, m in made.models.items()} == {
        k: (m.extensions, m.common) for k, m in fresh.models.items()
    }


@given(st.lists(SHOWN, min_size=1, max_size=80))
def test_what_is_common_is_no_narrower_than_what_those_who_agree_show(shown: list[Habit]) -> None:
    made = kin(*shown)
    for (_, lease), model in made.models.items():
        common = model.common
        if common is None:
            continue
        mine = [each for each in shown if each.lease == lease]
        inside = [
            each
            for each in mine
            if common.earliest * lease <= each.earliest * STEPS + 1e-6
            and each.latest * STEPS <= common.latest * lease + 1e-6
        ]
        assert len(inside) >= max(ENOUGH, len(mine) * 0.98)
        assert common.latest - common.earliest <= STEADY_SHARE * STEPS


@given(st.lists(st.tuples(st.integers(0, 99), SHOWN), max_size=60))
def test_one_extension_alone_never_makes_a_model_agree(seen: list[tuple[int, Habit]]) -> None:
    made = DeviceModels()
    for entry, shown in seen:
        see(made, 1, shown, entry=entry)
    assert all(model.common is None for model in made.models.values())


def test_the_same_shown_by_many_is_held_once() -> None:
    made = DeviceModels()
    for number in range(300):
        see(made, number, habit(0.5 + number % 7 / 200))
    model = made.models[DEVICE, 600]
    assert (model.extensions, len(model._shown)) == (300, 7)
