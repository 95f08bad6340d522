"""When an extension was last heard, by its own registrations, by the lost one, by its kin."""

from fakes.values import YEALINK, at, extension, registration

from regwatch.core.model import ExtensionState, Watched
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.habits import Habit
from regwatch.core.phones.identity import Track
from regwatch.core.phones.memory import Loss, Memory
from regwatch.core.phones.refreshes import Refreshes

STEADY = Habit(refreshes=6, lease_low=600, lease_high=601, usual=300, earliest=298, latest=303)
REFRESHES = Refreshes(DeviceModels(), 6)
HELD = registration(ends=600)
NOW = at(100)


def test_who_never_was_registered_was_never_heard() -> None:
    assert REFRESHES.of(Watched(extension(1)), Memory(), now=NOW) is None


def test_a_registration_tells_by_its_own_habit() -> None:
    watched = Watched(extension(1), registrations=(HELD,))
    found = REFRESHES.of(watched, Memory(habits={HELD.id: STEADY}), now=NOW)
    assert found is not None
    assert (found.heard_at, found.due_at) == (at(0), at(303))


def test_without_a_habit_it_was_heard_when_its_lease_was_first_seen() -> None:
    watched = Watched(extension(1), registrations=(HELD,))
    tracked = Memory(tracks={HELD.id: Track(at(20), at(40))})
    for memory, heard in ((Memory(), 100), (tracked, 40)):
        found = REFRESHES.of(watched, memory, now=NOW)
        assert found is not None
        assert (found.heard_at, found.due_at) == (at(heard), at(600))


def test_the_lost_one_tells_by_the_habit_that_is_left_of_it() -> None:
    watched = Watched(extension(1), state=ExtensionState.LOST)
    loss = Loss(HELD, "expired", at(590), at(610))
    found = REFRESHES.of(watched, Memory(loss=loss, former=(YEALINK, STEADY)), now=at(700))
    assert found is not None
    assert (found.heard_at, found.due_at) == (at(0), at(303))
