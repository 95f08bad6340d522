"""Which answers end a warning, and whether it came true."""

import pytest
from fakes.values import answer, at, extension, registration

from regwatch.core.model import ExtensionState, Registration, RegistrationId, Watched
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.habits import Habit
from regwatch.core.phones.identity import Track
from regwatch.core.phones.memory import Memory
from regwatch.core.phones.observation import compare
from regwatch.core.phones.warned import Warned
from regwatch.core.phones.warning_ends import warning_ends

STEADY = Habit(refreshes=6, lease_low=600, lease_high=601, usual=300, earliest=298, latest=303)
"""Late 333 s after its lease was granted."""
HELD = registration("uloc-1", ends=600)
FRESH = registration("uloc-1", ends=1100)
HEIR = registration("uloc-2", ends=1100, contact="sip:101@192.168.5.52:5070")


def ends(
    *now: Registration,
    when: float = 620,
    before: float = 590,
    state: ExtensionState = ExtensionState.OVERDUE,
    learn_after: int = 6,
    deleted: tuple[str, ...] = (),
) -> list[Warned]:
    memory = Memory({HELD.id: Track(at(0), at(0))}, {HELD.id: STEADY})
    watched = Watched(
        extension(1),
        state=state,
        registrations=(HELD,),
        answered_at=at(before),
        last_registered_at=at(before),
    )
    gone = [RegistrationId(each) for each in deleted]
    seen = compare(watched, memory, answer(1, *now, when=when), deleted=gone)
    return list(warning_ends(seen, DeviceModels(), learn_after=learn_after))


@pytest.mark.parametrize(
    ("now", "when", "came_true"),
    [
        pytest.param((), 620, True, id="its lease ran out"),
        pytest.param((FRESH,), 520, False, id="it was refreshed after all"),
        pytest.param((HELD, HEIR), 520, False, id="its device came under another entry"),
        pytest.param((HEIR,), 620, False, id="likewise, and the old entry has run out"),
        pytest.param((), 520, False, id="it said good-bye"),
    ],
)
def test_how_a_warning_ends(now: tuple[Registration, ...], when: float, came_true: bool) -> None:
    assert ends(*now, when=when, before=min(590, when - 30)) == [Warned(at(when), came_true)]


def test_as_long_as_nothing_happens_it_goes_on() -> None:
    assert ends(HELD) == []


def test_what_we_ended_ourselves_tells_nothing_of_it() -> None:
    assert ends(when=520, before=490, deleted=("uloc-1",)) == []


def test_who_was_not_called_late_by_its_habit_was_not_warned_of() -> None:
    assert ends(state=ExtensionState.REGISTERED) == []
    assert ends(learn_after=7) == [], "by a fixed threshold, or as it outlived its lease"
    assert ends(FRESH, when=330, before=320) == []
