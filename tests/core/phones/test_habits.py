"""When a refresh is overdue, learned from the jumps of a lease's end."""

import random
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import msgpack
from msgspec.structs import replace

from regwatch.core.model import Registration, RegistrationId, Timestamp
from regwatch.core.phones.habits import (
    LITTLE_SHARE,
    ROUNDING,
    Habit,
    about_to_expire_at,
    begin,
    inherit,
    learn,
    margin,
    overdue_after,
    usual_refresh_at,
)

START = 1_700_000_000.0


def ending(lease_ends_at: float | None) -> Registration:
    ends_at = None if lease_ends_at is None else Timestamp(START + lease_ends_at)
    return Registration(
        id=RegistrationId("uloc-1"),
        device="",
        real_address="",
        contact_address="",
        lease_ends_at=ends_at,
    )


Poll = tuple[float, float | None]
"""When it was asked, and the lease's end it showed."""


def learned(polls: Sequence[Poll], habit: Habit | None = None) -> Habit:
    for (asked, ends), (asked_next, ends_next) in pairwise(polls):
        habit = learn(
            habit,
            ending(ends),
            ending(ends_next),
            asked_at_before=Timestamp(START + asked),
            asked_at_after=Timestamp(START + asked_next),
        )
    assert habit is not None
    return habit


@dataclass(frozen=True)
class Phone:
    """Refreshes after `period` seconds of its `lease`, give or take `jitter` of the period."""

    lease: float = 600.0
    period: float = 300.0
    jitter: float = 0.0

    def grants(self, until: float, seed: int = 0) -> Iterator[float]:
        dice, when = random.Random(seed), 0.0
        while when <= until:
            yield when
            when += self.period * (1 + dice.uniform(-self.jitter, self.jitter))

    def polled(self, every: float, until: float, seed: int = 0) -> list[Poll]:
        """What polls see: whole seconds left, as the PBX tells them."""
        grants = list(self.grants(until, seed))
        polls: list[Poll] = []
        asked = 1.5
        while asked < until:
            granted = max(g for g in grants if g <= asked)
            polls.append((asked, asked + int(granted + self.lease - asked)))
            asked += every
        return polls


STEADY = learned(Phone().polled(60, 3000))


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("lease", [300.0, 600.0, 1800.0, 3600.0])
def test_lease_and_refresh_point_are_found(lease: float, share: float) -> None:
    habit = learned(Phone(lease, lease * share, 0.01).polled(60, 12 * lease))
    assert habit.lease == pytest.approx(lease, abs=2)
    assert habit.usual_share == pytest.approx(share, abs=0.02)
    assert habit.is_steady


def test_the_first_refresh_tells_the_lease_alone() -> None:
    habit = learned(Phone().polled(60, 350))
    assert (habit.refreshes, habit.usual_share, habit.is_steady) == (0, None, False)
    assert habit.lease_low <= 600 <= habit.lease_high + 1


def test_overdue_begins_a_margin_after_the_latest_point_seen() -> None:
    after = overdue_after(STEADY, ending(1000), learn_after=3)
    assert after is not None
    usual = usual_refresh_at(STEADY, ending(1000))
    assert usual == pytest.approx(START + 700, abs=3)
    assert after - START == pytest.approx(700 + 30, abs=60 + 3)
    assert after - START >= 700 + 30 - 3


@pytest.mark.parametrize(
    ("lease", "expected"), [(60.0, 10.0), (200.0, 10.0), (600.0, 30.0), (3600.0, 180.0)]
)
def test_the_margin_is_a_share_of_the_lease_and_at_least_ten_seconds(
    lease: float, expected: float
) -> None:
    assert margin(Habit(lease_low=lease, lease_high=lease)) == expected


KNOWN = Habit(refreshes=5, lease_low=600, lease_high=600, usual=300, earliest=295, latest=305)


@pytest.mark.parametrize(
    ("habit", "ends_at"),
    [
        (None, 1000),
        (Habit(), 1000),
        (KNOWN, None),
        (Habit(2, 600, 600, 300, 295, 305), 1000),
        (Habit(9, 600, 600, 300, 290, 350), 1000),
        (Habit(9, 600, 600, 560, 555, 565), 1000),
        (Habit(9, 600, 600, 540, 535, 541), 1000),
        (Habit(9, 60, 60, 30, 29, 31), 1000),
    ],
    ids=[
        "nothing known",
        "nothing learned",
        "a permanent registration",
        "too few refreshes",
        "spread over a tenth of the lease",
        "refreshes just before the end",
        "less than half a minute to spare",
        "a short lease",
    ],
)
def test_no_overdue_is_told_where_it_could_not_be_trusted_or_used(
    habit: Habit | None, ends_at: float | None
) -> None:
    assert overdue_after(habit, ending(ends_at), learn_after=3) is None


