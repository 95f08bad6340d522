"""Which registrations are late, since when, and in which words."""

import pytest
from fakes.values import at, extension, registration
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch.core.model import ExtensionId, Registration, RegistrationId, Watched
from regwatch.core.phones.device_models import ENOUGH, DeviceModels
from regwatch.core.phones.habits import Habit
from regwatch.core.phones.identity import Track
from regwatch.core.phones.lateness import Lateness, LatenessPolicy, habit_of, lateness_in
from regwatch.core.phones.memory import Memory

HALFWAY = Habit(
    refreshes=6, lease_low=600.0, lease_high=600.0, usual=300.0, earliest=299.0, latest=301.0
)
"""Late 30 s (5 % of the lease) after the latest refresh ever seen: 331 s after it was granted."""
YOUNG = Habit(
    refreshes=2, lease_low=600.0, lease_high=600.0, usual=300.0, earliest=300.0, latest=300.0
)
HELD = registration("uloc-1", ends=600)
AT_LEASE_END = LatenessPolicy(before_expiry=60.0)


def late(
    when: float,
    *held: Registration,
    habit: Habit | None = HALFWAY,
    policy: LatenessPolicy = LatenessPolicy(),  # noqa: B008 - a frozen value
    gap: float = 20.0,
    tracks: dict[str, tuple[float, float]] | None = None,
) -> list[tuple[str, Lateness]]:
    """By subject; every registration has the habit."""
    held = held or (HELD,)
    memory = Memory(
        tracks={
            RegistrationId(name): Track(at(first), at(refreshed))
            for name, (first, refreshed) in (tracks or {}).items()
        },
        habits={} if habit is None else {each.id: habit for each in held},
    )
    who = Watched(extension(1), registrations=held)
    return list(lateness_in(who, memory, DeviceModels(), policy, gap=gap, now=at(when)))


def test_it_is_late_from_the_latest_refresh_and_a_margin_on() -> None:
    assert late(330) == []
    ((subject, found),) = late(331)
    assert subject == "extension:1"
    assert found.due_at == at(331)
    assert found.story == "usually refreshes at 50 % of 600 s, 31 s late"
    assert found.basis == "learned from 6 of its refreshes, warned from 55 % on"


@pytest.mark.parametrize(
    ("habit", "gap"),
    [
        pytest.param(None, 20, id="nothing is known of it"),
        pytest.param(YOUNG, 20, id="learned from too few"),
        pytest.param(HALFWAY, 270, id="polls are too far apart to see it in time"),
    ],
)
def test_of_what_is_not_known_well_enough_nothing_is_told(habit: Habit | None, gap: float) -> None:
    assert late(599, habit=habit, gap=gap) == []


def test_so_many_refreshes_as_the_policy_asks_for_suffice() -> None:
    assert late(599, habit=YOUNG, policy=LatenessPolicy(learn_after=2))


@pytest.mark.parametrize(
    ("when", "habit", "is_late"),
    [
        pytest.param(539, None, False, id="before the threshold"),
        pytest.param(540, None, True, id="from the threshold on"),
        pytest.param(540, YOUNG, True, id="also of one whose habit is not learned"),
        pytest.param(
            540, Habit(lease_low=60.0, lease_high=60.0), False,
            id="never where the lease is no longer than the threshold",
        ),
    ],
)  # fmt: skip
def test_a_fixed_threshold_holds_for_all_if_it_is_set(
    when: float, habit: Habit | None, is_late: bool
) -> None:
    found = late(when, habit=habit, policy=AT_LEASE_END)
    assert [(each.due_at, each.story) for _, each in found] == (
        [(at(540), "not refreshed yet")] if is_late else []
    )


def test_the_habit_tells_more_than_the_threshold() -> None:
    ((_, found),) = late(550, policy=AT_LEASE_END)
    assert found.due_at == at(331)


def test_it_says_between_which_points_it_refreshes() -> None:
    wide = replace(HALFWAY, refreshes=38, earliest=301.0, latest=318.0)
    ((_, found),) = late(560, habit=wide)
    assert found.story == "usually refreshes at 50-53 % of 600 s, 4 min 20 s late"
    assert found.basis == "learned from 38 of its refreshes, warned from 58 % on"


def test_of_several_devices_each_is_told_by_itself() -> None:
    other = registration("uloc-2", ends=1200, device="Linphone/5.2")
    tracks = {"uloc-1": (0.0, 100.0), "uloc-2": (60.0, 60.0)}
    assert [subject for subject, _ in late(400, HELD, other, tracks=tracks)] == [
        "registration:1/uloc-1"
    ]


@pytest.mark.parametrize(
    ("came", "subjects"),
    [
        pytest.param(120, [], id="it goes on under the other entry: left to run out"),
        pytest.param(60, ["registration:1/uloc-1"], id="a twin on the next desk is no heir"),
    ],
)
def test_an_entry_that_a_reboot_left_behind_is_not_late(came: float, subjects: list[str]) -> None:
    fresh = registration("uloc-2", ends=1200, contact="sip:101@192.168.5.53:5062")
    tracks = {"uloc-1": (0.0, 100.0), "uloc-2": (came, came)}
    assert [subject for subject, _ in late(400, HELD, fresh, tracks=tracks)] == subjects


@example(when=300.0, gap=0.0, before=300.0).via("the fixed threshold comes before the habit's")
@given(st.floats(0, 2000), st.floats(0, 400), st.sampled_from([0.0, 60.0, 300.0]))
def test_what_is_late_was_due_and_stays_late(when: float, gap: float, before: float) -> None:
    policy = LatenessPolicy(before_expiry=before)
    for _, found in late(when, gap=gap, policy=policy):
        assert found.due_at <= found.seen_at == at(when)
        assert [each.due_at for _, each in late(when + 100, gap=gap, policy=policy)] == [
            found.due_at
        ]


def test_a_young_one_is_judged_by_its_kin() -> None:
    models = DeviceModels()
    for number in range(ENOUGH):
        models.learn(
            ExtensionId(10 + number), (HELD,), {HELD.id: HALFWAY}, after=3, now=at(-10_000)
        )
    memory = Memory(habits={HELD.id: YOUNG})
    judged = habit_of(HELD, memory, models, learn_after=3, now=at(0))
    assert judged is not None
    assert judged.refreshes == 3
    assert judged.latest > HALFWAY.latest, "with a wider margin"
    policy = LatenessPolicy(learn_after=3)
    who = Watched(extension(1), registrations=(HELD,))
    ((_, found),) = lateness_in(who, memory, models, policy, gap=20, now=at(500))
    assert found.basis.startswith("learned from others of its model and firmware, warned from")
    assert habit_of(HELD, memory, models, learn_after=2, now=at(0)) == YOUNG
    assert habit_of(registration("uloc-9"), memory, models, learn_after=3, now=at(0)) is None
