"""Which answers are the one before once more."""

from collections.abc import Mapping

import pytest
from fakes.values import answer, at, extension, registration
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import Answer, ExtensionId, Timestamp, Watched
from regwatch.core.phones.freshness import DAY, Freshness

NUMBERS = (1, 2, 3)
Left = Mapping[int, float | None]
STARTED: Left = {1: 401, 2: 402, 3: 403}


class Seen:
    """Answers one after another; what repeats is not taken in."""

    def __init__(self) -> None:
        self.freshness = Freshness()
        self.known: dict[ExtensionId, Watched] = {}

    def answered(self, left: Left, when: float, *, name: str = "u") -> bool:
        found = {
            ExtensionId(n): self._answer(n, seconds, when, name) for n, seconds in left.items()
        }
        is_repeated = self.freshness.is_repeated(found, self.known, now=at(when))
        for i, each in () if is_repeated else found.items():
            self.known[i] = Watched(
                extension(i), registrations=each.registrations, answered_at=each.answered_at
            )
        return is_repeated

    @staticmethod
    def _answer(number: int, left: float | None, when: float, name: str) -> Answer:
        held = registration(f"{name}-{number}", ends=None if left is None else when + left)
        return answer(number, held, when=when)


def counting() -> Seen:
    """One at whose PBX seconds fall."""
    seen = Seen()
    seen.answered({n: 461.0 + n for n in NUMBERS}, 0)
    assert not seen.answered({n: 401.0 + n for n in NUMBERS}, 60)
    return seen


SAME = {n: 401.0 + n for n in NUMBERS}


def test_the_same_to_the_second_is_repeated_and_its_age_runs_on() -> None:
    seen = counting()
    assert [seen.answered(SAME, when) for when in (120, 180)] == [True, True]
    assert seen.freshness.repeated_since == at(120)
    assert not seen.answered({n: 221.0 + n for n in NUMBERS}, 240), "one that counts on is fresh"
    assert seen.freshness.repeated_since is None


@pytest.mark.parametrize(
    ("left", "when"),
    [
        pytest.param(SAME | {3: 344.0}, 120, id="one of them counts down"),
        pytest.param(SAME | {3: 600.0}, 120, id="one of them refreshed"),
        pytest.param({1: 402.0, 2: 403.0}, 120, id="too few"),
        pytest.param(SAME, 64, id="asked too soon to tell"),
        pytest.param(SAME, 60 + DAY + 1, id="a day ago seconds fell for the last time"),
    ],
)
def test_what_is_not_repeated(left: Left, when: float) -> None:
    assert not counting().answered(left, when)


def test_another_registration_is_news_though_it_has_as_long_to_live() -> None:
    assert not counting().answered(SAME, 120, name="new")


def test_permanent_ones_say_nothing() -> None:
    seen = counting()
    assert seen.answered(SAME | {9: None}, 120)
    seen.answered({9: None, 10: None, 11: None}, 200)
    assert not seen.answered({9: None, 10: None, 11: None}, 300)


def test_a_pbx_that_always_says_the_lease_granted_repeats_nothing() -> None:
    seen = Seen()
    assert not any(seen.answered(STARTED, 60.0 * n) for n in range(100))


def test_dates_are_no_repetition() -> None:
    """The time left falls, though the PBX sends the very same text."""
    seen = Seen()
    assert not any(seen.answered(dict.fromkeys(NUMBERS, 3000.0 - 60 * k), 60 * k) for k in range(9))


def test_the_clock_moves_what_it_knows() -> None:
    seen = counting()
    seen.answered(SAME, 120)
    seen.freshness.clock_set(1000.0)
    assert seen.freshness.repeated_since == Timestamp(at(120) + 1000)


@given(
    st.integers(5, 300),
    st.lists(st.tuples(st.integers(60, 3600), st.floats(0.5, 0.95)), min_size=3, max_size=8),
)
def test_healthy_phones_are_never_taken_for_a_repetition(
    interval: int, phones: list[tuple[int, float]]
) -> None:
    """Whatever their leases and the pace of the polls, if not all refresh in step with it."""
    seen = Seen()
    for number in range(1, 60):
        when = number * interval
        left = {
            n: float(lease - int((when + 7 * n) % (lease * share)))
            for n, (lease, share) in enumerate(phones, 1)
        }
        steps = {interval % (lease * share) for lease, share in phones}
        if 0.0 in steps:
            return
        is_repeated = seen.answered(left, when)
        assert not is_repeated or all(step < 1 for step in steps)