def test_the_room_worth_a_warning_can_be_told() -> None:
    assert overdue_after(KNOWN, ending(1000), learn_after=3, least_room=265) is not None
    assert overdue_after(KNOWN, ending(1000), learn_after=3, least_room=266) is None


def test_the_exact_moment() -> None:
    assert overdue_after(KNOWN, ending(1000), learn_after=5) == START + 1000 - 600 + 305 + 30


def test_a_late_refresh_is_never_forgotten() -> None:
    late = learned([(435, 600), (445, 1040)], KNOWN)
    assert late.latest == 440
    later = learned(Phone().polled(60, 60_000), late)
    assert later.latest == 440
    assert not later.is_steady


def test_an_early_refresh_fades() -> None:
    early = learned([(190, 600), (200, 800)], KNOWN)
    assert early.earliest == 200
    assert not early.is_steady
    later = learned(Phone().polled(60, 12_000), early)
    assert later.is_steady


@pytest.mark.parametrize(
    "polls",
    [
        [(100, 700), (160, 700)],
        [(100, 700), (160, 760)],
        [(100, 700), (160, 730), (220, 790)],
        [(100, None), (160, 760)],
        [(100, 700), (160, None)],
    ],
    ids=[
        "no refresh",
        "a cached answer: seconds left do not fall",
        "an answer cached for a while",
        "end unknown before",
        "end unknown after",
    ],
)
def test_what_is_no_refresh_teaches_nothing_of_the_point(polls: list[Poll]) -> None:
    assert replace(learned(polls, KNOWN), wobble=0.0) == KNOWN


def test_how_far_cached_answers_mislead_is_added_to_the_margin_and_fades() -> None:
    cached = learned([(100, 700), (160, 745)], KNOWN)
    assert margin(cached) == margin(KNOWN) + 45
    put_right = learned([(160, 745), (220, 700)], cached)
    assert put_right == cached, "and that is no shorter lease"
    later = learned(Phone().polled(60, 12_000), cached)
    assert margin(later) < margin(KNOWN) + 1


def test_a_refresh_between_two_distant_polls_is_not_taken_for_a_cached_answer() -> None:
    assert learned([(10, 600), (320, 900)], KNOWN) == KNOWN


def test_a_lease_that_ended_between_two_polls_was_renewed_and_has_not_drifted() -> None:
    assert learned([(100, 150), (500, 540)], KNOWN) == KNOWN


def test_far_apart_polls_teach_if_the_one_before_was_late_in_the_lease() -> None:
    """The old lease was granted at 0: who had not refreshed by 200 does not do so twice by 300."""
    habit = learned([(200, 600), (450, 904)], KNOWN)
    assert (habit.refreshes, habit.latest) == (6, 305)


def test_a_new_entry_tells_its_lease_by_when_it_came() -> None:
    habit = begin(ending(1100), asked_at_before=Timestamp(START + 480), now=Timestamp(START + 540))
    assert (habit.lease_low, habit.lease_high, habit.lease) == (560, 620, 600)
    assert begin(ending(None), asked_at_before=Timestamp(START), now=Timestamp(START)) == Habit()
    known_at_once = learned(Phone().polled(60, 350), habit)
    assert known_at_once.refreshes == 1


@pytest.mark.parametrize(
    ("fresh", "expected"),
    [
        (Habit(lease_low=560, lease_high=620), KNOWN),
        (Habit(lease_low=1740, lease_high=1805), Habit(lease_low=1740, lease_high=1805)),
        (Habit(lease_low=295, lease_high=330), Habit(lease_low=295, lease_high=330)),
        (Habit(), Habit()),
    ],
    ids=["the same lease", "a longer one", "a shorter one", "an unknown one"],
)
def test_a_device_that_comes_back_keeps_its_habit_if_its_lease_is_the_same(
    fresh: Habit, expected: Habit
) -> None:
    assert inherit(KNOWN, fresh) == expected


@pytest.mark.parametrize(
    "polls",
    [
        [(100, 600), (350, 900)],
        [(0, 600), (610, 1210)],
        [(0, 600), (850, 1400)],
    ],
    ids=["polls too far apart for one refresh", "two refreshes", "three refreshes"],
)
def test_refreshes_that_polls_missed_teach_nothing_of_the_point(polls: list[Poll]) -> None:
    habit = learned(polls, KNOWN)
    assert (habit.refreshes, habit.latest, habit.usual) == (5, 305, 300)


@pytest.mark.parametrize("lease", [400.0, 1800.0])
def test_a_changed_lease_is_learned_anew(lease: float) -> None:
    granted = 300.0
    changed = learned([(295, 600), (305, granted + lease)], KNOWN)
    assert changed.refreshes == 0
    assert overdue_after(changed, ending(granted + lease), learn_after=3) is None
    habit = learned(Phone(lease, lease / 2).polled(30, 10 * lease), changed)
    assert habit.lease == lease
    assert habit.is_steady


