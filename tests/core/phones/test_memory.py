"""What outlives an entry: a device's habit, while its lease is the same."""

from fakes.values import answer, at, extension, registration

from regwatch.core.model import ExtensionId, Registration, RegistrationId, Watched
from regwatch.core.phones.diff import Past, diff_extension
from regwatch.core.phones.habits import Habit
from regwatch.core.phones.identity import Tracks
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Memory, remember

HALFWAY = Habit(
    refreshes=4, lease_low=600.0, lease_high=600.0, usual=300.0, earliest=299.0, latest=301.0
)
OLD = registration("uloc-1", ends=600, device="Yealink")


def after(
    memory: Memory, held: tuple[Registration, ...], *now: Registration, when: float
) -> Memory:
    """What is remembered after an answer a minute later than the one that showed `held`."""
    watched = Watched(
        extension(1), registrations=held, answered_at=at(when - 60), last_registered_at=at(0)
    )
    seen = answer(1, *now, when=when)
    tracks: Tracks = memory.tracks
    changes = list(diff_extension(Past(held, not held, tracks), seen, deleted=()))
    return remember(memory, watched, seen, changes)


def of(memory: Memory, name: str) -> Habit | None:
    return memory.habits.get(RegistrationId(name))


KNOWN = Memory(habits={RegistrationId("uloc-1"): HALFWAY})


def test_a_rebooted_phone_keeps_its_habit_under_its_new_entry() -> None:
    new = registration("uloc-2", ends=160 + 600 - 10, device="Yealink")
    habit = of(after(KNOWN, (OLD,), OLD, new, when=160), "uloc-2")
    assert habit is not None
    assert (habit.refreshes, habit.latest) == (4, 301)


def test_so_does_one_that_comes_back_after_it_was_lost() -> None:
    gone = after(KNOWN, (OLD,), when=700)
    assert gone.habits == {}
    assert gone.former == ("Yealink", HALFWAY)
    new = registration("uloc-2", ends=1000 + 590, device="Yealink")
    back = of(after(gone, (), new, when=1000), "uloc-2")
    assert back is not None
    assert back.refreshes == 4


def test_an_entry_that_the_pbx_had_left_out_did_not_begin_when_it_is_seen_again() -> None:
    gone = after(KNOWN, (OLD,), when=400)
    back = after(gone, (), OLD, when=460)
    assert of(back, "uloc-1") == HALFWAY, "not a lease of 140 to 200 seconds"


def test_under_another_lease_or_as_another_device_it_starts_anew() -> None:
    gone = after(KNOWN, (OLD,), when=700)
    longer = registration("uloc-2", ends=1000 + 3590, device="Yealink")
    other = registration("uloc-3", ends=1000 + 590, device="Snom")
    for new in (longer, other):
        habit = of(after(gone, (), new, when=1000), new.id)
        assert habit is not None
        assert habit.refreshes == 0
        assert habit.lease_high >= habit.lease_low > 0


def test_the_first_answer_teaches_nothing() -> None:
    watched = Watched(extension(ExtensionId(1)))
    memory = remember(NOTHING_REMEMBERED, watched, answer(1, OLD, when=0), ())
    assert memory.habits == {}
