"""What outlives an entry: a device's habit, while its lease is the same."""

from fakes.values import answer, at, extension, registration
from msgspec.structs import replace

from regwatch.core.model import ExtensionId, Registration, RegistrationId, Watched
from regwatch.core.phones.diff import Past, diff_extension
from regwatch.core.phones.habits import Habit
from regwatch.core.phones.identity import Track, Tracks
from regwatch.core.phones.memory import MOST_FORMER, NOTHING_REMEMBERED, Memory, remember

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
    assert gone.earlier == ()
    new = registration("uloc-2", ends=1000 + 590, device="Yealink")
    back = of(after(gone, (), new, when=1000), "uloc-2")
    assert back is not None
    assert back.refreshes == 4


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


def test_all_phones_of_an_extension_come_back_to_their_own_habit() -> None:
    """A power cut takes both, and each is known again."""
    late = replace(HALFWAY, usual=510.0, earliest=509.0, latest=511.0)
    other = registration("uloc-2", ends=600, device="Snom", contact="sip:101@192.168.5.9:5060")
    known = Memory(
        tracks={OLD.id: Track(at(0), at(300)), other.id: Track(at(0), at(300))},
        habits={OLD.id: HALFWAY, other.id: late},
    )
    gone = after(known, (OLD, other), when=700)
    assert gone.former is not None
    assert {gone.former[0], *(device for device, _ in gone.earlier)} == {"Yealink", "Snom"}
    back = (
        registration("uloc-3", ends=1590, device="Yealink", contact="sip:101@192.168.5.52:5"),
        registration("uloc-4", ends=1590, device="Snom", contact="sip:101@192.168.5.9:5"),
    )
    memory = after(gone, (), *back, when=1000)
    assert [(found := of(memory, each.id)) and found.latest for each in back] == [301, 511]
    assert (memory.former, memory.earlier) == (None, ())


def test_twins_take_one_habit_each() -> None:
    known = replace(KNOWN, habits={}, former=("Yealink", HALFWAY), several_at=at(0))
    first = registration("uloc-2", ends=1590, device="Yealink")
    twin = registration(
        "uloc-3",
        ends=1590,
        device="Yealink",
        contact="sip:101@192.168.5.77:5060",
        real="sip:198.51.100.9:5060",
    )
    memory = after(known, (), first, twin, when=1000)
    refreshes = [(found := of(memory, each.id)) and found.refreshes for each in (first, twin)]
    assert refreshes == [4, 0]


def test_a_second_phone_of_the_model_beside_the_first_is_not_lent_its_habit() -> None:
    """Where two were seen to live side by side: it is nobody's heir."""
    known = replace(KNOWN, several_at=at(0))
    twin = registration(
        "uloc-2",
        ends=750,
        device="Yealink",
        contact="sip:101@192.168.5.77:5060",
        real="sip:198.51.100.9:5060",
    )
    habit = of(after(known, (OLD,), OLD, twin, when=160), "uloc-2")
    assert habit is not None
    assert habit.refreshes == 0


def test_with_other_firmware_it_is_learned_anew_under_the_lease_that_it_has() -> None:
    """By a new entry, or under its old one."""
    for name in ("uloc-1", "uloc-2"):
        fresh = registration(name, ends=750, device="Yealink 86.0")
        kept = () if name == "uloc-1" else (OLD,)
        habit = of(after(KNOWN, (OLD,), *kept, fresh, when=160), name)
        assert habit is not None
        assert (habit.refreshes, habit.latest, habit.lease) == (0, 0, 600)


def test_a_device_that_is_not_named_this_time_goes_on() -> None:
    habit = of(after(KNOWN, (OLD,), replace(OLD, device=""), when=160), "uloc-1")
    assert habit == HALFWAY


def test_only_the_last_few_that_left_are_remembered() -> None:
    memory = KNOWN
    for number in range(3 * MOST_FORMER):
        held = registration(f"uloc-{number}", ends=600, device=f"phone {number}")
        memory = replace(memory, habits={held.id: HALFWAY})
        memory = after(memory, (held,), when=700)
    assert memory.former == ("phone 8", HALFWAY)
    assert [device for device, _ in memory.earlier] == ["phone 7", "phone 6", "phone 5"]