def test_a_shorter_lease_that_ends_sooner_is_learned_anew() -> None:
    assert learned([(295, 600), (305, 420)], KNOWN) == Habit()


def test_a_lease_no_round_number_fits_is_told_as_seen() -> None:
    assert Habit(lease_low=100.4, lease_high=97.0).lease == 100.4
    assert Habit(lease_low=3540.0, lease_high=3620.0).lease == 3600.0
    assert Habit(lease_low=170.0, lease_high=188.0).lease == 180.0


@pytest.mark.parametrize(
    ("habit", "ends_at", "before_expiry", "expected"),
    [
        (None, 1000, 0.0, None),
        (None, 1000, 120.0, 880),
        (None, None, 120.0, None),
        (Habit(), 1000, 120.0, 880),
        (KNOWN, 1000, 120.0, 880),
        (KNOWN, 1000, 600.0, None),
    ],
    ids=[
        "off",
        "before the end",
        "no end",
        "nothing learned",
        "lease longer than the threshold",
        "lease no longer than the threshold",
    ],
)
def test_the_fixed_threshold(
    habit: Habit | None, ends_at: float | None, before_expiry: float, expected: float | None
) -> None:
    told = about_to_expire_at(habit, ending(ends_at), before_expiry=before_expiry)
    assert told == (None if expected is None else START + expected)


@pytest.mark.parametrize("habit", [None, Habit()])
def test_no_usual_refresh_is_told_before_it_is_known(habit: Habit | None) -> None:
    assert usual_refresh_at(habit, ending(1000)) is None
    assert usual_refresh_at(KNOWN, ending(None)) is None


def test_a_habit_is_small() -> None:
    """In memory, with all it holds, as learned and as restored."""
    polls, count = Phone(jitter=0.01).polled(60, 3000), 2000
    learned(polls)  # what Python keeps for good is kept by now
    tracemalloc.start()
    habits = [learned(polls) for _ in range(count)]
    held, _ = tracemalloc.get_traced_memory()
    assert (held - sys.getsizeof(habits)) / count <= 200
    stored = [msgpack.encode(habit) for habit in habits]
    before, _ = tracemalloc.get_traced_memory()
    restored = [msgpack.decode(each, type=Habit) for each in stored]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before - sys.getsizeof(restored)) / count <= 200
    assert restored == habits


@given(
    lease=st.sampled_from([60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0]),
    share=st.floats(0.4, 0.95),
    every=st.sampled_from([15.0, 60.0, 97.0, 400.0]),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=100)
def test_a_steady_phone_is_never_overdue(
    lease: float, share: float, every: float, seed: int
) -> None:
    polls = Phone(lease, lease * share, 0.02).polled(every, 40 * lease, seed)
    habit: Habit | None = None
    for previous, current in pairwise(polls):
        after = overdue_after(habit, ending(previous[1]), learn_after=3)
        still_old = abs((current[1] or 0) - (previous[1] or 0)) < 2
        assert not (after is not None and still_old and START + current[0] > after)
        habit = learned([previous, current], habit)


@given(
    lease=st.sampled_from([600.0, 1800.0, 3600.0]),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=50)
def test_a_phone_refreshing_at_half_its_lease_is_overdue_long_before_its_end(
    lease: float, seed: int
) -> None:
    polls = Phone(lease, lease / 2, 0.02).polled(60, 12 * lease, seed)
    ends_at = polls[-1][1]
    after = overdue_after(learned(polls), ending(ends_at), learn_after=3)
    assert after is not None
    assert ends_at is not None
    assert START + ends_at - after >= 0.35 * lease - 60


@given(
    lease=st.sampled_from([300.0, 600.0, 3600.0]),
    share=st.floats(0.4, 0.7),
    spread=st.floats(0, 0.6),
    every=st.sampled_from([15.0, 60.0, 97.0, 400.0]),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=100)
def test_a_habit_never_claims_a_period_that_was_not_seen(
    lease: float, share: float, spread: float, every: float, seed: int
) -> None:
    """However seldom a steady device is looked at, and however unsteady one is that is looked at
    more often than it refreshes.
    """
    if every > (share - spread / 2) * lease - ROUNDING:
        spread = min(spread, LITTLE_SHARE - 0.01)
    phone = Phone(lease, share * lease, spread / (2 * share))
    seen = [later - sooner for sooner, later in pairwise(phone.grants(20 * lease, seed))]
    habit = learned(phone.polled(every, 20 * lease, seed))
    if habit.refreshes:
        assert min(seen) - ROUNDING <= habit.earliest <= habit.usual + ROUNDING
        assert habit.usual - ROUNDING <= habit.latest <= max(seen) + ROUNDING
