"""When an extension was last heard, and from when on its silence is known."""

import pytest
from fakes.values import at, registration

from regwatch.core.model import FAR_OFF
from regwatch.core.phones.habits import Habit
from regwatch.core.phones.last_refresh import LastRefresh, last_refresh, latest

STEADY = Habit(refreshes=6, lease_low=600, lease_high=601, usual=300, earliest=298, latest=303)


def found(habit: Habit | None, *, ends: float | None = 600) -> LastRefresh:
    held = registration(ends=ends)
    return last_refresh(held, habit, known_since=at(5), learn_after=6, now=at(100))


@pytest.mark.parametrize(
    ("habit", "ends", "heard", "due", "silent"),
    [
        pytest.param(STEADY, 600, 0, 303, 313, id="by its habit"),
        pytest.param(Habit(refreshes=2, lease_low=600, lease_high=601, latest=303),
                     600, 0, 600, 602, id="too few refreshes"),
        pytest.param(Habit(refreshes=9, lease_low=600, lease_high=601, earliest=300, latest=500),
                     600, 0, 600, 602, id="unsteady"),
        pytest.param(Habit(lease_low=3600, lease_high=3601), 600, -3000, 600, 602,
                     id="its lease is known, and no more"),
        pytest.param(None, 600, 5, 600, 602, id="nothing is known"),
        pytest.param(Habit(), 600, 5, 600, 602, id="not even its lease"),
        pytest.param(Habit(refreshes=9, lease_low=600, lease_high=601, usual=580, earliest=580,
                           latest=599, wobble=20), 600, 0, 599, 622, id="cached answers"),
        pytest.param(STEADY, 750, 100, 453, 463, id="an answer from the future"),
    ],
)  # fmt: skip
def test_its_lease_and_its_habit_tell(
    habit: Habit | None, ends: float, heard: float, due: float, silent: float
) -> None:
    assert found(habit, ends=ends) == LastRefresh(at(heard), at(due), at(silent))


def test_a_permanent_one_is_never_silent() -> None:
    assert found(STEADY, ends=None) == LastRefresh(at(5), FAR_OFF, FAR_OFF)


def test_long_leases_get_more_room() -> None:
    hour = Habit(
        refreshes=6, lease_low=3600, lease_high=3601, usual=1800, earliest=1790, latest=1810
    )
    refresh = found(hour, ends=3600)
    assert (refresh.due_at, refresh.silent_from) == (at(1810), at(1846))


def test_an_extension_is_heard_when_any_of_its_devices_is() -> None:
    one, other = found(STEADY), found(STEADY, ends=500)
    assert latest([other, one]) == one
    assert latest([]) is None
